"""What `check` tells of rights that bind_dn lacks, at a real slapd with other access lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.errors import RecordRejected
from tests.workers.targets import slapd as server
from tests.workers.targets.ldap_line import line_to
from tests.workers.targets.slapd import GROUPS, PEOPLE, Slapd, slapd
from tests.workers.targets.test_ldap_slapd import SlapdRig
from workers.testing.rig import Allowed, connected, person, team

pytestmark = pytest.mark.skipif(bool(server.MISSING), reason=server.MISSING)

PLACES = (PEOPLE, GROUPS)
NONE = [f'access to dn.subtree="{one}" by * read' for one in PLACES]
ATTRIBUTES_ONLY = [f'access to dn.subtree="{one}" attrs=entry,children by * read' for one in PLACES]
SOME = [f'access to dn.subtree="{PEOPLE}" attrs=mail,manager,pwdAccountLockedTime by * read']
NO_MEMBERS = [f'access to dn.subtree="{GROUPS}" attrs=member by * read']
ONE_ENTRY = [f'access to dn.exact="uid=ana0,{PEOPLE}" by * read']

READS_PEOPLE, READS_GROUPS = (
    f"bind_dn may only read the entries in {one}: give it the right to write there"
    for one in ("people", "groups_base")
)
MAKES_NOBODY, MAKES_NO_GROUP = (
    f"bind_dn has no right to make or rename entries in {one}: give it `write` to `entry` and"
    " `children` there"
    for one in ("people", "groups_base")
)


def no_change_of(attributes: str, place: str) -> str:
    return f"bind_dn has no right to change {attributes} of entries in {place}: give it `write` to that"


@asynccontextmanager
async def checked(
    first: Sequence[str], *, filled: bool = True, **more: Any
) -> AsyncIterator[tuple[SlapdRig, Allowed, tuple[str, ...]]]:
    """A server with these access lines, two people and a group, and what a check told."""
    with slapd(first=first) as running:
        rig = SlapdRig(running)
        if filled:
            fill(running)
        before = rig.entries(server.SUFFIX)
        async with connected(rig.adapter, rig.settings(running.port, **more)) as target:
            problems = (await target.check()).problems
            assert rig.entries(server.SUFFIX) == before
            yield rig, target, problems
        rig.admin.unbind()


def fill(running: Slapd) -> None:
    admin = running.connection()
    for number in range(2):
        names = {"cn": "Ana", "sn": "M", "mail": f"a{number}@example.org", "manager": server.ADMIN}
        assert admin.add(f"uid=ana{number},{PEOPLE}", ["inetOrgPerson"], names), admin.result
    member = {"member": f"uid=ana1,{PEOPLE}"}
    assert admin.add(f"cn=team,{GROUPS}", ["groupOfNames"], member), admin.result
    admin.unbind()


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ([], ()),
        (NONE, (READS_PEOPLE, READS_GROUPS)),
        (ATTRIBUTES_ONLY, (MAKES_NOBODY, MAKES_NO_GROUP)),
        (SOME, (no_change_of("mail, manager, pwdAccountLockedTime", "people"),)),
        (NO_MEMBERS, (no_change_of("member", "groups_base"),)),
        (ONE_ENTRY, ()),
    ],
)  # fmt: skip
async def test_what_is_lacking(first: Sequence[str], told: tuple[str, ...]) -> None:
    """No right, some, all, or all but for one entry == a sentence for what lacks everywhere."""
    async with checked(first) as (_, _, problems):
        assert problems == told


async def test_it_is_true_of_the_first_write() -> None:
    """What was told == what is refused afterwards, and nothing else is."""
    async with checked(ATTRIBUTES_ONLY) as (rig, target, problems):
        assert MAKES_NOBODY in problems
        with pytest.raises(RecordRejected, match="no right to create entries in this container"):
            await target.upsert(person(rig, 7), None)
        (ana,) = [one["entryUUID"] for one in rig.entries(PEOPLE, "(uid=ana1)")]
        await target.upsert(person(rig, 1, uid="ana1", title="Boss"), ana)
        with pytest.raises(RecordRejected, match="no right to create entries in this container"):
            await target.upsert(team(rig, 7, [ana]), None)


async def test_what_is_not_given_is_not_asked_about() -> None:
    """Out of the mapping, no groups, or never changed == nothing of a right to that."""
    removed = {"mail": None, "manager": None, "uid": "person.id"}
    async with checked(SOME, map=removed, match=["externalId"]) as (_, _, problems):
        assert [one.partition(" of ")[0] for one in problems] == [
            "bind_dn has no right to change pwdAccountLockedTime"
        ]
    async with checked(SOME, mode="create_only") as (_, _, problems):
        assert problems == ()
    async with checked(NONE, groups={"from": []}) as (_, _, problems):
        assert problems == (READS_PEOPLE,)


async def test_nobody_is_there_yet() -> None:
    """No entry in the container == nothing can be told, and no change is asked for."""
    async with checked(NONE, filled=False) as (_, _, problems):
        assert problems == ()


async def test_what_is_asked_for() -> None:
    """A check by a line that counts == renames and changes of one entry's attributes, no add, no delete."""
    with slapd() as running:
        rig = SlapdRig(running)
        fill(running)
        async with (
            line_to(running.port) as line,
            connected(rig.adapter, rig.settings(line.own_port)) as target,
        ):
            await target.check()
            assert set(line.writes) == {"modify", "rename"}
        rig.admin.unbind()
