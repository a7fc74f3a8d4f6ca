"""`kenjo-bridge explain`: one page about one person."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bridge.mapping.environment import PLAIN
from bridge.model import Key, Kind, Record
from service.operations.scopes import parts, split
from tests.service.planned import Inspected, check_golden
from tests.world import World, expected


def seen(record: Any, target: str = "directory") -> Any:
    """What the page says of the target."""
    return record["targets"][target]


async def test_the_page_as_it_is_printed(there: Inspected, here: World) -> None:
    """A synced person == the golden page; nothing is written at the target or in Redis."""
    here.config["targets"]["directory"]["scope"] = 'person.account.isActive && person.work.department != "x"'
    await here.run("sync")
    id_ = min(expected(here.sandbox))
    before = await there.dump()
    here.proxy.seen.clear()
    done = await here.run("explain", id_)
    assert (done.code, here.proxy.writes) == (0, []), done.err
    assert await there.dump() == before
    asked = [line for line in done.out.splitlines() if line.startswith("  asked at ")]
    assert any(re.fullmatch(r".*: POST /Users, answered 201 \(\d\.\d\d s\)", line) for line in asked)
    others = "\n".join(line for line in done.out.splitlines() if line not in asked)
    check_golden("explain.txt", others)  # which questions are asked for whom is not the same in each run


async def test_values_are_shown_when_asked_for(here: World) -> None:
    """By e-mail with `--values` == the person's values and expressions; without it none of them."""
    await here.run("sync")
    id_, person = min(expected(here.sandbox).items())
    email = person["account"]["email"]
    shown = (await here.run("explain", email.upper(), "--json", "--values")).json
    assert shown["record"] == f"person:{id_}"
    rows = {row["attribute"]: row for row in seen(shown)["payload"]}
    assert rows["userName"] == {"attribute": "userName", "source": "person.account.email", "value": email}
    assert seen(shown)["ledger"]["state"] == "applied"
    (user,) = [user for user in await here.users() if user["externalId"] == id_]
    assert seen(shown)["account"] == user["id"]
    hidden = (await here.run("explain", id_)).out
    assert email not in hidden
    assert person["personal"]["lastName"] not in hidden


async def test_what_comes_next_is_told(here: World) -> None:
    """A leaver whom a hold holds back == the hold's name, the step, and the lifecycle that Kenjo gives."""
    here.config["targets"]["directory"]["limits"] = {"remove": {"count": 0, "percent": 0}}
    await here.run("sync")
    id_ = min(expected(here.sandbox))
    here.sandbox.actions.leave(employee=id_)
    assert (await here.run("sync")).code == 2
    page = (await here.run("explain", id_, "--json")).json
    assert (page["lifecycle"]["is"], page["lifecycle"]["isActive"]) == ("inactive", False)
    assert seen(page)["step"]["action"] == "deactivate"
    assert seen(page)["hold"]["id"] == "directory-remove"
    assert seen(page)["standing"]["helps"] == "kenjo-bridge holds show directory-remove"
    whats = [thing["what"] for thing in seen(page)["next"]]
    assert whats == ["nothing, until somebody decides", "deactivate, as things stand now"]
    assert [event["what"] for event in page["events"]] == ["appeared", "created", "changed"]


async def test_who_is_out_of_scope_and_why(here: World) -> None:
    """A scope of two parts of which one is false == just that part decides; the account's absence is told."""
    here.config["targets"]["directory"]["scope"] = 'person.account.isActive && person.work.department == "x"'
    await here.run("sync")
    page = (await here.run("explain", min(expected(here.sandbox)), "--json")).json
    decides = {part["source"]: part["decides"] for part in seen(page)["scope"]["parts"]}
    assert decides == {"person.account.isActive": False, 'person.work.department == "x"': True}
    assert seen(page)["account"] is None
    assert seen(page)["ledger"]["reason"] == "out of scope; was never given to this target"


async def test_nobody_of_that_name(here: World) -> None:
    """A name of nobody == exit 3 and one sentence."""
    done = await here.run("explain", "nobody@example.com")
    assert (done.code, "nobody has this Kenjo id" in done.err) == (3, True)
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("scope", "mark", "expected_parts"),
    [
        ("a && b", "&&", ["a", "b"]),
        ("(a && b) || c", "&&", ["(a && b) || c"]),
        ('a == "x && y" && b', "&&", ['a == "x && y"', "b"]),
        ("a == 'it\\'s && ' && f(b && c)", "&&", ["a == 'it\\'s && '", "f(b && c)"]),
        ("a[b && c] || {d && e}", "||", ["a[b && c]", "{d && e}"]),
    ],
)
def test_scopes_are_cut_at_their_top(scope: str, mark: str, expected_parts: list[str]) -> None:
    """A scope == its parts, cut outside of brackets and strings only."""
    assert split(scope, mark) == expected_parts


@pytest.mark.parametrize(
    ("scope", "deciding"),
    [
        ("person.a && person.b", ["person.b"]),
        ("person.a || person.b", ["person.a"]),
        ("person.b || person.a && person.b", ["person.b", "person.a && person.b"]),
        ("person.b ? person.b && person.a : person.a", ["person.b ? person.b && person.a : person.a"]),
        ("person.a && person.a", ["person.a", "person.a"]),
    ],
)
def test_the_deciding_parts(scope: str, deciding: list[str]) -> None:
    """Of a true and a false part == those that made the whole what it is."""
    record = Record(Key(Kind.PERSON, "1"), {"id": "1", "a": True, "b": False})
    assert [part.source for part in parts(scope, record, PLAIN) if part.decides] == deciding


def test_ternaries_and_errors_are_no_crash() -> None:
    """A part that cannot be evaluated == said so, without a value."""
    record = Record(Key(Kind.PERSON, "1"), {"id": "1", "a": True})
    found = {part.source: part.value for part in parts("person.a && person.nothing.x == 1", record, PLAIN)}
    assert found == {"person.a": True, "person.nothing.x == 1": "cannot be evaluated for this person"}
