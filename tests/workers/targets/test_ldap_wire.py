"""Connections, TLS, sign-in, time-outs, and what refusals mean, at the made-up Active Directory."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import BridgeError, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Wanted
from bridge.model import Key, Kind
from tests.workers.targets.certificates import made
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from tests.workers.targets.ldap_line import BIND, SEARCH, WRITES, LdapLine, line_to
from workers.targets.ldap.settings import LdapSettings
from workers.testing.rig import Allowed, connected, person, team

SECRET = "planted-secret-7"


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


def calls(rig: AdRig, target: Allowed) -> list[Any]:
    return [
        target.check(),
        target.find(person(rig, 1)),
        target.upsert(person(rig, 1), None),
        target.remove(Key(Kind.PERSON, "kenjo-p1"), "0aeca5cb-f717-4625-822b-c5e8a6ee2b98"),
    ]


async def test_start_tls(rig: AdRig) -> None:
    """ldap:// == StartTLS comes before the password, and everything works."""
    assert rig.server
    async with connected(rig.adapter, rig.direct(address=f"ldap://localhost:{rig.server.port}")) as target:
        assert (await target.upsert(person(rig, 1), None)).open is True


async def test_wrong_credentials(rig: AdRig) -> None:
    """A wrong password == the target halts, whatever is asked first, and no secret is told."""
    async with connected(rig.adapter, rig.direct(password=SECRET)) as target:
        for call in calls(rig, target):
            with pytest.raises(TargetHalted, match="the name or the password is wrong") as halted:
                await call
            assert SECRET not in str(halted.value)


@pytest.mark.parametrize(
    ("data", "says"), [("533", "disabled"), ("775", "locked"), ("532", "expired"), ("773", "changed first")]
)
async def test_why_the_sign_in_is_refused(rig: AdRig, data: str, says: str) -> None:
    """What Active Directory says of the account == said in words."""
    assert rig.server
    rig.server.refuses_sign_in = data
    async with connected(rig.adapter, rig.direct()) as target:
        with pytest.raises(TargetHalted, match=says):
            await target.check()


@pytest.mark.parametrize("names", [("other.example",), ()])
async def test_a_certificate_that_is_not_trusted(rig: AdRig, tmp_path: Path, names: tuple[str, ...]) -> None:
    """Signed by somebody else, or for another host == halted before the password is sent, and says so."""
    (tmp_path / "other").mkdir()
    other = made(tmp_path / "other", names or ("localhost",))
    inner = rig.certificates.client()
    async with line_to(rig.place.port, inner, other.server()) as line:
        trusted = other.authority if names else rig.certificates.authority
        settings = rig.direct(address=f"ldaps://localhost:{line.own_port}", ca_file=str(trusted))
        async with connected(rig.adapter, settings) as target:
            with pytest.raises(TargetHalted, match="certificate is not trusted"):
                await target.check()
        assert line.searches == 0


async def test_nobody_listens(rig: AdRig) -> None:
    """Nothing listens there == said to be the whole target's fault."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"ldaps://localhost:{closed.getsockname()[1]}"
        async with connected(rig.adapter, rig.direct(address=address)) as target:
            for call in calls(rig, target):
                with pytest.raises(TryLater) as later:
                    await call
                assert later.value.unreachable


async def test_no_answer_in_time(rig: AdRig, line: LdapLine) -> None:
    """The server is silent == no answer within the time-out, and no thread stays behind."""
    before = threading.active_count()
    address = f"ldaps://localhost:{line.own_port}"
    async with connected(rig.adapter, rig.settings(line.own_port, timeout=2, address=address)) as target:
        await target.find(person(rig, 1))
        for tags in ({SEARCH}, {BIND}):
            line.fail_always(lambda tag, tags=tags: "hang" if tag in tags else None)  # type: ignore[misc]
            with pytest.raises(TryLater, match="no answer") as later:
                await target.find(person(rig, 1))
            assert later.value.unreachable
    await asyncio.sleep(1)
    assert threading.active_count() <= before


async def test_an_answer_that_trickles(rig: AdRig, line: LdapLine) -> None:
    """Each byte comes in time, and the whole answer never == no answer within the time-out."""
    async with connected(rig.adapter, rig.settings(line.own_port, timeout=2)) as target:
        await target.find(person(rig, 1))
        line.slow = 0.3
        async with asyncio.timeout(10):
            with pytest.raises(TryLater, match="no answer within 2 s"):
                await target.find(person(rig, 1))


@pytest.mark.parametrize("tags", [{SEARCH}, set(WRITES), {BIND}])
async def test_the_connection_breaks(rig: AdRig, target: Allowed, line: LdapLine, tags: set[int]) -> None:
    """Broken instead of answered == a passing fault of the whole target; the next call connects anew."""
    line.fail_always(lambda tag: "drop" if tag in tags else None)
    with pytest.raises(TryLater) as later:
        await target.upsert(person(rig, 1), None) if tags == set(WRITES) else await target.find(
            person(rig, 1)
        )
    assert later.value.unreachable
    line.fail_always(None)
    assert (await target.upsert(person(rig, 1), None)).remote_id


async def test_a_connection_that_was_closed_meanwhile(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """The server closes connections that nobody uses == another is opened, and nobody notices."""
    await target.find(person(rig, 1))
    line.cut()
    await asyncio.sleep(0.1)
    assert (await target.upsert(person(rig, 1), None)).remote_id
    assert line.connections == 2


async def test_one_connection_for_many(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """One after the other == all by one connection; at the same time == no more than concurrency allows."""
    for number in range(5):
        await target.find(person(rig, number))
    assert line.connections == 1
    await asyncio.gather(*(target.find(person(rig, number)) for number in range(50)))
    assert line.connections <= 10


@pytest.mark.parametrize(
    ("code", "text", "kind", "says"),
    [
        (51, "", TryLater, "busy"),
        (52, "", TryLater, "unavailable"),
        (3, "", TryLater, "timeLimitExceeded"),
        (8, "", TargetHalted, "use ldaps:// or start_tls"),
        (10, "", TargetHalted, "refers to another server"),
        (53, "shadow context; no global superior knowledge", TargetHalted, "refers to another server"),
        (50, "00000005: SecErr: DSID-1, problem 4003", RecordRejected, "no right to write each mapped"),
        (53, "0000001F: SvcErr: DSID-1, problem 5003", RecordRejected, "0000001F"),
        (21, "title: value #0 invalid per syntax", RecordRejected, "attribute title"),
        (65, "attribute 'title' not allowed", RecordRejected, "attribute title"),
    ],
)
async def test_what_a_refused_change_means(
    rig: AdRig, target: Allowed, line: LdapLine, code: int, text: str, kind: type[Exception], says: str
) -> None:
    """Each result of a write == what happens next, in a sentence with the code."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    line.at_a_write((code, text))
    with pytest.raises(kind, match=says) as refused:
        await target.upsert(person(rig, 1, title="Boss"), ana)
    assert str(code) in str(refused.value)
    assert not isinstance(refused.value, TryLater) or not refused.value.of_the_target


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (50, TargetHalted, "may not read"),
        (32, TargetHalted, "base is not there"),
        (51, TryLater, "busy"),
        (11, RecordRejected, "adminLimitExceeded"),
    ],
)
async def test_what_a_refused_look_up_means(
    rig: AdRig, target: Allowed, line: LdapLine, code: int, kind: type[Exception], says: str
) -> None:
    """A look-up that is refused proves nothing == nobody is created on it."""
    line.fail_always(lambda tag: (code, "") if tag == SEARCH else None)
    with pytest.raises(kind, match=says):
        await target.find(person(rig, 1))


async def test_a_missing_right_is_named(rig: AdRig) -> None:
    """The container is not delegated == check names it, and a create is rejected with the right."""
    assert rig.server
    rig.server.accounts["bridge@kb.test"] = ("made-up-bridge", rig.place.groups)
    async with connected(rig.adapter, rig.direct()) as target:
        greeting = await target.check()
        assert greeting.problems == (
            "bind_dn has no right to create user entries in people: delegate it there",
        )
        with pytest.raises(RecordRejected, match="no right to create entries in this container"):
            await target.upsert(person(rig, 1), None)


async def test_what_check_tells(rig: AdRig) -> None:
    """What is configured and not there == a sentence for each; else who and how many."""
    await rig.can_be_members(3)
    async with connected(rig.adapter, rig.direct()) as target:
        greeting = await target.check()
    assert greeting.facts == ("Active Directory, 3 people",)
    nowhere = f"OU=Nowhere,{rig.place.ours}"
    mapped = {"shoeSize": "person.work.jobTitle"}
    async with connected(rig.adapter, rig.direct(groups_base=nowhere, map=mapped)) as target:
        greeting = await target.check()
    assert [problem.partition(":")[0] for problem in greeting.problems] == [
        "groups_base is not there, or bind_dn may not see it",
        "the server's schema has no attribute shoeSize",
    ]
    other = {"server_type": "openldap", "object_classes": ["user"], "match": ["mail"]}
    async with connected(rig.adapter, rig.direct(**other)) as target:
        assert "check server_type" in (await target.check()).problems[-1]


async def test_errors_are_private(rig: AdRig, target: Allowed, line: LdapLine) -> None:
    """The server repeats all that it was sent == no value of a person in any error."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    changed = person(rig, 1, **rig.changes)
    words = " ".join(str(value) for value in (*changed.attributes.values(), *rig.person(2).values()))
    for code in (1, 16, 19, 21, 34, 50, 53, 64, 65, 67, 68, 80):
        texts = []
        for wanted, remote_id in ((changed, ana), (person(rig, 2), None)):
            line.at_a_write((code, f"00000057: {words}: value #0 invalid"))
            with pytest.raises(BridgeError) as refused:
                await target.upsert(wanted, remote_id)
            texts.append(str(refused.value))
        for text in texts:
            for value in words.split():
                assert len(value) < 5 or value.lower() not in text.lower(), text


def test_no_secret_is_shown(rig: AdRig) -> None:
    """repr, str and a dump of the settings == without the password."""
    settings = LdapSettings.model_validate(rig.direct(password=SECRET))
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


async def test_an_id_that_is_none(rig: AdRig, target: Allowed) -> None:
    """An id that cannot be one of this directory's == not there, whatever is in it."""
    for odd in ("999999", "a/b@example.com", "*)(objectClass=*", "", "é ü"):
        assert await target.target.read(person(rig, 1).key, odd) is None
        with pytest.raises(NotFound):
            await target.upsert(person(rig, 2), odd)


async def test_a_group_is_no_person(rig: AdRig, target: Allowed) -> None:
    """The id of a group, asked for as a person == not there."""
    group = (await target.upsert(team(rig, 1, []), None)).remote_id
    assert await target.target.read(person(rig, 1).key, group) is None


async def test_nothing_to_look_up_by(target: Allowed) -> None:
    """None of the attributes of match has a value == rejected, not taken for absent."""
    with pytest.raises(RecordRejected, match="looked up"):
        await target.find(Wanted(Key(Kind.PERSON, "x"), {"title": "Buyer"}))
