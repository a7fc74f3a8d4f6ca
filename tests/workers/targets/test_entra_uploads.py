"""People of Entra ID through a provisioning job: joiners, movers, leavers, managers, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import LockLost, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Accepted, Applied, Wanted
from bridge.model import Kind, Outcome
from tests.workers.targets.entra_directory import EXTENSIONS
from tests.workers.targets.entra_provisioning import MAPPING
from tests.workers.targets.entra_server import SECRET
from tests.workers.targets.entra_uploads_rig import Uploading, error_of, ticket_of, uploading
from workers.targets.entra.record import CORE, ENTERPRISE
from workers.testing import proxy as faults
from workers.testing.permits import Counted
from workers.testing.rig import holds, person


async def confirmed(up: Uploading, receipt: Any) -> Any:
    (told,) = await up.target.confirm([ticket_of(receipt)])
    return told


def gone(wanted: Wanted) -> Wanted:
    return Wanted(wanted.key, {}, removal="deactivate")


# Joiners and movers


async def test_a_joiner() -> None:
    """A new person is uploaded, is not called done before the logs say so, and then is as wanted."""
    async with uploading() as up:
        wanted = person(up.rig, 1)
        receipt = await up.send(wanted)
        assert isinstance(receipt, Accepted)
        assert receipt.after == 300
        data = up.proxy.writes[-1].json()["Operations"][0]["data"]
        assert data["schemas"] == [CORE, ENTERPRISE]
        assert data["externalId"] == wanted.attributes["kenjoId"]
        assert isinstance(await confirmed(up, receipt), Accepted)
        up.job.work()
        up.clock.now += 60
        told = await confirmed(up, receipt)
        assert isinstance(told, Applied)
        assert told.outcome is Outcome.CREATED
        (found,) = await up.target.find(wanted)
        assert found.ours
        await holds(up.rig, Kind.PERSON, found.id, dict(wanted.attributes))
        there = await up.target.read(wanted.key, found.id)
        assert up.target.change(wanted, there) is None


async def test_a_mover_is_sent_whole() -> None:
    """What differs is uploaded with all that stays, also what is given only once; nothing else changes."""
    async with uploading() as up:
        user = await up.made(person(up.rig, 1))
        user["streetAddress"] = "Hauptstraße 1"
        user["mail"] = "kept@example.com"
        wanted = person(up.rig, 1, **{**up.rig.changes, "companyName": "Other"})
        receipt = await up.send(wanted, user["id"])
        data = up.proxy.writes[-1].json()["Operations"][0]["data"]
        assert data["emails"] == [{"value": "kept@example.com", "type": "work"}]
        assert data["active"] is True
        assert data["name"]["givenName"] == "Ana"
        up.job.work()
        assert isinstance(await confirmed(up, receipt), Applied)
        assert user["displayName"] == wanted.attributes["displayName"]
        assert user["streetAddress"] == "Hauptstraße 1"
        assert up.target.change(wanted, await up.target.read(wanted.key, user["id"])) is None


async def test_managers_are_named_by_their_external_ids() -> None:
    """A manager is the externalId that their account carries; one without an id is left out and owed."""
    async with uploading() as up:
        boss = await up.made(person(up.rig, 1))
        ana = await up.made(person(up.rig, 2, manager=boss["id"]))
        assert up.directory.managers == {ana["id"]: boss["id"]}
        other = await up.made(person(up.rig, 3))
        other[EXTENSIONS]["extensionAttribute15"] = None
        receipt = await up.send(person(up.rig, 2, manager=other["id"]), ana["id"])
        assert "manager" not in str(up.proxy.writes[-1].json())
        up.job.work()
        assert isinstance(await confirmed(up, receipt), Applied)
        wanted = person(up.rig, 2, manager=other["id"])
        change = await up.change(wanted, ana["id"])
        assert [one.attribute for one in change.fields] == ["manager"]


async def test_an_account_that_was_there_is_adopted() -> None:
    """An account with the address and no id gets the id by the second matching pair; none is made."""
    async with uploading() as up:
        user = await up.made(person(up.rig, 1))
        user[EXTENSIONS]["extensionAttribute15"] = None
        await up.send(person(up.rig, 1), user["id"])
        up.job.work()
        assert len(up.directory.users) == 1
        assert user[EXTENSIONS]["extensionAttribute15"] == person(up.rig, 1).attributes["kenjoId"]


async def test_an_account_that_the_job_would_not_find() -> None:
    """Neither the id nor the address would match == refused before anything is uploaded."""
    async with uploading() as up:
        user = await up.made(person(up.rig, 1))
        user[EXTENSIONS]["extensionAttribute15"] = None
        calls = len(up.job.calls)
        with pytest.raises(RecordRejected, match="would make a second account"):
            await up.change(person(up.rig, 1, userPrincipalName="new.name@example.com"), user["id"])
        assert len(up.job.calls) == calls


async def test_by_personnel_numbers() -> None:
    """Where employeeId is the externalId, Kenjo's id travels in a schema of our own, to be mapped."""
    async with uploading(external_id="employeeId") as up:
        up.job.matching = (("externalId", "employeeId"), ("userName", "userPrincipalName"))
        own = "urn:ietf:params:scim:schemas:extension:kenjo:1.0:User:kenjoId"
        up.job.mapping = {**MAPPING, "extensionAttribute15": own}
        wanted = person(up.rig, 1)
        user = await up.made(wanted)
        assert user["employeeId"] == "P-1"
        assert user[EXTENSIONS]["extensionAttribute15"] == wanted.attributes["kenjoId"]
        with pytest.raises(RecordRejected, match="has no employeeId"):
            await up.change(person(up.rig, 2, employeeId=None))


# Leavers, and who comes back


async def test_a_leaver_and_a_return() -> None:
    """Disabled by the job, then signed out by Microsoft Graph, and only both are done; then open again."""
    async with uploading() as up:
        wanted = person(up.rig, 1)
        user = await up.made(wanted)
        receipt = await up.send(gone(wanted), user["id"])
        assert user["accountEnabled"]
        assert up.directory.ended == []
        up.job.work()
        told = await confirmed(up, receipt)
        assert isinstance(told, Applied)
        assert told.outcome is Outcome.DEACTIVATED
        assert user["accountEnabled"] is False
        assert user["jobTitle"] == "Buyer"
        there = await up.target.read(wanted.key, user["id"])
        assert there
        assert there.open is True
        assert isinstance(await up.send(gone(wanted), user["id"]), Applied)
        assert up.directory.ended == [user["id"]]
        there = await up.target.read(wanted.key, user["id"])
        assert there
        assert there.open is False
        assert up.target.change(gone(wanted), there) is None
        await up.send(wanted, user["id"])
        up.job.work()
        there = await up.target.read(wanted.key, user["id"])
        assert there
        assert (user["accountEnabled"], there.open) == (True, True)
        assert len(up.directory.users) == 1


async def test_nothing_is_owed_of_who_is_back() -> None:
    """Back before the sessions were ended == nothing is owed, and who is disabled by hand later is closed."""
    async with uploading() as up:
        wanted = person(up.rig, 1)
        user = await up.made(wanted)
        await up.send(gone(wanted), user["id"])
        up.job.work()
        await up.send(wanted, user["id"])
        up.job.work()
        assert user["accountEnabled"] is True
        user["accountEnabled"] = False
        there = await up.target.read(wanted.key, user["id"])
        assert there
        assert there.open is False


async def test_a_leaver_whose_upload_is_refused() -> None:
    """A leaver is not parked for what may have been an older upload's fault: it is tried again."""
    async with uploading() as up:
        user = await up.made(person(up.rig, 1))
        up.job.refused[f"{1:024x}"] = "No luck."
        up.clock.now += 60
        receipt = await up.send(gone(person(up.rig, 1)), user["id"])
        up.job.work()
        error = error_of(await confirmed(up, receipt))
        assert isinstance(error, TryLater)
        assert not error.of_the_target


async def test_a_deletion_and_a_restoration_go_by_graph() -> None:
    """Deleting needs a permission of its own, and the sentence names it; a deleted account is restored."""
    async with uploading() as up:
        wanted = person(up.rig, 1)
        user = await up.made(wanted)
        with pytest.raises(RecordRejected, match=r"User\.DeleteRestore\.All"):
            await up.allowed.remove(wanted.key, user["id"], "delete")
        up.server.roles.add("User.DeleteRestore.All")
        up.server.revoke_tokens()
        target = up.another()
        assert await _allowed(up, target).remove(wanted.key, user["id"], "delete") is Outcome.DELETED
        assert up.directory.deleted.keys() == {user["id"]}
        (found,) = await target.find(wanted)
        with pytest.raises(TryLater, match="restored"):
            await _allowed(up, target).upsert(wanted, found.id)
        assert up.directory.users.keys() == {user["id"]}


def _allowed(up: Uploading, target: Any) -> Any:
    return type(up.allowed)(target)


# Many at once


async def test_fifty_in_a_call() -> None:
    """120 people at the same time == three calls, each taken by the rules, and everybody there once."""
    async with uploading() as up:
        receipts = await up.together([person(up.rig, number) for number in range(120)])
        assert sorted(up.job.calls) == [20, 50, 50]
        assert await up.purse.used() == 3
        up.job.work()
        reads = len(up.proxy.seen)
        told = await up.target.confirm([ticket_of(one) for one in receipts])
        assert all(isinstance(one, Applied) for one in told)
        logs = [one for one in up.proxy.seen[reads:] if "auditLogs" in one.path]
        assert len(logs) <= 2  # pages of one reading
        assert len(up.directory.users) == 120


async def test_one_of_many_is_refused_later() -> None:
    """What the job could not do is that person's failure, without a name or address; the others are done."""
    async with uploading() as up:
        up.job.refused[f"{2:024x}"] = (
            "The userPrincipalName Ana.Mueller2@example.com of Ana Müller 2 is not valid for 'Ana Müller 2'."
        )
        receipts = await up.together([person(up.rig, number) for number in (1, 2, 3)])
        up.job.work()
        first, second, third = await up.target.confirm([ticket_of(one) for one in receipts])
        assert isinstance(first, Applied)
        assert isinstance(third, Applied)
        error = error_of(second)
        assert isinstance(error, RecordRejected)
        assert "AzureActiveDirectoryInvalidUserPrincipalName" in str(error)
        assert "is not valid" in str(error)
        for private in ("Ana", "Müller", "Mueller", "example.com"):
            assert private not in str(error)


async def test_a_permit_that_is_refused() -> None:
    """The lock of one is lost == its receipt says so, it is not uploaded, and the others are."""
    async with uploading() as up:
        changes = [await up.change(person(up.rig, number)) for number in (1, 2)]
        (receipt,) = await up.target.send(changes[:1], Counted(allowed=0))
        assert isinstance(error_of(receipt), LockLost)
        assert up.job.calls == []
        assert ticket_of((await up.target.send(changes[1:], up.permit))[0])


async def test_a_request_that_is_refused_for_one() -> None:
    """Microsoft refuses a call for one of its people == halves are tried, until the one is alone."""

    async def no_third(proxy: Any, request: Any) -> Any:
        said = await request.read()
        meant = f"{3:024x}".encode() in said
        return await (faults.answer(400, "{}")(proxy, request) if meant else proxy.forward(request))

    async with uploading() as up:
        await up.target.size()
        up.proxy.fail_always(no_third)
        receipts = await up.together([person(up.rig, number) for number in range(8)])
        assert isinstance(error_of(receipts[3]), RecordRejected)
        assert sum(up.job.calls) == 7
        assert len(up.proxy.writes) <= 7


# What gets lost, what is late, what is in vain


async def test_a_lost_answer_doubles_nobody() -> None:
    """The job may have taken what was not answered == it is uploaded again, and there is one account."""
    async with uploading() as up:
        await up.target.size()
        up.proxy.fail(faults.lost)
        error = error_of(await up.send(person(up.rig, 1)))
        assert isinstance(error, TryLater)
        assert error.unreachable
        ticket = ticket_of(await up.send(person(up.rig, 1)))
        up.job.work()
        assert len(up.job.calls) == 2
        assert len(up.directory.users) == 1
        assert isinstance((await up.target.confirm([ticket]))[0], Applied)


async def test_another_process_asks() -> None:
    """A ticket says all that another process needs, wherever an entry has the externalId."""
    for names_source in (True, False):
        async with uploading() as up:
            up.job.names_source = names_source
            receipt = await up.send(person(up.rig, 1))
            up.job.work(tell=False)
            assert isinstance((await up.another().confirm([ticket_of(receipt)]))[0], Accepted)
            up.job.work()
            told = (await up.another().confirm([ticket_of(receipt)]))[0]
            assert isinstance(told, Applied)
            assert told.outcome is Outcome.CREATED
            nonsense = (await up.target.confirm(["nonsense"]))[0]
            assert isinstance(error_of(nonsense), RecordRejected)


async def test_an_older_entry_is_no_answer() -> None:
    """What the job did before this upload says nothing of it; the newest of several counts."""
    async with uploading() as up:
        user = await up.made(person(up.rig, 1))
        up.clock.now += 3600
        up.job.refused[f"{1:024x}"] = "No luck."
        receipt = await up.send(person(up.rig, 1, jobTitle="Boss"), user["id"])
        assert isinstance(await confirmed(up, receipt), Accepted)
        up.job.work()
        up.clock.now += 60
        assert isinstance(error_of(await confirmed(up, receipt)), RecordRejected)
        up.job.refused.clear()
        await up.send(person(up.rig, 1, jobTitle="Boss"), user["id"])
        up.job.work()
        up.clock.now += 60
        assert isinstance(await confirmed(up, receipt), Applied)


async def test_nothing_that_differed_is_done() -> None:
    """Skipped because nothing differs == done; skipped by a scoping filter == refused, and it says so."""
    async with uploading() as up:
        await up.made(person(up.rig, 1))
        same = await up.send(person(up.rig, 1))
        up.job.work()
        assert isinstance(await confirmed(up, same), Applied)
        up.job.out_of_scope.add(f"{2:024x}")
        receipt = await up.send(person(up.rig, 2))
        up.job.work()
        up.clock.now += 60
        error = error_of(await confirmed(up, receipt))
        assert isinstance(error, RecordRejected)
        assert "NotEffectivelyEntitled" in str(error)
        assert "scoping filter" in str(error)


async def test_what_the_job_does_not_map() -> None:
    """Done by the logs, and not as wanted == a fault that counts and names the attribute; no more calls."""
    async with uploading() as up:
        del up.job.mapping["jobTitle"]
        user = await up.made(person(up.rig, 1))
        wanted = person(up.rig, 1)
        receipt = await up.send(wanted, user["id"])
        up.job.work()
        assert isinstance(await confirmed(up, receipt), Applied)
        calls = len(up.job.calls)
        error = error_of(await up.send(wanted, user["id"]))
        assert isinstance(error, TryLater)
        assert not error.of_the_target
        assert "still differs in jobTitle" in str(error)
        assert len(up.job.calls) == calls


# What Microsoft says no to


async def test_throttled() -> None:
    """429 asks to try later, after the seconds that Microsoft names, and nobody is uploaded meanwhile."""
    async with uploading() as up:
        up.job.per_day = 0
        up.job._times.append(up.clock.now - 86_390)
        error = error_of(await up.send(person(up.rig, 1)))
        assert isinstance(error, TryLater)
        assert error.after == 11
        assert up.job.calls == []


async def test_a_job_that_is_not_there() -> None:
    """No such job == the target halts, and says which settings to compare."""
    async with uploading(job="API2AAD.other") as up:
        error = error_of(await up.send(person(up.rig, 1)))
        assert isinstance(error, TargetHalted)
        assert "service_principal and job" in str(error)


async def test_no_permission_to_upload() -> None:
    """403 == the target halts, and names the permission; a new token that has it is used."""
    async with uploading() as up:
        up.server.roles.remove("SynchronizationData-User.Upload")
        error = error_of(await up.send(person(up.rig, 1)))
        assert isinstance(error, TargetHalted)
        assert "SynchronizationData-User.Upload" in str(error)


async def test_a_page_is_no_answer() -> None:
    """An upload that anything answers with 200 was not taken."""
    async with uploading() as up:
        await up.target.size()
        up.proxy.fail(faults.page())
        assert isinstance(error_of(await up.send(person(up.rig, 1))), TryLater)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
async def test_errors_are_private(status: int) -> None:
    """An error has no personal value and no secret, even when Microsoft repeats all that it was sent."""
    async with uploading() as up:
        await up.target.size()
        up.proxy.fail_always(faults.echo(status))
        wanted = person(up.rig, 1)
        text = str(error_of(await up.send(wanted)))
        values = [value for value in wanted.attributes.values() if isinstance(value, str)]
        assert not [value for value in (*values, SECRET) if value.lower() in text.lower()], text


async def test_nobody_is_shown() -> None:
    """What a change is written as has nobody's values."""
    async with uploading() as up:
        change = await up.change(person(up.rig, 1))
        assert "Müller" not in f"{change!r} {change.content!r}"
        assert SECRET not in repr(up.target)
