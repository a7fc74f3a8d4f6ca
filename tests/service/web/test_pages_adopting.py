"""The page on which somebody says whose an account is: what it says before, what is done, and who may."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.service.operated import Operator, park
from tests.service.web.asking import Program
from tests.service.web.visiting import visiting
from workers.testing.proxy import dropped


def question(account: str) -> str:
    return urlencode({"target": "directory", "account": account})


async def hired_again(operator: Operator) -> tuple[str, str, str]:
    """Somebody left, and was hired again: the old id, the new one, and the account."""
    sandbox, old = operator.here.sandbox, operator.people()[0]
    address = sandbox.account.employees[old]["account"]["email"]
    account = (await operator.users())[old]["id"]
    sandbox.actions.leave(employee=old)
    sandbox.account.employees[old]["account"]["email"] = None
    assert (await operator.sync()).exit_code == 0
    new = sandbox.actions.hire(email=address, active=True, start="2020-01-01")["account"]["_id"]
    assert (await operator.sync()).exit_code == 1
    return old, new, account


async def test_an_account_is_handed_over(operator: Operator) -> None:
    """From whom, why and what would be written, and nothing is; then theirs, open, said by whom."""
    old, new, account = await hired_again(operator)
    before = await operator.users()
    async with visiting(operator, "operator") as visit:
        assert f'name="account" value="{account}"' in await visit.text(f"/people/{new}")
        page = await visit.text(f"/people/{new}/adopt?{question(account)}")
        assert f'href="/people/{old}"' in page
        assert "(not active in Kenjo)" in page
        assert f"externalId</th><td>{old}</td><td>{new}" in page
        assert "active</th><td>no</td><td>yes" in page
        assert (await operator.users(), (await operator("failures", "--json")).json[0]["record"]) == (
            before,
            f"person:{new}",
        )
        page = await visit.press(f"/people/{new}/adopt", target="directory", account=account)
        assert f"The account {account} is written next." in page
    assert (await operator.sync()).exit_code == 0
    users = await operator.users()
    assert (users[new]["id"], users[new]["active"], old in users) == (account, True, False)
    (event,) = (await operator("audit", "--kind", "handed over", "--json")).json_lines
    assert (event["record"], event["by"]) == (f"person:{old}", "operator")


async def test_what_cannot_be_adopted_is_said(operator: Operator) -> None:
    """The account of somebody who works there, of nobody, a target that is none == why, and no form."""
    ana, ben = operator.people()[:2]
    account = (await operator.users())[ben]["id"]
    await park(operator, ana)
    async with visiting(operator, "operator") as visit:
        assert "Its account at directory" in await visit.text(f"/people/{ana}")
        for query, words in (
            (question(account), "belongs to"),
            (question("") + "&x=1", "has been given the account"),
            ("target=nowhere&account=x", "there is no target"),
        ):
            page = await visit.text(f"/people/{ana}/adopt?{query}")
            assert words in page
            assert f'action="/people/{ana}/adopt"' not in page
        page = await visit.press(f"/people/{ana}/adopt", target="directory", account=account)
        assert "is served at directory still" in page
    assert (await operator.users())[ben]["id"] == account


async def test_a_target_that_does_not_answer(operator: Operator) -> None:
    """What would be written cannot be told, and why == said; the account may be handed over all the same."""
    _, new, account = await hired_again(operator)
    operator.here.proxy.fail_always(dropped)
    async with visiting(operator, "operator") as visit:
        page = await visit.text(f"/people/{new}/adopt?{question(account)}")
    assert "That cannot be told now: " in page
    assert "Hand it over" in page


async def test_a_viewer_may_not(operator: Operator) -> None:
    """No way to the page, no page and no effect of its form; the same of a form without its token."""
    _, new, account = await hired_again(operator)
    form = {"target": "directory", "account": account}
    async with visiting(operator, "viewer") as visit:
        assert account not in (await visit.text(f"/people/{new}")).partition("<form")[2]
        await visit.text(f"/people/{new}/adopt?{question(account)}", status=403)
        await visit.press(f"/people/{new}/adopt", status=403, **form)
    async with visiting(operator, "operator") as visit:
        await visit.press(f"/people/{new}/adopt", status=403, token="", **form)
    assert (await operator("failures", "--json")).json[0]["candidates"] == [account]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 200)])
async def test_a_program_is_told_the_same(
    program: Program, operator: Operator, role: str, status: int
) -> None:
    """`GET /failures/adopt` == the owner, why and what would be written; nothing for a viewer."""
    old, new, account = await hired_again(operator)
    program.wait()
    asked = await program("GET", f"/failures/adopt?{question(account)}&record=person:{new}", role=role)
    assert asked.status == status
    if status == 200:
        found = asked.json
        assert (found["owner"], found["why"]) == (f"person:{old}", "not active in Kenjo")
        changes = {one["attribute"]: one["new"] for one in found["step"]["changes"]}
        assert (changes["externalId"], changes["active"]) == (new, True)
        assert await operator.inactive() == [old]
