"""Open accounts that carry the ids of people whom Kenjo does not have: a person says what becomes of them."""

from __future__ import annotations

import time

from bridge.config.configuration import load_settings
from service.operations.assembly import connected, deliverers, opened
from tests.service.operated import Operator
from workers.delivery.drift import look_if_due

LOST, OTHERS = "5f3ac9d2e4b0a1c2d3e4f5a6", "5f3ac9d2e4b0a1c2d3e4f5a7"


async def look(operator: Operator, hours: float) -> None:
    """A worker looks at the target's list, so many hours from now."""
    values = load_settings(operator.here.folder / "bridge.yaml", {})
    async with opened(values) as bridge, connected(bridge) as targets:
        (deliverer,) = deliverers(bridge, targets)
        await look_if_due(deliverer, bridge.backend, time.time() + hours * 3600)


async def orphaned(operator: Operator, *ids: str) -> None:
    """Everybody is in step, there are accounts with these ids too, and a day later a worker has seen them."""
    operator.target["rate"] = 1000
    await operator.sync()
    for id_ in ids:
        await operator.create(userName=f"{id_}@example.com", externalId=id_, active=True)
    await look(operator, 0)
    await look(operator, 25)


async def test_nothing_is_done_unasked(operator: Operator) -> None:
    """Two such accounts == one hold that names them, `status` says where to look, and both stay open."""
    await orphaned(operator, LOST, OTHERS)
    (hold,) = (await operator("holds", "--json")).json
    assert (hold["id"], hold["kind"], hold["count"]) == ("directory-orphans", "orphans", 2)
    assert hold["records"] == [f"person:{LOST}", f"person:{OTHERS}"]
    assert "kenjo-bridge holds show directory-orphans" in (await operator("status")).out
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == []
    await look(operator, 50)
    assert [one["id"] for one in (await operator("holds", "--json")).json] == ["directory-orphans"]
    assert (await operator("audit")).out.count("held hold=directory-orphans") == 1


async def test_approved_they_go_as_leavers_do(operator: Operator) -> None:
    """Approved == the next poll asks Kenjo, and their accounts are closed; nobody else's are."""
    await orphaned(operator, LOST)
    done = await operator("holds", "approve", "directory-orphans")
    assert done.code == 0
    await operator.sync()
    await operator.sync()
    assert await operator.inactive() == [LOST]
    assert (await operator("holds", "--json")).json == []


async def test_some_are_approved(operator: Operator) -> None:
    """One of two is approved == it is closed; the other one waits, and cannot be rejected apart from all."""
    await orphaned(operator, LOST, OTHERS)
    refused = await operator("holds", "reject", "directory-orphans", "--only", OTHERS)
    assert (refused.code, "is rejected as a whole" in refused.err) == (3, True)
    assert (await operator("holds", "approve", "directory-orphans", "--only", LOST)).code == 0
    for hours in (0, 50):
        (hold,) = (await operator("holds", "--json")).json
        assert (hold["records"], hold["count"]) == ([f"person:{OTHERS}"], 1)
        assert hold["reason"].startswith("would remove 1 person whom Kenjo does not have")
        await operator.sync()
        await operator.sync()
        assert await operator.inactive() == [LOST]
        await look(operator, hours)


async def test_who_is_in_kenjo_after_all_stays(operator: Operator) -> None:
    """The person is hired again under that id before it is approved == the account is theirs, and open."""
    await orphaned(operator, LOST)
    hired = operator.here.sandbox.actions.hire(active=True, start="2020-01-01")["account"]["_id"]
    people = operator.here.sandbox.account.employees
    people[LOST] = people.pop(hired)
    people[LOST]["account"]["_id"] = LOST
    await operator("holds", "approve", "directory-orphans")
    await operator.sync()
    await operator.sync()
    assert await operator.inactive() == []
    assert (await operator.users())[LOST]["active"] is True


async def test_they_have_gone_by_themselves(operator: Operator) -> None:
    """Somebody has closed the account at the target == the next look withdraws the rejected hold."""
    await orphaned(operator, LOST)
    await operator("holds", "reject", "directory-orphans")
    await look(operator, 50)
    (hold,) = (await operator("holds", "--json")).json
    assert hold["state"] == "rejected"
    await operator.edit(LOST, active=False)
    await look(operator, 75)
    assert (await operator("holds", "--json")).json == []


async def test_a_plan_tells_what_is_not_as_it_was_given(operator: Operator) -> None:
    """An orphan, and a title changed by hand == the plan names both and does nothing about them."""
    await operator.sync()
    somebody = operator.people()[0]
    await operator.edit(somebody, title="Pirate")
    await orphaned(operator, LOST)
    plan = await operator("plan")
    assert plan.code == 0
    assert "held directory-orphans: would remove 1 person whom Kenjo does not have" in plan.out
    assert f"changed there by hand, and left like that: person:{somebody}" in plan.out
    (target,) = (await operator("plan", "--json")).json["targets"].values()
    assert target["drifted"] == [f"person:{somebody}"]
    await operator.sync(verify=True)
    assert (await operator.users())[somebody]["title"] != "Pirate"
