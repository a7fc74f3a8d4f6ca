"""The page on which somebody is forgotten: what it says before, what is done, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.operated import Operator
from tests.service.operations.test_forget_open import manager_and_member, references
from tests.service.web.visiting import visiting
from workers.testing.proxy import dropped


@pytest.fixture
async def who(fresh: Operator) -> str:
    """Leads somebody and is in a group."""
    chosen = manager_and_member(fresh)
    assert (await fresh.sync()).exit_code == 0
    return chosen


async def forgotten(operator: Operator) -> list[dict[str, Any]]:
    """Who is, as the command line tells it."""
    found: list[dict[str, Any]] = (await operator("forget", "--list", "--json")).json
    return found


async def test_the_account_is_left_open(fresh: Operator, who: str) -> None:
    """First what would be done, and nothing is; then open, in no group, nobody's manager, said by whom."""
    account = (await fresh.users())[who]["id"]
    before = await references(fresh, account)
    async with visiting(fresh, "administrator") as visit:
        assert f"/people/{who}/forget" in await visit.text(f"/people/{who}")
        page = await visit.text(f"/people/{who}/forget")
        groups = "1 group." if before[0] == 1 else f"{before[0]} groups."
        assert f"The account {account} is open." in page
        assert f"It is taken out of {groups}" in page
        assert (await references(fresh, account), await forgotten(fresh)) == (before, [])
        page = await visit.press(f"/people/{who}/forget", accounts="leave")
        assert f"{who} is forgotten" in page
        assert "Open, and not known to the bridge any more: directory." in page
        assert (await fresh.inactive(), await references(fresh, account)) == ([], (0, 0))
        assert [row["open"] for row in await forgotten(fresh)] == [["directory"]]
        await visit.text(f"/people/{who}", status=404)
        page = await visit.press(f"/people/{who}/forget", accounts="leave")
        assert "not known to the bridge any more" not in page
    assert [row["open"] for row in await forgotten(fresh)] == [[]]
    events = (await fresh("audit", "--kind", "forgotten", "--json")).json_lines
    assert {event["by"] for event in events} == {"administrator"}


async def test_the_account_is_closed_first(fresh: Operator, who: str) -> None:
    """A target that does not answer == nothing erased, and why; then closed, and forgotten."""
    async with visiting(fresh, "administrator") as visit:
        fresh.here.proxy.fail_always(dropped)
        page = await visit.press(f"/people/{who}/forget", accounts="close")
        assert "nothing was erased or changed, as directory" in page
        assert "Close the accounts, then forget" in page
        fresh.here.proxy.fail_always(None)
        assert (await forgotten(fresh), await fresh.inactive()) == ([], [])
        page = await visit.press(f"/people/{who}/forget", accounts="close")
        assert "The accounts are closed: directory." in page
        assert await fresh.inactive() == [who]
    assert [(row["record"], row["open"]) for row in await forgotten(fresh)] == [(f"person:{who}", [])]


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_administrators_may(fresh: Operator, who: str, role: str) -> None:
    """Others see no way to the page, and neither the page nor its form does anything for them."""
    async with visiting(fresh, role) as visit:
        assert "/forget" not in await visit.text(f"/people/{who}")
        assert "is open" not in await visit.text(f"/people/{who}/forget", status=403)
        await visit.press(f"/people/{who}/forget", status=403, accounts="leave")
    assert await forgotten(fresh) == []


async def test_what_is_no_form_of_the_page_does_nothing(fresh: Operator, who: str) -> None:
    """Without the page's token, without a word about the accounts, of nobody == nobody is forgotten."""
    async with visiting(fresh, "administrator") as visit:
        await visit.press(f"/people/{who}/forget", status=403, accounts="leave", token="")
        for choice in ("", "closed"):
            page = await visit.press(f"/people/{who}/forget", accounts=choice)
            assert "say what is to become of the accounts" in page
        await visit.text("/people/nobody/forget", status=404)
        await visit.press("/people/nobody/forget", status=404, accounts="leave")
    assert await forgotten(fresh) == []
