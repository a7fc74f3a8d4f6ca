"""The accounts among which somebody has to choose, side by side: on pages, in the API, on a terminal."""

from __future__ import annotations

import re

import pytest

from tests.service.operated import Operator, park
from tests.service.web.asking import Program
from tests.service.web.visiting import visiting
from workers.testing.proxy import dropped

_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_EMAIL = "ana.planted@example.com"


async def three_to_choose_from(operator: Operator) -> tuple[str, str, list[str]]:
    """Ana's id, that of somebody protected, and three accounts that are called like her.

    The first carries another system's id, the second is inactive, the third is that of the protected one, who
    is called like her, too.
    """
    ben, name = operator.people()[3], "Ana Planted"
    operator.target["match"] = ["externalId", "displayName"]
    operator.here.config["protected"] = [ben]
    operator.here.sandbox.actions.rename(employee=ben, first_name="Ana", last_name="Planted")
    await operator.sync()
    accounts = [
        await operator.create(userName="old1", displayName=name, externalId="hr-4711", title="Sailor"),
        await operator.create(userName="old2", displayName=name, active=False),
        (await operator.users())[ben]["id"],
    ]
    hired = operator.here.sandbox.actions.hire(
        first_name="Ana", last_name="Planted", email=_EMAIL, active=True, start="2020-01-01"
    )
    assert (await operator.sync()).exit_code == 1
    ana = hired["account"]["_id"]
    (failed,) = (await operator("failures", "--json")).json
    assert failed["record"] == f"person:{ana}"
    assert sorted(failed["candidates"]) == sorted(accounts)
    return ana, ben, accounts


def columns(page: str) -> dict[str, dict[str, str]]:
    """By what stands above it, each column's cells by row, without their tags."""
    rows = [
        [_text(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    ]
    return {name: {row[0]: row[number] for row in rows[1:] if row[0]} for number, name in enumerate(rows[0])}


def _text(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]*>|&nbsp;", " ", cell).split())


async def test_they_stand_side_by_side(operator: Operator) -> None:
    """A column for what is wanted and for each account: whose it is, its values, what differs, a button."""
    ana, ben, accounts = await three_to_choose_from(operator)
    before = await operator.users()
    async with visiting(operator, "operator") as visit:
        assert f'hx-get="/people/{ana}/candidates?target=directory"' in await visit.text("/decide")
        assert f'hx-get="/people/{ana}/candidates?target=directory"' in await visit.text(f"/people/{ana}")
        page = await visit.text(f"/people/{ana}/candidates?target=directory")
        found = columns(page)
        assert found.keys() == {"Attribute", "Wanted", *accounts}
        wanted, strange, closed, others = (found[name] for name in ("Wanted", *accounts))
        assert (wanted["externalId"], wanted["userName"]) == (ana, _EMAIL)
        assert strange["Whose it is"] == "carries another external id"
        assert (strange["externalId"], strange["userName"], strange["title"]) == (
            "≠ hr-4711",
            "≠ old1",
            "≠ Sailor",
        )
        assert closed["Whose it is"] == "is inactive"
        assert (closed["externalId"], closed["active"]) == ("≠ nothing", "≠ no")
        assert others["externalId"] == f"≠ {ben}"
        assert "carries another external id · its owner is protected" in others["Whose it is"]
        assert f'href="/people/{ben}"' in page
        assert strange["displayName"] == wanted["displayName"] == "Ana Planted"
        assert "differs" in page
        buttons = re.findall(r'name="account" value="([^"]*)"', page)
        assert sorted(buttons) == sorted(accounts[:2])
        assert "is served at directory still" in page
        preview = await visit.text(f"/people/{ana}/adopt?target=directory&account={accounts[0]}")
        assert f'action="/people/{ana}/adopt"' in preview
    assert await operator.users() == before


async def test_a_viewer_sees_no_values(operator: Operator) -> None:
    """Ids, what differs and whose they are; no name, no value and no button."""
    ana, ben, accounts = await three_to_choose_from(operator)
    async with visiting(operator, "viewer") as visit:
        page = await visit.text(f"/people/{ana}/candidates?target=directory")
    hidden = {*operator.texts([ana, ben]), "old1", "old2", "Sailor", "hr-4711"}
    assert {text for text in hidden if text in page} == set()
    assert "<button" not in page
    found = columns(page)
    assert (found[accounts[0]]["userName"], found[accounts[1]]["userName"]) == ("≠ …", "≠ …")
    assert found[accounts[1]]["Whose it is"] == "is inactive"


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_a_program_is_told_the_same(program: Program, operator: Operator, role: str) -> None:
    """`GET /people/ID` == the candidates with their fields; a viewer's without values."""
    ana, ben, accounts = await three_to_choose_from(operator)
    program.wait()
    found = (await program("GET", f"/people/{ana}", role=role)).json["targets"]["directory"]["candidates"]
    there = {one["account"]: one for one in found["accounts"]}
    assert there.keys() == set(accounts)
    assert [there[one]["owner"] for one in accounts] == [None, None, f"person:{ben}"]
    assert [bool(there[one]["refused"]) for one in accounts] == [False, False, True]
    fields = {one["attribute"]: one for one in there[accounts[0]]["fields"]}
    assert fields["externalId"]["differs"]
    assert not fields["displayName"]["differs"]
    assert fields["title"]["value"] == ("…" if role == "viewer" else "Sailor")
    assert [one["attribute"] for one in found["wanted"]] == list(fields)


async def test_a_terminal_is_told_the_same(operator: Operator) -> None:
    """`explain` == a table with a mark at what differs; values with --values only; `failures` names it."""
    ana, _, accounts = await three_to_choose_from(operator)
    shown = (await operator("explain", ana, "--values")).out
    table = shown.partition("to choose from")[2].partition("last events")[0]
    assert "≠ Sailor" in table
    assert "is inactive" in table
    hidden = (await operator("explain", ana)).out
    assert "≠ …" in hidden
    assert "Sailor" not in hidden
    assert f"kenjo-bridge explain person:{ana} --values" in (await operator("failures", "show", ana)).out
    assert accounts[0] in (await operator("failures", "show", ana)).out


async def test_what_cannot_be_compared_is_said(operator: Operator) -> None:
    """A target that does not answer, an account that is gone == why, and the buttons all the same."""
    ana, _, accounts = await three_to_choose_from(operator)
    async with operator.here.direct.delete(f"/v2/Users/{accounts[0]}") as answer:
        assert answer.status == 204
    async with visiting(operator, "operator") as visit:
        page = await visit.text(f"/people/{ana}/candidates?target=directory")
        assert "the target does not show it" in columns(page)[accounts[0]]["Whose it is"]
        operator.here.proxy.fail_always(dropped)
        page = await visit.text(f"/people/{ana}/candidates?target=directory")
        assert "The accounts cannot be compared now: " in page
        assert f'value="{accounts[1]}"' in page
        operator.here.proxy.fail_always(None)
        for path, words in (
            (f"/people/{ana}/candidates?target=nowhere", "there is no target"),
            (f"/people/{operator.people()[3]}/candidates?target=directory", "has not failed at directory"),
        ):
            assert words in await visit.text(path)


async def test_groups_are_compared_too(operator: Operator) -> None:
    """Two groups of a new team's name == its members as records, those who lack, and those there already."""
    ana, ben = operator.people()[:2]
    user = (await operator.users())[ana]["id"]
    accounts = []
    for members in ([], [{"value": user}]):
        body = {"schemas": [_GROUP], "displayName": "Sailors", "members": members}
        async with operator.here.direct.post("/v2/Groups", json=body) as answer:
            accounts.append((await answer.json(content_type=None))["id"])
    kenjo = operator.here.sandbox.account
    team = kenjo.create("teams", {"name": "Sailors"})["_id"]
    for id_ in (ana, ben):
        kenjo.employees[id_]["work"]["teamIds"] = [team]
    await operator.sync()
    async with visiting(operator, "operator") as visit:
        page = await visit.text(f"/groups/{team}/candidates?target=directory")
    found = columns(page)
    both = {f"person:{ana}", f"person:{ben}"}
    assert set(found["Wanted"]["members"].split(", ")) == both
    assert (found[accounts[0]]["members"], found[accounts[1]]["members"]) == ("≠", f"≠ person:{ana}")


async def test_nothing_is_left_to_choose(operator: Operator) -> None:
    """A failure that has no candidates == none are told, and a sentence where they are asked for."""
    ana = operator.people()[0]
    await park(operator, ana)
    async with visiting(operator, "operator") as visit:
        page = await visit.text(f"/people/{ana}/candidates?target=directory")
    assert "there are no accounts at directory among which to choose" in page
    found = (await operator("explain", ana, "--json")).json
    assert found["targets"]["directory"]["candidates"] is None
