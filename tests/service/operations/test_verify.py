"""`sync --verify`: a directory that was changed behind the bridge's back is made right."""

from __future__ import annotations

from typing import Any

from tests.service.operated import Operator, row

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def test_verify_repairs_what_was_changed_by_hand(operator: Operator) -> None:
    """Title, name and `active` changed by hand: a sync sees nothing; `--verify` == everything as before."""
    ana, ben, cem = operator.people()[:3]
    await operator.create(userName="cto@example.com", title="CTO")
    before = await comparable(operator)
    await operator.edit(ana, title="Owner")
    await operator.edit(ben, active=False)
    await operator.edit(cem, **{"name.familyName": "Falsch"})
    operator.here.proxy.seen.clear()
    assert (await operator.sync()).exit_code == 0
    assert operator.here.proxy.seen == []
    assert await comparable(operator) != before
    result = await operator.sync(verify=True)
    assert (result.exit_code, row(result)["updated"]) == (0, 3)
    assert await comparable(operator) == before
    operator.here.proxy.seen.clear()
    assert (await operator.sync(verify=True)).exit_code == 0
    assert operator.here.proxy.writes == []


async def test_verify_after_a_directory_was_restored(operator: Operator) -> None:
    """Accounts that an older back-up lacks == created again, once each, with manager, reports and groups."""
    people = operator.people()
    before = await comparable(operator)
    works = {id_: operator.here.sandbox.account.employees[id_]["work"] for id_ in people}
    managers = {str(work.get("reportsToId")) for work in works.values()} & set(people)
    lost = [*sorted(managers)[:2], *[id_ for id_ in people if id_ not in managers][:3]]
    for id_ in lost:
        await operator.delete(id_)
    result = await operator.sync(verify=True)
    assert (result.exit_code, row(result)["failed"]) == (0, 0)
    assert len(await operator.here.users()) == len(people)
    assert await comparable(operator) == before


async def test_a_new_account_is_referred_to(operator: Operator) -> None:
    """A manager's account is deleted by hand, she changes == her reports and groups have the new account."""
    works = {id_: operator.here.sandbox.account.employees[id_]["work"] for id_ in operator.people()}
    (boss, *_) = sorted({str(work.get("reportsToId")) for work in works.values()} & works.keys())
    before = await comparable(operator)
    await operator.delete(boss)
    operator.here.sandbox.actions.move(employee=boss, job_title="Neu")
    assert (await operator.sync()).exit_code == 0
    assert (await operator.sync()).exit_code == 0  # what the first one found out
    before[boss]["title"] = "Neu"
    assert await comparable(operator) == before


async def test_verify_deactivates_again(operator: Operator) -> None:
    """A leaver's account that was activated by hand == inactive again; one that was deleted stays deleted."""
    ana, ben = operator.leave(2)
    await operator.sync()
    assert await operator.inactive() == [ana, ben]
    await operator.edit(ana, active=True)
    await operator.delete(ben)
    assert (await operator.sync(verify=True)).exit_code == 0
    assert await operator.inactive() == [ana]
    assert ben not in await operator.users()


async def test_verify_is_no_change_that_needs_an_approval(operator: Operator) -> None:
    """A limit on updates, and everything is read back == not held: nothing may differ at all."""
    operator.target["limits"] = {"update": {"count": 2, "percent": 0}}
    assert (await operator.sync()).exit_code == 0
    assert (await operator.sync(verify=True)).exit_code == 0
    assert (await operator("holds", "--json")).json == []


async def comparable(operator: Operator) -> dict[str, Any]:
    """All accounts and groups, with Kenjo ids in place of the directory's own."""
    users = await operator.here.users()
    names = {user["id"]: user.get("externalId") or user["userName"] for user in users}
    found: dict[str, Any] = {}
    for user in users:
        enterprise = dict(user.get(ENTERPRISE, {}))
        if "manager" in enterprise:
            enterprise["manager"] = names.get(enterprise["manager"]["value"], "a stranger")
        kept = {k: v for k, v in user.items() if k not in ("id", "meta", "groups", ENTERPRISE)}
        found[names[user["id"]]] = {**kept, "enterprise": enterprise}
    for group in await operator.here.groups():
        # This server leaves members in a group whose accounts were deleted.
        members = {member["value"] for member in group.get("members") or []} & names.keys()
        found[group["externalId"]] = sorted(names[member] for member in members)
    return found
