"""Lists as bytes: read piece by piece, and not at all where they are those of last time."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire.parsing import TooMuch
from sandbox import Sandbox
from service.kenjo import bodies
from service.kenjo.bodies import cut, read
from service.kenjo.fields import ACCOUNTS, WHOLE
from tests.service.client import Connect

MANY = 10**9
ODD = st.sampled_from(["},{", '"},{"', "}, {", "[{", "}]", "\\", '\\"},{', "ñ", "x" * 30])
ROW = st.dictionaries(
    st.sampled_from(["_id", "a", "b"]),
    st.recursive(
        st.one_of(ODD, st.integers(0, 9), st.none()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
        max_leaves=8,
    ),
)


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Any:
    """A piece is as short as a row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "PIECE", 20)
        yield


@given(rows=st.lists(ROW, max_size=12), below=st.booleans(), spaced=st.booleans())
def test_pieces_are_the_whole(rows: list[Any], *, below: bool, spaced: bool) -> None:
    """Whatever stands in texts and nested values == read in pieces, a list is what it is as a whole."""
    value = {"data": rows, "total": len(rows)} if below else rows
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if spaced else None)
    assert read(text, MANY) == value
    assert read(text, MANY, {"_id", "a"}) == cut(value, {"_id", "a"})


@given(rows=st.lists(ROW, min_size=1, max_size=8), at=st.integers(1, 400))
def test_a_list_that_is_cut_off_is_none(rows: list[Any], at: int) -> None:
    """A list that ends too early, after whichever row == no JSON; never a shorter list."""
    text = orjson.dumps(rows)
    with pytest.raises(ValueError):  # noqa: PT011 - of any kind
        read(text[: min(at, len(text) - 1)], MANY)


def test_the_bound_is_of_the_whole_list() -> None:
    """More values than may be, in however many pieces == TooMuch, which names the bound."""
    text = orjson.dumps([{"_id": "a", "b": [1, 2]}] * 100)
    assert len(read(text, 800)) == 100
    with pytest.raises(TooMuch, match="300"):
        read(text, 300)


def test_only_what_is_kept_is_kept() -> None:
    """Fields that nobody uses == gone, but for WHOLE; what is no row stays for its problem to be told."""
    text = b'[{"_id": "1", "salary": 9}, 7]'
    assert read(text, MANY, {"_id"}) == [{"_id": "1"}, 7]
    assert read(text, MANY, {WHOLE}) == [{"_id": "1", "salary": 9}, 7]


async def test_pages_that_differ_in_one_are_read_whole(connect: Connect, sandbox: Sandbox) -> None:
    """One page of many differs the second time == the list is what Kenjo says, its other pages included."""
    sandbox.faults.add("paged", path=f"/{ACCOUNTS}", limit=10)
    client = connect()
    first = (await client.fetch([ACCOUNTS]))[ACCOUNTS]
    again = (await client.fetch([ACCOUNTS]))[ACCOUNTS]
    sandbox.actions.rename(employee=first[-1]["_id"], last_name="Neu")
    changed = (await client.fetch([ACCOUNTS]))[ACCOUNTS]
    assert again == first
    assert [row["_id"] for row in changed] == [row["_id"] for row in first]


def test_a_page_is_known_only_after_the_same_pages() -> None:
    """Equal bytes after a page that differs == not known: what they lead to depends on all before."""
    first = bodies.Page(b"1", {"page": "2"}), bodies.Page(b"2", None)
    came = bodies.Came("employees/accounts", first)
    assert came.known(b"1") == first[0]
    came.pages.append(first[0])
    assert came.known(b"2") == first[1]
    other = bodies.Came("employees/accounts", first)
    assert other.known(b"x") is None
    other.pages.append(bodies.Page(b"x", {"page": "2"}))
    assert other.known(b"2") is None
