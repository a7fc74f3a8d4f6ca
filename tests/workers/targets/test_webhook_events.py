"""What a receiver is told over a life, and what it is told when nobody knows what has arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bridge.errors import BridgeError, Conflict, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Wanted
from bridge.model import Kind, Outcome
from tests.workers.targets.webhook_rig import WebhookRig, webhook_rig
from workers.testing.proxy import Fault, Proxy, answer, dropped, lost
from workers.testing.rig import Allowed, person, team

ANA, ID = "kenjo-p1", "person:kenjo-p1"


@dataclass(frozen=True)
class Wired:
    """A receiver, a target, and the line between them."""

    rig: WebhookRig
    target: Allowed
    proxy: Proxy

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.rig.receiver.events

    def ana(self, **changes: Any) -> Wanted:
        return person(self.rig, 1, **changes)

    async def told(self, wanted: Wanted) -> dict[str, Any]:
        """Tell, and give the event that came in last."""
        await self.target.upsert(wanted, f"{wanted.key}")
        return self.events[-1]

    async def fails(self, fault: Fault, wanted: Wanted) -> BridgeError:
        """Tell, while the next request meets a fault."""
        self.proxy.fail(fault)
        found = await self.target.find(wanted)
        with pytest.raises(BridgeError) as caught:
            await self.target.upsert(wanted, found[0].id if found else None)
        return caught.value


@pytest.fixture
async def wired() -> AsyncIterator[Wired]:
    async with webhook_rig() as rig, rig.reached() as (target, proxy):
        assert isinstance(proxy, Proxy)
        yield Wired(rig, target, proxy)


async def test_a_life(wired: Wired) -> None:
    """Hired, promoted, left, back, deleted == one event each, by its type, with what changed."""
    await wired.target.upsert(wired.ana(), None)
    await wired.told(wired.ana(jobTitle="Boss", language=None))
    await wired.target.remove(wired.ana().key, ID)
    await wired.told(wired.ana(jobTitle="Boss", language=None))
    await wired.target.remove(wired.ana().key, ID)
    await wired.target.remove(wired.ana().key, ID, "delete")
    told = [(event["type"].rpartition(".")[2], event["data"]["changed"]) for event in wired.events]
    everything = [name for name, value in wired.rig.person(1).items() if value is not None]
    assert told[0] == ("created", everything)
    assert told[1:] == [
        ("updated", ["jobTitle", "language"]),
        ("deactivated", ["active"]),
        ("reactivated", ["active"]),
        ("deactivated", ["active"]),
        ("deleted", []),
    ]
    assert {event["subject"] for event in wired.events} == {ANA}
    assert wired.events[2]["data"]["jobTitle"] == "Boss"
    assert wired.events[-1]["data"]["email"] == "ana.mueller1@example.com"


async def test_a_mapping_that_closes(wired: Wired) -> None:
    """`active` mapped to false while the record is served == deactivated; text in its place is refused."""
    await wired.target.upsert(wired.ana(), None)
    event = await wired.told(wired.ana(active=False, jobTitle="Gone"))
    assert (event["type"], event["data"]["changed"]) == ("kenjo.person.deactivated", ["jobTitle", "active"])
    with pytest.raises(RecordRejected, match="active must be true or false"):
        await wired.target.upsert(wired.ana(active="no"), ID)


async def test_an_event_that_is_repeated(wired: Wired) -> None:
    """Its answer is lost twice == it comes three times with one id and time, and counts once."""
    await wired.target.upsert(wired.ana(), None)
    for _ in range(2):
        assert isinstance(await wired.fails(lost, wired.ana(jobTitle="Boss")), TryLater)
    await wired.told(wired.ana(jobTitle="Boss"))
    bodies = [seen.json() for seen in wired.proxy.writes[1:]]
    assert bodies == [wired.events[1]] * 3
    assert wired.rig.receiver.repeated == [wired.events[1]["id"]] * 2
    assert wired.rig.receiver.types(ANA) == ["person.created", "person.updated"]


async def test_the_same_again_is_another_event(wired: Wired) -> None:
    """A, B, A, B, deleted, and A anew == six ids, in a growing sequence."""
    await wired.target.upsert(wired.ana(), None)
    for title in ("Boss", "Buyer", "Boss", "Buyer"):
        await wired.told(wired.ana(jobTitle=title))
    await wired.target.remove(wired.ana().key, ID, "delete")
    assert (await wired.target.upsert(wired.ana(), None)).outcome is Outcome.CREATED
    assert len({event["id"] for event in wired.events}) == len(wired.events) == 7
    assert not wired.rig.receiver.repeated
    sequence = [event["sequence"] for event in wired.events]
    assert sequence == sorted(set(sequence))


@pytest.mark.parametrize("fault", [lost, dropped, answer(500), answer(503)])
async def test_a_change_that_is_taken_back(wired: Wired, fault: Fault) -> None:
    """B may have arrived, and it is A again == A is told: the receiver does not stay with B."""
    await wired.target.upsert(wired.ana(), None)
    await wired.fails(fault, wired.ana(jobTitle="Boss"))
    event = await wired.told(wired.ana())
    assert event["data"]["jobTitle"] == "Buyer"
    assert event["data"]["changed"] == ["jobTitle"]
    assert (await wired.target.upsert(wired.ana(), ID)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("fault", [lost, dropped])
async def test_a_return_that_is_taken_back(wired: Wired, fault: Fault) -> None:
    """A reactivation may have arrived, and the person leaves == told of as out, and then closed for sure."""
    await wired.target.upsert(wired.ana(), None)
    await wired.target.remove(wired.ana().key, ID)
    await wired.fails(fault, wired.ana())
    assert await wired.target.shows(wired.ana().key, ID) is None
    assert await wired.target.remove(wired.ana().key, ID) is Outcome.DEACTIVATED
    assert wired.events[-1]["type"] == "kenjo.person.deactivated"
    assert wired.rig.receiver.objects["person"][ANA]["active"] is False
    assert await wired.target.shows(wired.ana().key, ID) is False


async def test_two_events_that_may_have_arrived(wired: Wired) -> None:
    """A return arrives and a leave does not, both unanswered == the leave is repeated until it has."""
    await wired.target.upsert(wired.ana(), None)
    await wired.target.remove(wired.ana().key, ID)
    await wired.fails(lost, wired.ana())
    for _ in range(2):
        wired.proxy.fail(dropped)
        with pytest.raises(TryLater):
            await wired.target.remove(wired.ana().key, ID)
    assert wired.rig.receiver.objects["person"][ANA]["active"] is True
    assert await wired.target.remove(wired.ana().key, ID) is Outcome.DEACTIVATED
    assert wired.rig.receiver.objects["person"][ANA]["active"] is False
    types = ["created", "deactivated", "reactivated", "deactivated"]
    assert wired.rig.receiver.types(ANA) == [f"person.{what}" for what in types]


async def test_an_outage_with_many_changes(wired: Wired) -> None:
    """Twenty changes without an answer == what is told then counts, and the note has stayed short."""
    await wired.target.upsert(wired.ana(), None)
    for number in range(20):
        await wired.fails(dropped, wired.ana(jobTitle=f"Title {number}"))
    note = await wired.rig.notebook.get(wired.ana().key)
    assert note
    assert len(note["sent"]) < 10
    assert (await wired.told(wired.ana()))["data"]["jobTitle"] == "Buyer"
    assert (await wired.target.upsert(wired.ana(), ID)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("fault", [lost, dropped])
async def test_a_newcomer_who_leaves_at_once(wired: Wired, fault: Fault) -> None:
    """A create may have arrived, and the person leaves == found, and told of as out."""
    await wired.fails(fault, wired.ana())
    (there,) = await wired.target.find(wired.ana())
    assert (there.id, there.ours) == (ID, True)
    assert await wired.target.remove(wired.ana().key, there.id) is Outcome.DEACTIVATED
    assert wired.rig.receiver.objects["person"][ANA]["active"] is False


async def test_a_newcomer_who_changes_at_once(wired: Wired) -> None:
    """A create may have arrived, and the record changes == created again, by its new values."""
    await wired.fails(lost, wired.ana())
    event = await wired.told(wired.ana(jobTitle="Boss"))
    assert (event["type"], event["data"]["jobTitle"]) == ("kenjo.person.created", "Boss")
    with pytest.raises(Conflict):
        await wired.target.upsert(wired.ana(), None)


async def test_a_deletion_that_may_have_arrived(wired: Wired) -> None:
    """Repeated == one id; of somebody who comes back before that == created, as they may be gone there."""
    await wired.target.upsert(wired.ana(), None)
    for _ in range(2):
        wired.proxy.fail(lost)
        with pytest.raises(TryLater):
            await wired.target.remove(wired.ana().key, ID, "delete")
    assert len(wired.rig.receiver.repeated) == 1
    assert (await wired.told(wired.ana()))["type"] == "kenjo.person.created"
    assert (await wired.target.upsert(wired.ana(), ID)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(400), RecordRejected),
        (answer(401), TargetHalted),
        (answer(429, Retry_After="0"), TryLater),
    ],
)
async def test_what_was_refused_is_not_there(wired: Wired, fault: Fault, error: type[BridgeError]) -> None:
    """A create or a change that the receiver did not take == as if it had never been sent."""
    assert isinstance(await wired.fails(fault, wired.ana()), error)
    assert await wired.target.find(wired.ana()) == []
    await wired.target.upsert(wired.ana(), None)
    wired.proxy.fail(fault)
    with pytest.raises(error):
        await wired.target.upsert(wired.ana(jobTitle="Boss"), ID)
    assert (await wired.target.upsert(wired.ana(), ID)).outcome is Outcome.UNCHANGED


async def test_somebody_of_whom_nothing_is_noted(wired: Wired) -> None:
    """The notes are lost, and a person leaves == told of as out by the id alone; a change is NotFound."""
    assert await wired.target.remove(wired.ana().key, ID) is Outcome.DEACTIVATED
    assert wired.events[-1]["subject"] == ANA
    assert wired.events[-1]["data"] == {"active": False, "changed": ["active"]}


async def test_members_come_and_go(wired: Wired) -> None:
    """Members are Kenjo's ids; `left` names who is none any more, whichever event of them has arrived."""
    a, b, c = (f"person:kenjo-p{number}" for number in (1, 2, 3))
    remote_id = (await wired.target.upsert(team(wired.rig, 1, [a, b]), None)).remote_id
    wired.proxy.fail(dropped)
    with pytest.raises(TryLater):
        await wired.target.upsert(team(wired.rig, 1, [b, c], frozenset({a})), remote_id)
    await wired.target.upsert(team(wired.rig, 1, [b], frozenset({a, c})), remote_id)
    event = wired.events[-1]
    assert event["type"] == "kenjo.team.updated"
    assert event["data"]["members"] == ["kenjo-p2"]
    assert event["data"]["left"] == ["kenjo-p1", "kenjo-p3"]
    changes = await wired.target.preview(team(wired.rig, 1, [a], frozenset({b})), remote_id)
    assert [(change.attribute, change.old, change.new) for change in changes] == [
        ("members", None, a),
        ("members", b, None),
    ]
    await wired.target.remove(team(wired.rig, 1, []).key, remote_id, "delete")
    assert wired.events[-1]["data"] | {"left": ["kenjo-p2"], "members": []} == wired.events[-1]["data"]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, "Buyer"),  # left out of what is wanted, as `keep` does: it stays
        ({"map": {"jobTitle": None}}, None),  # not mapped any more: told no more
    ],
)
async def test_what_is_not_wanted_now(own: dict[str, Any], expected: str | None) -> None:
    """An attribute that stays as it is == told on; one that nobody maps any more == gone from the events."""
    async with webhook_rig() as rig:
        async with rig.reached() as (target, _):
            await target.upsert(person(rig, 1), None)
        rig.own |= own
        async with rig.reached() as (target, _):
            given = {name: value for name, value in rig.person(1).items() if name != "jobTitle"}
            wanted = Wanted(person(rig, 1).key, given | {"department": "Other"})
            await target.upsert(wanted, ID)
        assert rig.receiver.objects["person"][ANA].get("jobTitle") == expected


async def test_an_object_that_was_handed_over(wired: Wired) -> None:
    """Another record has it now == its subject stays, its id is the new record's, and it is that one's."""
    await wired.target.upsert(wired.ana(), None)
    await wired.target.upsert(person(wired.rig, 2), ID)
    event = wired.events[-1]
    assert (event["subject"], event["data"]["id"]) == (ANA, "kenjo-p2")
    (there,) = await wired.target.find(wired.ana())
    assert (there.ours, there.other_id, there.external_id) == (False, True, "kenjo-p2")


ODD: list[Callable[[], str]] = [
    lambda: "x" * 20_000,
    lambda: "„Ö“ 'é' \" \\ \x07",
    lambda: "🌻" * 50,
    lambda: "",
]


@pytest.mark.parametrize("odd", ODD)
async def test_odd_values(wired: Wired, odd: Callable[[], str]) -> None:
    """Long, quoted, unprintable, beyond the basic plane == as they are; an empty text is nothing."""
    await wired.target.upsert(wired.ana(jobTitle=odd()), None)
    assert wired.rig.receiver.objects[Kind.PERSON][ANA]["jobTitle"] == (odd() or None)
    assert (await wired.target.upsert(wired.ana(jobTitle=odd()), ID)).outcome is Outcome.UNCHANGED
