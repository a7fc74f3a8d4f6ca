"""Changing people where SCIM servers differ."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.errors import RecordRejected, TryLater
from bridge.exchange import Wanted
from bridge.model import Outcome
from tests.workers.targets.odd_scim import ENTERPRISE, Odd
from tests.workers.targets.odd_world import world
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy
from workers.testing.rig import person


@pytest.mark.parametrize(
    ("form", "manager", "expected"),
    [("object", "object", {"value": "m1"}), ("string", "text", "m1"), ("omit", "object", None)],
)
async def test_manager_forms(form: str, manager: str, expected: Any) -> None:
    """A manager is sent in the configured form, compared in any, changed and cleared."""
    async with world(Odd(manager=manager), manager_form=form) as w:
        wanted = person(w.rig, 1, manager="m1")
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        stored = w.server.objects["Users"][remote_id]
        assert stored[ENTERPRISE].get("manager") == expected
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
        changed = await w.target.upsert(person(w.rig, 1, manager="m2"), remote_id)
        assert changed.outcome is (Outcome.UNCHANGED if form == "omit" else Outcome.UPDATED)
        await w.target.upsert(person(w.rig, 1), remote_id)
        assert "manager" not in w.server.objects["Users"][remote_id][ENTERPRISE]


async def test_manager_dropped() -> None:
    """A server that drops the manager does not make an update fail."""
    async with world(Odd(manager="dropped")) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1, manager="m1"), None)).remote_id
        wanted = person(w.rig, 1, manager="m1", title="Boss")
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert w.server.objects["Users"][remote_id]["title"] == "Boss"


async def test_shown_manager_is_not_sent_back() -> None:
    """A PUT sends a manager as we give it, without the name and address that the server shows."""
    async with world(patch="never") as w:
        remote_id = (await w.target.upsert(person(w.rig, 1, manager="m1"), None)).remote_id
        shown = {"value": "m1", "displayName": "Boss", "$ref": "../Users/m1"}
        w.server.objects["Users"][remote_id][ENTERPRISE]["manager"] = shown
        wanted = person(w.rig, 1, manager="m1")
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
        await w.target.upsert(person(w.rig, 1, manager="m1", title="Boss"), remote_id)
        assert w.proxy.writes[-1].json()[ENTERPRISE]["manager"] == {"value": "m1"}


async def test_one_patch_with_what_differs() -> None:
    """A change is one PATCH that names only what differs; what is cleared is removed by its path."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        changes = {"title": None, "department": None, "name.givenName": "Anna", "employeeNumber": 7}
        await w.target.upsert(person(w.rig, 1, **changes), remote_id)
        assert len(w.proxy.writes) == 2
        assert w.operations() == [
            {"op": "replace", "path": "name.givenName", "value": "Anna"},
            {"op": "remove", "path": "title"},
            {"op": "replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"},
            {"op": "remove", "path": f"{ENTERPRISE}:department"},
        ]


async def test_a_list_keeps_its_other_entries() -> None:
    """Our e-mail is changed within the list as read; entries of other types stay, primary stays."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        home = {"type": "home", "value": "h@example.org", "primary": True}
        work = {"type": "Work", "value": "old@example.com", "display": "old@example.com"}
        w.server.objects["Users"][remote_id]["emails"] = [home, work]
        await w.target.upsert(person(w.rig, 1), remote_id)
        new = {"type": "Work", "value": "ana.mueller1@example.com"}
        assert w.operations() == [{"op": "replace", "path": "emails", "value": [home, new]}]
        await w.target.upsert(person(w.rig, 1, **{"emails.work": None}), remote_id)
        assert w.server.objects["Users"][remote_id]["emails"] == [home]


async def test_types_dropped() -> None:
    """A server that keeps addresses without their types is not sent them again, and not a second one."""
    async with world(Odd(drops_types=True)) as w:
        wanted = person(w.rig, 1, **{"phoneNumbers.mobile": "+49 170 1"})
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
        await w.target.upsert(person(w.rig, 1, **{"emails.work": "neu@example.com"}), remote_id)
        emails = w.server.objects["Users"][remote_id]["emails"]
        assert emails == [{"value": "neu@example.com", "primary": True}]


@pytest.mark.parametrize("odd", [Odd(lower_case=True), Odd(at_as_text=True), Odd(active_as_text=True)])
async def test_values_in_another_form(odd: Odd) -> None:
    """What a server stores or shows in another form is not sent again and again."""
    async with world(odd) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        assert (await w.target.upsert(person(w.rig, 1), remote_id)).outcome is Outcome.UNCHANGED


async def test_id_is_the_user_name() -> None:
    """Where the id is the userName, an update gives the id that it has afterwards."""
    async with world(Odd(id_is_user_name=True)) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        assert remote_id == "Ana.Mueller1@example.com"
        applied = await w.target.upsert(person(w.rig, 1, userName="ana.neu@example.com"), remote_id)
        assert applied.remote_id == "ana.neu@example.com"
        assert await w.target.remove(person(w.rig, 1).key, applied.remote_id) is Outcome.DEACTIVATED


async def test_configuration_is_read_once() -> None:
    """ServiceProviderConfig is read once, also by updates at the same time, PATCH is given up for good."""
    async with world(Odd(patch="501")) as w:
        ids = [(await w.target.upsert(person(w.rig, n), None)).remote_id for n in range(4)]
        await asyncio.gather(*(w.target.upsert(person(w.rig, n, title="Boss"), ids[n]) for n in range(4)))
        tried = [seen.method for seen in w.proxy.writes].count("PATCH")
        await w.target.upsert(person(w.rig, 0, title="Chief"), ids[0])
        await w.target.check()
        methods = [seen.method for seen in w.proxy.writes]
        assert [seen.path for seen in w.proxy.seen].count("/scim/ServiceProviderConfig") == 1
        assert (methods.count("PATCH"), methods.count("PUT")) == (tried, 5)


async def test_configuration_refused() -> None:
    """A ServiceProviderConfig that the token may not read stops nothing."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.proxy.fail(Proxy.forward, faults.answer(403, "{}"))
        assert (await w.target.upsert(person(w.rig, 1, title="Boss"), remote_id)).outcome is Outcome.UPDATED


async def test_announced_without_patch() -> None:
    """Where PATCH is said to be unsupported, it is not tried."""
    async with world(Odd(config="no_patch")) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.upsert(person(w.rig, 1, title="Boss"), remote_id)
        assert [seen.method for seen in w.proxy.writes] == ["POST", "PUT"]


async def test_active_is_sent_back_as_a_boolean() -> None:
    """A PUT sends `active` as a boolean also where the server shows text and the mapping leaves it alone."""
    async with world(Odd(active_as_text=True), patch="never") as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        wanted = Wanted(person(w.rig, 1).key, {"title": "Boss"})
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert w.proxy.writes[-1].json()["active"] is True


async def test_patch_always() -> None:
    """`patch: always` does not fall back to PUT."""
    async with world(Odd(patch="501", config="no_patch"), patch="always") as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        with pytest.raises(RecordRejected, match="501"):
            await w.target.upsert(person(w.rig, 1, title="Boss"), remote_id)
        assert [seen.method for seen in w.proxy.writes] == ["POST", "PATCH"]


async def test_databricks_limit() -> None:
    """A limit that is told as 500 with REQUEST_LIMIT_EXCEEDED is tried later."""
    async with world() as w:
        w.proxy.fail(faults.answer(500, '{"detail": "REQUEST_LIMIT_EXCEEDED"}'))
        with pytest.raises(TryLater, match="REQUEST_LIMIT_EXCEEDED"):
            await w.target.upsert(person(w.rig, 1), None)


async def test_precondition_failed() -> None:
    """412 says that somebody else was faster: read again and try later."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.proxy.fail(*[Proxy.forward] * 2, faults.answer(412, "{}"))
        with pytest.raises(TryLater):
            await w.target.upsert(person(w.rig, 1, title="Boss"), remote_id)


async def test_a_delete_that_fails() -> None:
    """500 for a DELETE is tried later as long as the object is there."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.proxy.fail(faults.answer(500, "{}"))
        with pytest.raises(TryLater):
            await w.target.remove(person(w.rig, 1).key, remote_id, "delete")


async def test_other_extensions() -> None:
    """An attribute of another extension is given by its full URN, created, changed and cleared."""
    name = "urn:example:hr:2.0:User:desk"
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1, **{name: "A1"}), None)).remote_id
        assert w.server.objects["Users"][remote_id]["urn:example:hr:2.0:User"] == {"desk": "A1"}
        await w.target.upsert(person(w.rig, 1, **{name: "A2"}), remote_id)
        assert w.server.objects["Users"][remote_id]["urn:example:hr:2.0:User"] == {"desk": "A2"}
        await w.target.upsert(person(w.rig, 1, **{name: None}), remote_id)
        assert not w.server.objects["Users"][remote_id]["urn:example:hr:2.0:User"]


async def test_unknown_attribute() -> None:
    """A name that SCIM does not have is refused before anything is sent."""
    async with world() as w:
        with pytest.raises(RecordRejected, match="'jobTitle'"):
            await w.target.upsert(person(w.rig, 1, jobTitle="x"), None)
        assert not w.proxy.seen


async def test_an_id_that_is_no_path() -> None:
    """An id of dots would name another address, and is refused."""
    async with world() as w:
        with pytest.raises(RecordRejected):
            await w.target.remove(person(w.rig, 1).key, "..", "delete")
        assert not w.proxy.seen
