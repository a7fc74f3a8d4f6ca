"""Somebody is hired again under a new Kenjo id: the whole story, by the commands."""

from __future__ import annotations

from tests.service.operated import Operator


async def test_hired_again_under_a_new_id(operator: Operator) -> None:
    """Left, then hired anew with the address == parked, shown before and after, handed over, one account."""
    old = operator.people()[0]
    sandbox = operator.here.sandbox
    address = sandbox.account.employees[old]["account"]["email"]
    account = (await operator.users())[old]["id"]
    sandbox.actions.leave(employee=old)
    sandbox.account.employees[old]["account"]["email"] = None
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == [old]
    new = sandbox.actions.hire(email=address, active=True, start="2020-01-01")["account"]["_id"]

    command = f"kenjo-bridge failures adopt directory person:{new} {account}"
    planned = await operator("plan")
    assert f"belongs to person:{old}" in planned.out
    assert command in planned.out
    assert (await operator.sync()).exit_code == 1
    assert command in (await operator("failures")).out
    assert command in (await operator("explain", new)).out
    assert await operator.inactive() == [old]

    assert (await operator("failures", "adopt", "directory", f"person:{new}", account)).code == 0
    assert f"handed over to person:{new}" in (await operator("explain", old)).out
    assert (await operator.sync()).exit_code == 0
    users = await operator.users()
    assert (users[new]["id"], users[new]["active"], users[new]["userName"]) == (account, True, address)
    assert old not in users
    assert (await operator.sync(verify=True)).exit_code == 0
    assert (await operator.users())[new]["active"] is True
    events = (await operator("audit", f"person:{old}", "--json")).json_lines
    assert events[-1]["what"] == "handed over"
