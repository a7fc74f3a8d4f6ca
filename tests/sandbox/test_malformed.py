from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.malform import HUGE, VARIANTS, malform
from tests.sandbox.asking import Ask

Rows = list[dict[str, Any]]


@pytest.fixture
async def lists(ask: Ask, sandbox: Sandbox) -> Callable[..., Awaitable[tuple[Rows, Rows]]]:
    """Return a function that reads a list as it is and as it is with malformed rows."""

    async def read(path: str, variant: str, **options: Any) -> tuple[Rows, Rows]:
        _, right = await ask("GET", path)
        sandbox.faults.add("malformed", f"/{path}", variant=variant, **options)
        status, wrong = await ask("GET", path)
        assert status == 200
        return (right["data"], wrong["data"]) if isinstance(right, dict) else (right, wrong)

    return read


Lists = Callable[..., Awaitable[tuple[Rows, Rows]]]


async def test_no_id(lists: Lists) -> None:
    """The first rows lose their `_id` and nothing else."""
    right, wrong = await lists("employees/works", "no_id", rows=3)
    assert wrong[3:] == right[3:]
    assert [{"_id": row["_id"], **bad} for row, bad in zip(right[:3], wrong, strict=False)] == right[:3]
    assert not any("_id" in row for row in wrong[:3])


async def test_no_field(lists: Lists) -> None:
    """The named field is missing in as many rows as asked."""
    _, wrong = await lists("employees/works", "no_field", rows=1000, field="teamIds")
    assert not any("teamIds" in row for row in wrong)
    assert all("jobTitle" in row for row in wrong)


async def test_wrong_types(lists: Lists) -> None:
    """Every value but the `_id` has another type."""
    right, wrong = await lists("employees/works", "wrong_types", rows=2)
    assert wrong[2:] == right[2:]
    for row, bad in zip(right[:2], wrong, strict=False):
        assert bad["_id"] == row["_id"]
        assert bad.keys() == row.keys()
        assert all(type(bad[name]) is not type(row[name]) for name in row if name != "_id")


@pytest.mark.parametrize(("path", "field"), [("employees/personals", "displayName"), ("teams", "name")])
async def test_huge_name(lists: Lists, path: str, field: str) -> None:
    """A name has a million characters."""
    right, wrong = await lists(path, "huge_name")
    assert len(wrong[0][field]) == HUGE == 1_000_000
    assert wrong[1:] == right[1:]


async def test_duplicate_id(lists: Lists) -> None:
    """One `_id` stands for two different rows."""
    right, wrong = await lists("employees/personals", "duplicate_id")
    assert wrong[:-1] == right
    assert Counter(row["_id"] for row in wrong)[right[0]["_id"]] == 2
    assert wrong[-1] == {**right[-1], "_id": right[0]["_id"]}


async def test_shared_email(lists: Lists) -> None:
    """Two people have one e-mail."""
    right, wrong = await lists("employees/accounts", "shared_email")
    assert len(wrong) == len(right)
    emails = Counter(row["email"] for row in wrong if row.get("email"))
    assert [number for number in emails.values() if number > 1] == [2]


async def test_no_object(lists: Lists) -> None:
    """Rows are replaced by things that are no objects."""
    right, wrong = await lists("teams", "no_object", rows=4)
    assert wrong == [None, "row", 7, [], *right[4:]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_variant_takes_a_single_row_and_leaves_the_original(variant: str) -> None:
    """A list of one row can be malformed in every way, and the rows given are not changed."""
    rows = [{"_id": "a" * 24, "email": "a@b.example", "name": "A"}]
    malform(rows, variant, 5, "name")
    assert rows == [{"_id": "a" * 24, "email": "a@b.example", "name": "A"}]
