"""Users of Entra ID: joiners, leavers, those who come back, and those who must not be touched."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import Conflict, NotFound, RecordRejected, TryLater
from bridge.exchange import Accepted, Remote, Wanted
from bridge.model import Kind, Outcome
from tests.workers.targets.entra_directory import EXTENSIONS, SYNCED
from tests.workers.targets.entra_rig import World, world
from workers.testing import proxy as faults
from workers.testing.permits import Always
from workers.testing.proxy import Proxy
from workers.testing.rig import person

ID = "extensionAttribute15"


def at_path(end: str, fault: faults.Fault) -> faults.Fault:
    """The fault for writes whose path ends so; all else goes through."""

    async def chosen(proxy: Proxy, request: Any) -> Any:
        meant = request.method != "GET" and request.path.endswith(end)
        return await (fault if meant else Proxy.forward)(proxy, request)

    return chosen


# Joiners


async def test_a_new_account_has_what_entra_requires() -> None:
    """A create has a nickname and a password of its own that is to be changed; no two are alike."""
    async with world() as w:
        await w.target.upsert(person(w.rig, 1), None)
        await w.target.upsert(person(w.rig, 2), None)
        bodies = [one.json() for one in w.proxy.writes]
        assert [body["mailNickname"] for body in bodies] == ["Ana.Mueller1", "Ana.Mueller2"]
        profiles = [body["passwordProfile"] for body in bodies]
        assert all(profile["forceChangePasswordNextSignIn"] for profile in profiles)
        assert profiles[0]["password"] != profiles[1]["password"]
        assert all(len(profile["password"]) >= 40 for profile in profiles)


async def test_nobody_sees_the_password() -> None:
    """What a plan shows, what a change is written as, and what an error repeats has no password in it."""
    async with world() as w:
        change = w.target.target.change(person(w.rig, 1), None)
        assert change is not None
        assert "assword" not in f"{change!r} {change.fields!r} {change.content!r}"
        w.proxy.fail_always(at_path("/users", faults.echo(400)))
        with pytest.raises(RecordRejected) as caught:
            await w.target.upsert(person(w.rig, 1), None)
        password = w.proxy.writes[-1].json()["passwordProfile"]["password"]
        assert password not in str(caught.value)


async def test_the_manager_is_given_with_the_account() -> None:
    """A create with a manager sets the reference too; a change of manager is one request; none clears it."""
    async with world() as w:
        boss = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        other = (await w.target.upsert(person(w.rig, 2), None)).remote_id
        ana = (await w.target.upsert(person(w.rig, 3, manager=boss), None)).remote_id
        assert w.directory.managers == {ana: boss}
        assert (await w.target.upsert(person(w.rig, 3, manager=boss), ana)).outcome is Outcome.UNCHANGED
        w.proxy.seen.clear()
        await w.target.upsert(person(w.rig, 3, manager=other), ana)
        assert w.writes == [f"PUT /users/{ana}/manager/$ref"]
        assert w.directory.managers == {ana: other}
        w.proxy.seen.clear()
        await w.target.upsert(person(w.rig, 3), ana)
        assert w.writes == [f"DELETE /users/{ana}/manager/$ref"]
        assert w.directory.managers == {}


async def test_an_account_that_is_not_shown_yet_is_not_made_again() -> None:
    """A create that nothing shows yet is told as accepted, and is found once it is shown."""
    async with world() as w:
        w.directory.late = True
        change = w.target.target.change(person(w.rig, 1), None)
        assert change is not None
        (receipt,) = await w.target.target.send([change], Always())
        assert isinstance(receipt, Accepted)
        assert await w.target.find(person(w.rig, 1)) == []
        with pytest.raises(Conflict):  # and if it were tried all the same
            await w.target.upsert(person(w.rig, 1), None)
        w.directory.settle()
        (found,) = await w.target.find(person(w.rig, 1))
        assert found.ours


async def test_a_manager_who_is_not_shown_yet() -> None:
    """The manager was made a moment ago: the new account is told as accepted, and looked at again."""
    async with world() as w:
        boss = w.put_user("boss")
        w.directory.hidden.add(boss["id"])
        change = w.target.target.change(person(w.rig, 1, manager=boss["id"]), None)
        assert change is not None
        (receipt,) = await w.target.target.send([change], Always())
        assert isinstance(receipt, Accepted)
        (found,) = await w.target.find(person(w.rig, 1))
        with pytest.raises(TryLater, match="not shown everywhere"):
            await w.target.upsert(person(w.rig, 1, manager=boss["id"]), found.id)
        w.directory.settle()
        await w.target.upsert(person(w.rig, 1, manager=boss["id"]), found.id)
        assert w.directory.managers == {found.id: boss["id"]}


async def test_an_index_that_is_behind() -> None:
    """Kenjo's id is found late, the address at once: the account is this record's all the same."""
    async with world() as w:
        w.directory.late_index = True
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        (found,) = await w.target.find(person(w.rig, 1))
        assert (found.id, found.ours, found.by) == (remote_id, True, "userPrincipalName")


# What there is already


async def test_an_account_is_found_by_its_address() -> None:
    """In any letter case, disabled too; what it carries is told."""
    async with world() as w:
        one = w.put_user("ANA.MUELLER1", accountEnabled=False)
        assert await w.target.find(person(w.rig, 1)) == [Remote(one["id"])]
        one[EXTENSIONS] = {ID: "5f" * 12}
        (found,) = await w.target.find(person(w.rig, 1))
        assert (found.open, found.ours, found.other_id, found.external_id) == (False, False, True, "5f" * 12)


async def test_an_account_is_found_by_its_mail_address() -> None:
    """Where the name to sign in with is another one."""
    async with world() as w:
        one = w.put_user("am", mail="Ana.Mueller1@example.com")
        (found,) = await w.target.find(person(w.rig, 1))
        assert (found.id, found.by) == (one["id"], "mail")


async def test_an_address_that_is_somebodys_second_one() -> None:
    """A create is refused for a second address of an account: a thorough look-up finds whose it is."""
    async with world() as w:
        one = w.put_user("am", proxyAddresses=["SMTP:am@example.com", "smtp:Ana.Mueller1@example.com"])
        assert await w.target.find(person(w.rig, 1)) == []
        with pytest.raises(Conflict):
            await w.target.upsert(person(w.rig, 1), None)
        assert [found.id for found in await w.target.find(person(w.rig, 1), thorough=True)] == [one["id"]]
        taken = await w.target.target.having(
            person(w.rig, 1).key, "userPrincipalName", "ana.mueller1@example.com"
        )
        assert [found.id for found in taken] == [one["id"]]
        assert (
            await w.target.target.having(person(w.rig, 1).key, "userPrincipalName", "free@example.com") == []
        )


@pytest.mark.parametrize("name", ["O'Neill", "ana''x", "' or mail eq '"])
async def test_quotes_stay_within_a_filter(name: str) -> None:
    """A value with quotes is looked for as it is, and finds nobody else."""
    async with world(match=["employeeId"]) as w:
        w.put_user("other", employeeId="somebody else")
        one = w.put_user("one", employeeId=name)
        assert [found.id for found in await w.target.find(person(w.rig, 1, employeeId=name))] == [one["id"]]


async def test_nothing_to_look_up_by() -> None:
    """A record without any of the attributes of `match` cannot be looked up, and nothing is asked."""
    async with world() as w:
        with pytest.raises(RecordRejected, match="match"):
            await w.target.find(Wanted(person(w.rig, 1).key, {"jobTitle": "Buyer"}))
        assert not w.proxy.seen


async def test_only_what_differs_is_sent() -> None:
    """A change is one PATCH of what differs; other extension attributes are not named in it."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.rig.add_foreign(remote_id)
        w.directory.users[remote_id][EXTENSIONS][ID] = None  # somebody has emptied it
        w.proxy.seen.clear()
        await w.target.upsert(person(w.rig, 1, jobTitle=None, businessPhones=None), remote_id)
        (seen,) = w.proxy.writes
        own = {ID: w.rig.person(1)["kenjoId"]}
        assert seen.json() == {"jobTitle": None, "businessPhones": [], EXTENSIONS: own}
        assert await w.rig.has_foreign(remote_id)


async def test_what_cannot_be_emptied_stays() -> None:
    """Names and the place of use are left as they are when they are empty."""
    async with world(map={"usageLocation": "'DE'"}) as w:
        wanted = person(w.rig, 1, usageLocation="DE")
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        emptied = person(w.rig, 1, usageLocation=None, displayName=None)
        assert (await w.target.upsert(emptied, remote_id)).outcome is Outcome.UNCHANGED
        assert w.directory.users[remote_id]["usageLocation"] == "DE"


async def test_given_once() -> None:
    """The mail address is given to a new account and left to Exchange then, unless settings say otherwise."""
    changed = {"mail": "ana.neu@example.com"}
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        assert (await w.target.upsert(person(w.rig, 1, **changed), remote_id)).outcome is Outcome.UNCHANGED
    async with world(only_at_create=[]) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.upsert(person(w.rig, 1, **changed), remote_id)
        assert w.directory.users[remote_id]["mail"] == "ana.neu@example.com"


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"userPrincipalName": "ana.müller@example.com"}, "transliterate"),
        ({"userPrincipalName": "ana mueller@example.com"}, "transliterate"),
        ({"userPrincipalName": "ana.@example.com"}, "point at either end"),
        ({"userPrincipalName": "x" * 65 + "@example.com"}, "64 letters"),
        ({"userPrincipalName": "ana@" + "x" * 45 + ".com"}, "48 characters"),
        ({"userPrincipalName": "ana@b@example.com"}, "domain"),
        ({"mail": "ana.müller@example.com"}, "accents"),
        ({"employeeId": "12345678901234567"}, "16 characters"),
        ({"department": "x" * 65}, "64 characters"),
        ({"usageLocation": "Germany"}, "2 characters"),
        ({"usageLocation": "D1"}, "two letters"),
        ({"employeeHireDate": "1.3.2026"}, "2026-03-01"),
        ({"accountEnabled": "yes"}, "true or false"),
        ({"jobTitle": ["Buyer"]}, "must be a text"),
        ({"members": [], "title": "x"}, "'title'"),
    ],
)
async def test_values_that_entra_does_not_take(attributes: dict[str, Any], says: str) -> None:
    """They are rejected before anything is sent, with what to do and without the value."""
    async with world() as w:
        with pytest.raises(RecordRejected, match=says) as caught:
            await w.target.upsert(person(w.rig, 1, **attributes), None)
        assert not w.proxy.seen
        assert "ller" not in str(caught.value)
        assert "12345678901234567" not in str(caught.value)


async def test_a_date_and_a_directory_extension() -> None:
    """A hire date is a point in time there, and equal to the day; a directory extension is an attribute."""
    own = f"extension_{'a' * 32}_badge"
    async with world(map={"employeeHireDate": "'x'", own: "'x'"}) as w:
        wanted = person(w.rig, 1, employeeHireDate="2026-03-01", **{own: "7"})
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        user = w.directory.users[remote_id]
        assert (user["employeeHireDate"], user[own]) == ("2026-03-01T00:00:00Z", "7")
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED


# Leavers


async def test_a_leaver_is_disabled_and_then_signed_out() -> None:
    """First the account is disabled, so that no session begins anew, then all sessions are ended."""
    async with world() as w:
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        w.proxy.seen.clear()
        assert await w.target.remove(wanted.key, remote_id) is Outcome.DEACTIVATED
        assert w.writes == [f"PATCH /users/{remote_id}", f"POST /users/{remote_id}/revokeSignInSessions"]
        assert w.proxy.writes[0].json() == {"accountEnabled": False}
        assert w.directory.ended == [remote_id]
        assert await w.target.shows(wanted.key, remote_id) is False


@pytest.mark.parametrize("fault", [faults.answer(503, "{}"), faults.lost, faults.dropped, faults.page()])
async def test_sessions_that_could_not_be_ended_are_ended_later(fault: faults.Fault) -> None:
    """The account is disabled, the second request fails: it counts as open, and sessions end later."""
    async with world() as w:
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        w.proxy.fail_always(at_path("/revokeSignInSessions", fault))
        with pytest.raises(TryLater):
            await w.target.remove(wanted.key, remote_id)
        w.proxy.fail_always(None)
        assert not w.directory.users[remote_id]["accountEnabled"]
        assert await w.target.shows(wanted.key, remote_id) is True
        w.directory.ended.clear()
        w.proxy.seen.clear()
        assert await w.target.remove(wanted.key, remote_id) is Outcome.DEACTIVATED
        assert w.writes == [f"POST /users/{remote_id}/revokeSignInSessions"]
        assert w.directory.ended == [remote_id]
        assert await w.target.shows(wanted.key, remote_id) is False
        assert await w.target.remove(wanted.key, remote_id) is Outcome.UNCHANGED


async def test_a_lost_answer_to_the_first_request() -> None:
    """The account is disabled, and nobody knows: the sessions are ended with the next attempt."""
    async with world() as w:
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        w.proxy.lose()
        with pytest.raises(TryLater):
            await w.target.remove(wanted.key, remote_id)
        assert not w.directory.users[remote_id]["accountEnabled"]
        assert await w.target.remove(wanted.key, remote_id) is Outcome.DEACTIVATED
        assert w.directory.ended == [remote_id]


async def test_whom_an_administrator_disabled() -> None:
    """An account that was disabled by hand is closed already; nothing is sent."""
    async with world() as w:
        one = w.put_user("ana", accountEnabled=False)
        assert await w.target.remove(person(w.rig, 1).key, one["id"]) is Outcome.UNCHANGED
        assert not w.writes


async def test_sessions_are_left_alone_where_settings_say_so() -> None:
    """`end_sessions: false` == the account is disabled, and no more."""
    async with world(end_sessions=False) as w:
        w.server.roles.remove("User.RevokeSessions.All")
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        assert await w.target.remove(wanted.key, remote_id) is Outcome.DEACTIVATED
        assert w.directory.ended == []


async def test_the_permission_for_sessions_is_missing() -> None:
    """The account is disabled, counts as open, and the sentence names the permission; others go on."""
    async with world() as w:
        w.server.roles.remove("User.RevokeSessions.All")
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        with pytest.raises(RecordRejected, match=r"User\.RevokeSessions\.All"):
            await w.target.remove(wanted.key, remote_id)
        assert not w.directory.users[remote_id]["accountEnabled"]
        assert await w.target.shows(wanted.key, remote_id) is True


async def test_who_comes_back_while_sessions_are_still_to_be_ended() -> None:
    """The account is enabled again, and no later look takes its sessions for unfinished."""
    async with world() as w:
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        w.proxy.fail_always(at_path("/revokeSignInSessions", faults.answer(503, "{}")))
        with pytest.raises(TryLater):
            await w.target.remove(wanted.key, remote_id)
        w.proxy.fail_always(None)
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        w.directory.users[remote_id]["accountEnabled"] = False  # by hand
        assert await w.target.shows(wanted.key, remote_id) is False


# Who comes back


async def test_a_deleted_account_comes_back() -> None:
    """Who carries this record's id among the deleted is found, restored, opened and brought up to date."""
    async with world() as w:
        wanted = person(w.rig, 1)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        await w.target.remove(wanted.key, remote_id)
        assert await w.target.remove(wanted.key, remote_id, "delete") is Outcome.DELETED
        assert await w.target.target.read(wanted.key, remote_id) is None
        again = person(w.rig, 1, jobTitle="Head of Purchasing")
        (found,) = await w.target.find(again)
        assert (found.id, found.ours, found.open) == (remote_id, True, False)
        applied = await w.target.upsert(again, remote_id)
        assert (applied.remote_id, applied.outcome) == (remote_id, Outcome.UPDATED)
        user = w.directory.users[remote_id]
        assert user["accountEnabled"]
        assert user["jobTitle"] == "Head of Purchasing"
        assert user["userPrincipalName"] == "Ana.Mueller1@example.com"
        assert not w.directory.deleted


@pytest.mark.parametrize("carries", ["5f" * 12, None, ""])
async def test_a_strangers_deleted_account_stays_deleted(carries: str | None) -> None:
    """A deleted account without this record's id is neither found nor restored, even if it is linked."""
    async with world() as w:
        one = w.put_user("Ana.Mueller1", **{EXTENSIONS: {ID: carries}})
        w.directory.delete_user(one)
        assert await w.target.find(person(w.rig, 1), thorough=True) == []
        with pytest.raises(NotFound):
            await w.target.upsert(person(w.rig, 1), one["id"])
        assert not w.writes
        assert w.directory.deleted


async def test_a_leaver_is_not_restored() -> None:
    """Who should have no access is not looked for among the deleted, and gets nothing back."""
    async with world() as w:
        wanted = person(w.rig, 1, accountEnabled=False)
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.remove(wanted.key, remote_id, "delete")
        assert await w.target.find(wanted) == []
        with pytest.raises(NotFound):
            await w.target.upsert(wanted, remote_id)
        assert await w.target.remove(wanted.key, remote_id) is Outcome.UNCHANGED
        assert w.directory.deleted.keys() == {remote_id}


async def test_deleted_accounts_are_left_alone_where_settings_say_so() -> None:
    """`restore_deleted: false` == the deleted ones are not asked for."""
    async with world(restore_deleted=False) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.remove(person(w.rig, 1).key, remote_id, "delete")
        w.proxy.seen.clear()
        assert await w.target.find(person(w.rig, 1)) == []
        assert not [one for one in w.requests if "deleted" in one]


async def test_the_address_was_given_to_another_one_meanwhile() -> None:
    """The deleted account cannot come back under the address that is wanted: nothing is restored."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.remove(person(w.rig, 1).key, remote_id, "delete")
        w.put_user("Ana.Mueller1")
        with pytest.raises(Conflict):
            await w.target.upsert(person(w.rig, 1), remote_id)
        assert w.directory.deleted.keys() == {remote_id}


async def test_who_comes_back_gets_another_address_than_before() -> None:
    """What they were called before, and their addresses, somebody else may have by now."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.directory.users[remote_id]["proxyAddresses"] = ["SMTP:ana@example.com", "smtp:am@example.com"]
        await w.target.remove(person(w.rig, 1).key, remote_id, "delete")
        w.put_user("Ana.Mueller1", proxyAddresses=["SMTP:ana@example.com"])
        again = person(w.rig, 1, userPrincipalName="ana.m@example.com")
        assert (await w.target.upsert(again, remote_id)).remote_id == remote_id
        user = w.directory.users[remote_id]
        assert user["userPrincipalName"] == "ana.m@example.com"
        assert user["proxyAddresses"] == ["smtp:am@example.com"]


# Whom the bridge must not touch


async def test_synchronised_users_are_left_alone() -> None:
    """An account that an on-premises directory masters: one sentence, nothing is sent, leavers included."""
    async with world() as w:
        one = w.put_user("Ana.Mueller1", onPremisesSyncEnabled=True)
        for call in (
            w.target.upsert(person(w.rig, 1), one["id"]),
            w.target.remove(person(w.rig, 1).key, one["id"]),
        ):
            with pytest.raises(RecordRejected, match="kind ldap"):
                await call
        assert not w.writes


async def test_an_account_that_was_synchronised_once() -> None:
    """Its extension attributes stay mastered elsewhere: the sentence says where else the id can be kept."""
    async with world() as w:
        one = w.put_user("Ana.Mueller1", onPremisesSyncEnabled=False)
        with pytest.raises(RecordRejected, match="kenjo_id_attribute") as caught:
            await w.target.upsert(person(w.rig, 1), one["id"])
        assert SYNCED not in str(caught.value)
    async with world(kenjo_id_attribute=f"extension_{'0' * 32}_kenjoId") as w:
        one = w.put_user("Ana.Mueller1", onPremisesSyncEnabled=False)
        assert (await w.target.upsert(person(w.rig, 1), one["id"])).outcome is Outcome.UPDATED


async def test_administrators() -> None:
    """An administrator's account is refused: one sentence about roles, and the target goes on."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.directory.admins.add(remote_id)
        with pytest.raises(RecordRejected, match="administrator's role") as caught:
            await w.target.remove(person(w.rig, 1).key, remote_id)
        assert "permission" not in str(caught.value)
        assert (await w.target.upsert(person(w.rig, 2), None)).remote_id


async def test_a_token_that_tells_no_permissions() -> None:
    """Nobody can tell a missing permission from an administrator: the sentence names both."""
    async with world() as w:
        w.server.readable_tokens = False
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        w.directory.admins.add(remote_id)
        with pytest.raises(RecordRejected, match=r"administrator's role.* User\.ReadWrite\.All"):
            await w.target.remove(person(w.rig, 1).key, remote_id)


async def test_licences_and_passwords_are_never_touched() -> None:
    """In a whole life of an account, no request after the create names a password, and none a licence."""
    async with world() as w:
        await whole_life(w)
        later = [one for one in w.proxy.seen if b"assword" in one.body][1:]
        assert later == []
        assert not [one for one in w.proxy.seen if b"icense" in one.body or "icense" in one.path]


async def whole_life(w: World) -> None:
    """Joined, changed, left, come back, left, deleted, come back."""
    wanted = person(w.rig, 1)
    remote_id = (await w.target.upsert(wanted, None)).remote_id
    await w.target.upsert(person(w.rig, 1, **w.rig.changes), remote_id)
    await w.target.remove(wanted.key, remote_id)
    await w.target.upsert(wanted, remote_id)
    await w.target.remove(wanted.key, remote_id)
    await w.target.remove(wanted.key, remote_id, "delete")
    await w.target.upsert(wanted, remote_id)
    assert await w.rig.count(Kind.PERSON) == 1
