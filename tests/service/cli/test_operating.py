"""What an operator can do: decide about holds, and see who did what."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

from bridge.config.configuration import load_settings
from service.operations.assembly import connected, deliverers, opened
from tests.service.operated import Operator, park, row
from workers.main import Workers


async def hold_seven(operator: Operator) -> list[str]:
    leavers = operator.leave(7)
    result = await operator.sync()
    assert (result.exit_code, row(result)["held"]) == (2, 7 + await waiting_teams(operator))
    return leavers


async def waiting_teams(operator: Operator) -> int:
    async with operator.backend() as backend:
        (hold,) = await backend.holds.all()
    return sum(1 for key in hold.keys if key.startswith("team:"))


async def test_holds_json(operator: Operator) -> None:
    """Seven of twenty leave == one hold in `holds --json` and `holds list --json`: numbers, ids, no name."""
    leavers = await hold_seven(operator)
    done = await operator("holds", "--json")
    (hold,) = done.json
    assert done.code == 0
    assert hold.items() >= {"id": "directory-remove", "target": "directory", "kind": "remove"}.items()
    assert hold.items() >= {"count": 7, "limit": "5 and 10 %", "state": "open"}.items()
    assert "7 people" in hold["reason"]
    assert datetime.fromisoformat(hold["since"]).utcoffset() is not None
    assert {f"person:{id_}" for id_ in leavers} <= set(hold["records"])
    assert not any(text in done.out for text in operator.texts(leavers))
    assert (await operator("holds", "list", "--json")).json == [hold]


async def test_holds_on_a_terminal(operator: Operator) -> None:
    """`holds` and `holds show` == ids and numbers; names only with --names."""
    assert (await operator("holds")).out == "Nothing is held.\n"
    leavers = await hold_seven(operator)
    listed = await operator("holds")
    assert "directory-remove" in listed.out
    assert "would remove 7 people" in listed.out
    shown = await operator("holds", "show", "directory-remove")
    assert all(f"person:{id_}" in shown.out for id_ in leavers)
    assert not any(text in listed.out + shown.out for text in operator.texts(leavers))
    named = await operator("holds", "show", "directory-remove", "--names")
    for id_ in leavers:
        person = operator.here.sandbox.account.employees[id_]["personal"]
        assert person["displayName"] in named.out


async def test_sync_with_a_hold_exits_with_2(operator: Operator) -> None:
    """`sync` as a process while something is held == exit 2, a sentence that names `holds`, the rest done."""
    leavers = operator.leave(7)
    new = operator.here.sandbox.actions.hire(active=True, start="2020-01-01")["account"]["_id"]
    done = await operator.here.run("sync")
    assert done.code == 2
    assert "records are held; see kenjo-bridge holds" in done.out
    assert await operator.inactive() == []
    assert (await operator.users())[new]["active"] is True
    assert not any(text in done.out + done.err for text in operator.texts(leavers))


async def test_approved_as_it_was_seen(operator: Operator) -> None:
    """Two more leave after a look at seven == nothing is approved; after another look, all are."""
    seven = await hold_seven(operator)
    shown = await operator("holds", "show", "directory-remove")
    command = shown.out.splitlines()[-1].partition("kenjo-bridge ")[2].split()
    nine = sorted(seven + operator.leave(2))
    await operator.sync()
    refused = await operator(*command)
    assert (refused.code, "has changed since: it would remove 9 people" in refused.err) == (3, True)
    await operator.sync()
    assert await operator.inactive() == []
    (hold,) = (await operator("holds", "--json")).json
    assert (await operator("holds", "approve", hold["id"], "--seen", hold["version"])).code == 0
    await operator.sync()
    assert await operator.inactive() == nine


async def test_approve_then_sync(operator: Operator) -> None:
    """Approved == the next sync deactivates them and exits with 0, and nothing is held any more."""
    leavers = await hold_seven(operator)
    done = await operator("holds", "approve", "directory-remove", "--by", "Petra")
    assert (done.code, done.out.startswith("directory-remove approved")) == (0, True)
    result = await operator.sync()
    assert (result.exit_code, row(result)["deactivated"]) == (0, 7)
    assert await operator.inactive() == leavers
    assert (await operator("holds", "--json")).json == []


async def test_some_are_approved(operator: Operator) -> None:
    """6 of 7, named by id and by e-mail address == just they go; the last stays held, and exit 2."""
    leavers = await hold_seven(operator)
    people = operator.here.sandbox.account.employees
    named = [*leavers[:5], people[leavers[5]]["account"]["email"]]
    only = [part for name in named for part in ("--only", name)]
    refused = await operator("holds", "approve", "directory-remove", "--only", operator.people()[0])
    assert (refused.code, "choose among those whom it shows" in refused.err) == (3, True)
    done = await operator("holds", "approve", "directory-remove", *only)
    assert (done.code, done.out.startswith("directory-remove, 6 records of it, approved")) == (0, True)
    for _ in range(2):
        assert (await operator.sync()).exit_code == 2
        assert await operator.inactive() == leavers[:6]
    (rest,) = (await operator("holds", "--json")).json
    assert rest["choosable"] == [f"person:{leavers[6]}"]
    assert (await operator("holds", "reject", rest["id"])).code == 0


async def test_a_running_worker_does_at_once_what_is_approved(operator: Operator) -> None:
    """Approved while a worker runs and no poll comes == deactivated within seconds."""
    leavers = await hold_seven(operator)
    values = load_settings(operator.here.folder / "bridge.yaml", {})
    async with opened(values) as bridge, connected(bridge) as targets:
        workers = Workers(deliverers(bridge, targets), bridge.backend)
        running = asyncio.create_task(workers.run())
        await operator("holds", "approve", "directory-remove")
        end = time.monotonic() + 20
        while await operator.inactive() != leavers:
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        await workers.stop(5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_reject_then_sync(operator: Operator) -> None:
    """Rejected == held on and on, exit 2; can be approved after all; ends when the people are back."""
    leavers = await hold_seven(operator)
    done = await operator("holds", "reject", "directory-remove", "--by", "Petra")
    assert (done.code, done.out.startswith("directory-remove rejected")) == (0, True)
    assert (await operator.sync()).exit_code == 2
    (hold,) = (await operator("holds", "--json")).json
    assert (hold["state"], hold["by"]) == ("rejected", "Petra")
    assert await operator.inactive() == []
    for id_ in leavers:
        operator.here.sandbox.actions.activate(employee=id_)
    assert (await operator.sync()).exit_code == 0
    assert (await operator("holds", "--json")).json == []


async def test_a_held_snapshot_is_approved(operator: Operator) -> None:
    """Half of the people are deleted: held, approved == believed; that they all go is asked about anew."""
    for id_ in list(operator.here.sandbox.account.employees)[::2]:
        del operator.here.sandbox.account.employees[id_]
    assert (await operator.here.run("sync")).code == 2
    (hold,) = (await operator("holds", "--json")).json
    assert hold.items() >= {"id": "kenjo", "target": "", "kind": "snapshot", "count": 6}.items()
    assert (await operator("holds", "approve", "kenjo")).code == 0
    assert (await operator.sync()).exit_code == 2
    assert [hold["id"] for hold in (await operator("holds", "--json")).json] == ["directory-remove"]
    assert await operator.inactive() == []


async def test_no_such_hold(operator: Operator) -> None:
    """An id that is not there == exit 3 and a sentence that names those that are."""
    await hold_seven(operator)
    for command in ("show", "approve", "reject"):
        done = await operator("holds", command, "directory-create")
        assert (done.code, done.out) == (3, ""), command
        assert "there is no hold 'directory-create' (there is: directory-remove)" in done.err


async def test_holds_of_a_target_that_is_gone_are_withdrawn(operator: Operator) -> None:
    """The target is called otherwise == the leavers are found and held there, under its new name only."""
    await hold_seven(operator)
    targets = operator.here.config["targets"]
    targets["renamed"] = targets.pop("directory")
    await operator.sync()
    assert [hold["id"] for hold in (await operator("holds", "--json")).json] == ["renamed-remove"]


async def test_audit_says_who_did_what(operator: Operator) -> None:
    """A change, its delivery, a hold and the decisions == an event each: what, which, who; never a value."""
    leavers = await hold_seven(operator)
    await operator("holds", "reject", "directory-remove", "--by", "Petra")
    await operator("holds", "approve", "directory-remove", "--by", "Paul")
    await operator.sync()
    last = operator.people()[-1]
    await park(operator, last)
    await operator("failures", "retry", last)
    events = (await operator("audit", "--json", "--count", "1000")).json_lines
    decisions = {event["what"]: event for event in events if event.get("hold")}
    assert list(decisions) == ["held", "rejected", "approved"]
    assert decisions["held"]["count"] == 7
    assert decisions["rejected"].items() >= {"hold": "directory-remove", "by": "Petra"}.items()
    assert decisions["approved"].items() >= {"hold": "directory-remove", "by": "Paul"}.items()
    mine = [event for event in events if event.get("record") == f"person:{leavers[0]}"]
    story = [event["what"] for event in mine if event["what"] != "updated"]  # a manager who came later
    assert story == ["appeared", "created", "changed", "deactivated"]
    assert mine[-1].items() >= {"target": "directory"}.items()
    assert "lifecycle" in mine[-2]["fields"]
    theirs = [event["what"] for event in events if event.get("record") == f"person:{last}"]
    assert theirs[-3:] == ["changed", "failed", "retried"]
    assert (await operator("audit", f"person:{leavers[0]}", "--json")).json_lines == mine
    assert (await operator("audit", leavers[0], "--json")).json_lines == mine
    *shown, more = (await operator("audit", "--count", "3")).out.splitlines()
    assert (len(shown), more.startswith("There are older ones")) == (3, True)
    assert shown[-1].endswith(f"retried target=directory record=person:{last} by={events[-1]['by']}")


async def test_audit_has_no_values(operator: Operator) -> None:
    """All events after deliveries, failures and a rename == no name, address or title in them."""
    ids = operator.people()
    await park(operator, ids[0])
    texts = {text for text in operator.texts(ids) | {"Planted"} if len(text) > 3}
    for more in ([], ["--json"]):
        shown = (await operator("audit", *more, "--count", "9999")).out
        assert f"person:{ids[0]}" in shown
        assert not {text for text in texts if text in shown}
