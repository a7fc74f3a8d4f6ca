"""What is special about people in Active Directory: passwords, flags, names, containers, protection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import Conflict, LockLost, NotFound, RecordRejected, TryLater
from bridge.exchange import Applied, Refused, Wanted
from bridge.model import Key, Kind, Outcome
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from tests.workers.targets.ldap_line import WRITES, LdapLine
from workers.testing.permits import Always, Counted
from workers.testing.rig import Allowed, connected, person, team

PERSON = Kind.PERSON
DONT_EXPIRE_PASSWORD = 0x10000


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AdRig]:
    async with made_up(tmp_path) as rig:
        yield rig


@pytest.fixture
async def reached(rig: AdRig) -> AsyncIterator[tuple[Allowed, LdapLine]]:
    async with rig.reached() as (target, line):
        assert isinstance(line, LdapLine)
        yield target, line


@pytest.fixture
def target(reached: tuple[Allowed, LdapLine]) -> Allowed:
    return reached[0]


@pytest.fixture
def line(reached: tuple[Allowed, LdapLine]) -> LdapLine:
    return reached[1]


async def flags(rig: AdRig, remote_id: str) -> int:
    entry = await rig.entry(remote_id)
    assert entry
    return int(entry["userAccountControl"])


def password(rig: AdRig, remote_id: str) -> str:
    return rig.made(remote_id).password


async def test_a_newcomer_is_closed_until_there_is_a_password(
    rig: AdRig, target: Allowed, line: LdapLine
) -> None:
    """A new account == made disabled, given a long password, then enabled; nobody else has the password."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    ben = (await target.upsert(person(rig, 2), None)).remote_id
    assert line.writes == ["add", "modify", "modify"] * 2
    assert (await flags(rig, ana), await flags(rig, ben)) == (0x200, 0x200)
    assert len(password(rig, ana)) >= 40
    assert password(rig, ana) != password(rig, ben)


async def test_a_newcomer_without_access_is_disabled(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """Active false, or not mapped at all == disabled, with a password; it opens by one write later."""
    ana = (await target.upsert(person(rig, 1, active=False), None)).remote_id
    bare = {name: value for name, value in rig.person(2).items() if name != "active"}
    ben = (await target.upsert(Wanted(Key(PERSON, "b"), bare), None)).remote_id
    assert (await flags(rig, ana), await flags(rig, ben)) == (0x202, 0x202)
    before, given = len(line.writes), password(rig, ana)
    assert (await target.upsert(person(rig, 1), ana)).outcome is Outcome.UPDATED
    assert (len(line.writes) - before, password(rig, ana)) == (1, given)
    assert await flags(rig, ana) == 0x200


@pytest.mark.parametrize("allowed", [1, 2])
async def test_a_create_that_was_cut_short(rig: AdRig, target: Allowed, allowed: int) -> None:
    """Cut after the entry or its password == found as ours, disabled; the next attempt opens it, once."""
    with pytest.raises(LockLost):
        await Allowed(target.target, Counted(allowed=allowed)).upsert(person(rig, 1), None)
    (found,) = await target.find(person(rig, 1))
    assert (found.ours, found.open) == (True, False)
    assert (await target.upsert(person(rig, 1), found.id)).outcome is Outcome.UPDATED
    assert await target.shows(person(rig, 1).key, found.id) is True
    assert len(password(rig, found.id)) >= 40
    assert await rig.count(PERSON) == 1


async def test_no_right_to_reset_passwords(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """The password is refused == the right is named, the account stays closed, and there is one."""
    line.fail_always(lambda tag: (50, "") if line.writes[-1:] == ["add"] and tag in WRITES else None)
    with pytest.raises(RecordRejected, match="no right to reset people's passwords"):
        await target.upsert(person(rig, 1), None)
    line.fail_always(None)
    (found,) = await target.find(person(rig, 1))
    assert (found.ours, found.open) == (True, False)


async def test_only_one_flag_is_ours(rig: AdRig, target: Allowed) -> None:
    """Closed and opened again == every other flag of the account stays, and so does its password."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    entry = await rig.entry(ana)
    assert entry
    told = str(0x200 | DONT_EXPIRE_PASSWORD)
    await rig.ask("modify", entry["dn"], {"userAccountControl": [("MODIFY_REPLACE", [told])]})
    given = password(rig, ana)
    await target.remove(person(rig, 1).key, ana)
    assert await flags(rig, ana) == 0x202 | DONT_EXPIRE_PASSWORD
    await target.upsert(person(rig, 1), ana)
    assert await flags(rig, ana) == 0x200 | DONT_EXPIRE_PASSWORD
    assert password(rig, ana) == given


async def test_flags_that_are_not_shown(rig: AdRig, target: Allowed) -> None:
    """The flags of an account cannot be read == rejected, as nobody knows which have to stay."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    del rig.made(ana).values["useraccountcontrol"]
    with pytest.raises(RecordRejected, match="right to read"):
        await target.remove(person(rig, 1).key, ana)


async def test_what_the_create_shows(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """The receipt of a create says what was read back; of a change of access it says nothing."""
    created = await target.upsert(person(rig, 1), None)
    assert created.open is True
    change = target.target.change(
        person(rig, 1, active=False), await target.target.read(person(rig, 1).key, created.remote_id)
    )
    assert change
    (receipt,) = await target.target.send([change], Always())
    assert isinstance(receipt, Applied)
    assert receipt.open is None
    renamed = await target.upsert(person(rig, 1, active=False, title="Boss"), created.remote_id)
    assert renamed.open is False
    assert "rename" not in line.writes


async def test_a_new_name_takes_memberships_along(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """Renamed and moved == one write beside the attributes; groups and reports have the same person still."""
    boss = (await target.upsert(person(rig, 1), None)).remote_id
    ana = (await target.upsert(person(rig, 2, manager=boss), None)).remote_id
    group = (await target.upsert(team(rig, 1, [boss, ana]), None)).remote_id
    sales = f"OU=Sales,{rig.place.people}"
    await rig.ask("add", sales, "organizationalUnit")
    writes = len(line.writes)
    wanted = person(rig, 1, cn="Ana Neu, geb. Groß", container=sales)
    assert (await target.upsert(wanted, boss)).outcome is Outcome.UPDATED
    assert line.writes[writes:] == ["rename"]
    entry = await rig.entry(boss)
    assert entry
    assert entry["dn"].endswith(f",{sales}")
    assert entry["cn"] == "Ana Neu, geb. Groß"
    for same in (wanted, person(rig, 2, manager=boss)):
        remote_id = boss if same is wanted else ana
        assert (await target.upsert(same, remote_id)).outcome is Outcome.UNCHANGED
    assert (await target.upsert(team(rig, 1, [boss, ana]), group)).outcome is Outcome.UNCHANGED


async def test_who_was_moved_by_hand_is_found(rig: AdRig, target: Allowed) -> None:
    """Moved by an administrator to where nobody is looked up == closed there all the same."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    entry = await rig.entry(ana)
    assert entry
    await rig.ask("modify_dn", entry["dn"], "CN=Ana 1", new_superior=rig.place.groups)
    async with connected(rig.adapter, rig.direct(base=rig.place.people)) as narrow:
        assert await narrow.find(person(rig, 1)) == []
        assert await narrow.remove(person(rig, 1).key, ana) is Outcome.DEACTIVATED
    assert await flags(rig, ana) == 0x202


async def test_who_was_moved_just_now(rig: AdRig, target: Allowed) -> None:
    """Renamed between the look and the write == tried again, a leaver too; nobody counts as gone."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    key = person(rig, 1).key
    for wanted in (person(rig, 1, title="Boss"), Wanted(key, {}, removal="deactivate")):
        change = target.target.change(wanted, await target.target.read(key, ana))
        assert change
        entry = await rig.entry(ana)
        assert entry
        await rig.ask("modify_dn", entry["dn"], f"CN=Ana {wanted.removal}")
        (receipt,) = await target.target.send([change], Always())
        assert isinstance(receipt, Refused)
        assert isinstance(receipt.error, TryLater)
    assert await flags(rig, ana) == 0x200


async def test_who_was_deleted_just_now(rig: AdRig, target: Allowed) -> None:
    """Deleted between the look and the write == not there for a change, and nothing to do for a leaver."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    key = person(rig, 1).key
    there = await target.target.read(key, ana)
    await rig.ask("delete", f"CN=Ana 1,{rig.place.people}")
    wanted = (person(rig, 1, title="Boss"), Wanted(key, {}, removal="deactivate"))
    changes = [change for one in wanted if (change := target.target.change(one, there))]
    changed, closed = await target.target.send(changes, Always())
    assert isinstance(changed, Refused)
    assert isinstance(changed.error, NotFound)
    assert isinstance(closed, Applied)
    assert (closed.outcome, closed.open) == (Outcome.UNCHANGED, False)


@pytest.mark.parametrize(
    ("container", "says"),
    [
        ("CN=Users,DC=kb,DC=test", "container must be below OU=Kenjo"),
        ("Sales", "container is no distinguished name"),
        ("OU=Nowhere,OU=People,OU=Kenjo,DC=kb,DC=test", "the container is not there"),
    ],
)
async def test_containers_that_cannot_be(rig: AdRig, target: Allowed, container: str, says: str) -> None:
    """Outside base, no name, or not there == a sentence for the operator, nobody made or moved."""
    with pytest.raises(RecordRejected, match=says):
        await target.upsert(person(rig, 1, container=container), None)
    ana = (await target.upsert(person(rig, 2), None)).remote_id
    with pytest.raises(RecordRejected, match=says):
        await target.upsert(person(rig, 2, container=container), ana)
    assert await rig.count(PERSON) == 1


@pytest.mark.parametrize(
    ("shared", "says"),
    [
        ({"cn": "Ana 1"}, "has its name in this container"),
        ({"sAMAccountName": "ANA1"}, "sAMAccountName anywhere in the domain"),
        ({"userPrincipalName": "Ana1@kb.test"}, "a value that no two may have"),
    ],
)
async def test_what_no_two_may_have(rig: AdRig, target: Allowed, shared: dict[str, Any], says: str) -> None:
    """The name, logon name or principal name of somebody else == Conflict, at create and at change."""
    await target.upsert(person(rig, 1), None)
    ben = (await target.upsert(person(rig, 2), None)).remote_id
    with pytest.raises(Conflict, match=says):
        await target.upsert(person(rig, 2, **shared), ben)
    with pytest.raises(Conflict, match=says):
        await target.upsert(person(rig, 3, **shared), None)
    assert await rig.count(PERSON) == 2


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a" * 21, "sAMAccountName has 21 characters, and Active Directory takes 20"),
        ("ana/groß", "must not have any of"),
        ("..", "must not have any of"),
    ],
)
async def test_logon_names_that_cannot_be(rig: AdRig, target: Allowed, name: str, says: str) -> None:
    """Too long, or with a character that signs in nowhere == a sentence, and nothing is sent."""
    with pytest.raises(RecordRejected, match=says):
        target.target.change(person(rig, 1, sAMAccountName=name), None)


async def test_a_logon_name_of_the_domains_own(rig: AdRig, target: Allowed) -> None:
    """No sAMAccountName is mapped == the domain gives one, which stays; one that is mapped later is given."""
    wanted = person(rig, 1, sAMAccountName=None)
    ana = (await target.upsert(wanted, None)).remote_id
    assert (await target.upsert(wanted, ana)).outcome is Outcome.UNCHANGED
    assert rig.made(ana).values["samaccountname"][0].startswith(b"$")
    assert (await target.upsert(person(rig, 1), ana)).outcome is Outcome.UPDATED
    assert (await target.upsert(wanted, ana)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("mark", [{"adminCount": "1"}, {"isCriticalSystemObject": "TRUE"}])
async def test_administrators_are_left_alone(rig: AdRig, target: Allowed, mark: dict[str, str]) -> None:
    """Who is protected is neither changed, closed nor deleted, and one sentence says why."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    entry = await rig.entry(ana)
    assert entry
    await rig.ask("modify", entry["dn"], {name: [("MODIFY_REPLACE", [one])] for name, one in mark.items()})
    assert (await target.upsert(person(rig, 1), ana)).outcome is Outcome.UNCHANGED
    for call in (
        target.upsert(person(rig, 1, title="Boss"), ana),
        target.remove(person(rig, 1).key, ana),
        target.remove(person(rig, 1).key, ana, "delete"),
    ):
        with pytest.raises(RecordRejected, match="administrators are left alone"):
            await call
    assert await flags(rig, ana) == 0x200


async def test_protected_people_may_be_allowed(rig: AdRig) -> None:
    """allow_protected == they are changed like others."""
    name, secret = rig.place.admin
    settings = rig.direct(allow_protected=True, bind_dn=name, password=secret)
    async with connected(rig.adapter, settings) as target:
        ana = (await target.upsert(person(rig, 1), None)).remote_id
        entry = await rig.entry(ana)
        assert entry
        await rig.ask("modify", entry["dn"], {"adminCount": [("MODIFY_REPLACE", ["1"])]})
        assert await target.remove(person(rig, 1).key, ana) is Outcome.DEACTIVATED


async def test_a_likeness_is_not_a_hit(rig: AdRig, target: Allowed) -> None:
    """AD finds é where e is looked for == not taken for the same person."""
    await target.upsert(person(rig, 1, mail="rene@example.org"), None)
    wanted = Wanted(Key(PERSON, "x"), {"mail": "rené@example.org"})
    assert await target.find(wanted) == []


async def test_found_by_what(rig: AdRig, target: Allowed) -> None:
    """By Kenjo's id first; an account without one is found by its name, and one with another id says so."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    (found,) = await target.find(person(rig, 1))
    assert (found.by, found.ours, found.external_id) == ("externalId", True, "kenjo-p1")
    (found,) = await target.find(person(rig, 1, externalId="kenjo-p9"))
    assert (found.id, found.by, found.ours, found.other_id) == (ana, "userPrincipalName", False, True)
    entry = await rig.entry(ana)
    assert entry
    note = {"adminDescription": [("MODIFY_REPLACE", ["somebody's own words"])]}
    await rig.ask("modify", entry["dn"], note)
    (found,) = await target.find(person(rig, 1))
    assert (found.by, found.ours, found.other_id) == ("userPrincipalName", False, False)


async def test_a_value_of_somebody_else_where_the_id_belongs(rig: AdRig, target: Allowed) -> None:
    """The attribute takes one value and has another's == refused, and the other's words stay."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    entry = await rig.entry(ana)
    assert entry
    await rig.ask("modify", entry["dn"], {"adminDescription": [("MODIFY_REPLACE", ["theirs"])]})
    with pytest.raises(RecordRejected):
        await target.upsert(person(rig, 1), ana)
    entry = await rig.entry(ana)
    assert entry
    assert entry["adminDescription"] == "theirs"


@pytest.mark.parametrize(
    "odd",
    [
        "Jürgen Groß",
        'Ana "Anchen" Neu',
        "Neu, Ana + Ben",
        "#1 Ana",
        " ana ",
        "a\\2c b\\",
        "*)(objectClass=*",
        "日本 🦊",
        "=;<>",
    ],
)
async def test_odd_names(rig: AdRig, target: Allowed, odd: str) -> None:
    """Any text as name and value == stored as it is, found, renamed and back, and unchanged afterwards."""
    wanted = person(rig, 1, cn=odd, mail=odd, title=odd, externalId=None)
    remote_id = (await target.upsert(wanted, None)).remote_id
    entry = await rig.entry(remote_id)
    assert entry
    assert (entry["cn"], entry["title"]) == (odd, odd)
    assert [one.id for one in await target.find(Wanted(wanted.key, {"mail": odd}))] == [remote_id]
    assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
    await target.upsert(person(rig, 1, cn="Ana", mail=odd, title=odd), remote_id)
    assert (await target.upsert(person(rig, 1, cn=odd), remote_id)).outcome is Outcome.UPDATED


async def test_a_very_long_value(rig: AdRig, target: Allowed) -> None:
    """Longer than the directory takes == rejected, naming the attribute and no value."""
    with pytest.raises(RecordRejected) as refused:
        await target.upsert(person(rig, 1, title="Buyer " * 100), None)
    assert "Buyer" not in str(refused.value)


async def test_a_manager_who_is_gone(rig: AdRig, target: Allowed) -> None:
    """The manager's entry is deleted meanwhile == rejected with that reason; clearing works."""
    boss = (await target.upsert(person(rig, 1), None)).remote_id
    await target.remove(person(rig, 1).key, boss, "delete")
    with pytest.raises(RecordRejected, match="manager's entry is not in the directory"):
        await target.upsert(person(rig, 2, manager=boss), None)
    ben = (await target.upsert(person(rig, 3), None)).remote_id
    ana = (await target.upsert(person(rig, 2, manager=ben), None)).remote_id
    assert (await target.upsert(person(rig, 2, manager=None), ana)).outcome is Outcome.UPDATED
    assert (await target.upsert(person(rig, 2, manager=None), ana)).outcome is Outcome.UNCHANGED


async def test_only_at_create(rig: AdRig) -> None:
    """only_at_create: [cn] == the entry keeps the name that it was made with."""
    async with connected(rig.adapter, rig.direct(only_at_create=["cn"])) as target:
        ana = (await target.upsert(person(rig, 1), None)).remote_id
        assert (await target.upsert(person(rig, 1, cn="Ana Neu"), ana)).outcome is Outcome.UNCHANGED


async def test_several_values_are_not_ours_to_take(rig: AdRig) -> None:
    """An attribute has values of others == ours is added, theirs stay, and clearing leaves them."""
    mapped = {"otherTelephone": "person.work.workPhone"}
    async with connected(rig.adapter, rig.direct(map=mapped)) as target:
        ana = (await target.upsert(person(rig, 1), None)).remote_id
        theirs = [b"+49 30 1", b"+49 30 2"]
        rig.made(ana).values["othertelephone"] = list(theirs)
        await target.upsert(person(rig, 1, otherTelephone="+49 30 3"), ana)
        await target.upsert(person(rig, 1, otherTelephone=None), ana)
        assert rig.made(ana).values["othertelephone"] == [*theirs, b"+49 30 3"]
