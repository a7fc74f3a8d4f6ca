"""What each target is behind with, and what the workers are asked to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bridge.config.settings import BearerTarget
from bridge.effects import Verb
from bridge.mapping.route import Route
from bridge.model import DAY, ChangeKind, Entry, Key, Kind, Outcome, RecordChange, State
from bridge.store import Hold
from bridge.store.backend import Backend
from bridge.store.claims import Result
from service.watch.pending import Standing, assess, enqueue_pending, is_behind, pending
from tests.inside import contents
from tests.polling import asked
from tests.service.stored import Known, known, person, team

TARGET = "directory"
NOW = 1_000_000.0
ANA, BEN, CLEO = (Key(Kind.PERSON, id_) for id_ in ("ana", "ben", "cleo"))
BLUE = Key(Kind.TEAM, "blue")
MAPPING: dict[str, Any] = {
    "person": {"userName": "person.id", "manager": "person.work.reportsToId"},
    "team": {"displayName": "team.name"},
    "references": {"manager": "person"},
}


def route(mapping: Mapping[str, Any] = MAPPING, **settings: Any) -> Route:
    given = {"kind": "scim", "base_url": "https://example.com", "token": "t", **settings}
    return Route(TARGET, BearerTarget.model_validate(given), mapping)


ROUTE = route()


def applied(**changes: Any) -> Entry:
    done = Entry(revision=1, config=route().fingerprint, state=State.APPLIED, outcome=Outcome.CREATED)
    return replace(done, **changes)


@pytest.mark.parametrize(
    ("entry", "behind"),
    [
        (None, True),
        (applied(), False),
        (applied(revision=0), True),
        (applied(revision=2), True),  # a back-up of the records that is older than the ledger
        (applied(config="other"), True),
        (applied(config=""), True),
        (applied(state=State.FAILED), False),
        (applied(state=State.SKIPPED), False),
        (applied(state=State.REMOVED), False),
        (applied(state=State.REMOVED, delete_at=NOW + 1), False),
        (applied(state=State.REMOVED, delete_at=NOW), True),
        (applied(state=State.APPLIED, delete_at=NOW - 1), False),
        (applied(state=State.RETRYING), True),
        (applied(state=State.RETRYING, retry_at=NOW + 60), True),
        (applied(missing=("person:nobody",)), False),
        (applied(missing=("person:nobody", "person:boss")), True),
        (applied(refs=("person:boss",)), False),
    ],
)
def test_reasons_for_being_behind(entry: Entry | None, *, behind: bool) -> None:
    """New, another revision or configuration, tried again, to be deleted, a reference that is there now."""
    assert is_behind(person("ana"), entry, route().fingerprint, {"person:ana", "person:boss"}, NOW) is behind


def test_an_object_without_a_link_is_looked_for() -> None:
    """The ledger says that the target has it, and no link tells which == behind; only if it was given."""
    for entry, behind in ((applied(), True), (applied(state=State.SKIPPED), False)):
        assert is_behind(person("ana"), entry, route().fingerprint, set(), NOW) is behind


def test_changed_configuration_puts_everything_behind() -> None:
    """Another mapping, scope or mode makes every record pending, another token none."""
    records = known(person("ana"), person("ben"), team("blue"))
    entries = dict.fromkeys(records, applied())
    linked = {str(key) for key in records}
    assert pending(records, entries, route(token="new", rate=1), linked, NOW) == set()
    for change in ({"map": {"title": "person.id"}}, {"scope": "true"}, {"mode": "upsert"}):
        assert pending(records, entries, route(**change), linked, NOW) == records.keys()


def test_kind_that_a_target_does_not_take_is_never_behind() -> None:
    """A target without a mapping for teams, or that wants none, gets none."""
    for people_only in (route({"person": MAPPING["person"]}), route(groups={"from": []})):
        assert pending(known(person("ana"), team("blue")), {}, people_only, (), NOW) == {ANA}


async def store(backend: Backend, records: Known) -> None:
    lease = backend.lease()
    assert await lease.acquire()
    changes = [RecordChange(ChangeKind.APPEARED, stored.record) for stored in records.values()]
    await backend.records.commit(changes, lease, NOW)
    await lease.release()


async def settle(backend: Backend, key: Key, entry: Entry, link: str | None = None) -> None:
    ledger = backend.ledger(TARGET)
    claim = await ledger.claim(key, "token")
    assert claim
    there = f"r-{key.id}" if entry.state is State.APPLIED else None
    await ledger.settle(Result(claim, entry, link or there))
    if entry.state is State.RETRYING:
        await backend.queue.withdraw(TARGET, key)  # so that only the poll asks


async def poll(backend: Backend, records: Known, now: float = NOW, route: Route = ROUTE) -> Standing:
    """What a poll does for a target when the records are these."""
    standing = await assess(records, route, backend, now)
    await enqueue_pending(standing, records, backend, now)
    return standing


async def queued(backend: Backend) -> list[str]:
    """The records that are to be looked at, in order."""
    return [str(key) for key in await asked(backend, TARGET)]


async def test_new_target_gets_everything_in_order(backend: Backend) -> None:
    """A target with an empty ledger is behind with every record: marked pending and asked for, by rank."""
    left = person("left", lifecycle="left")
    records = known(team("blue"), person("ben", "ana"), person("ana"), left)
    await store(backend, records)
    standing = await poll(backend, records)
    assert standing.pending == records.keys()
    assert (standing.failed, standing.held) == (0, frozenset())
    expected = [left.record.key, ANA, BEN, BLUE]
    assert list(await backend.ledger(TARGET).pending()) == expected
    assert await queued(backend) == [str(key) for key in expected]


async def test_assessing_changes_nothing(backend: Backend) -> None:
    """To see where a target stands leaves every value in Redis as it is, whatever else stands there."""
    records = known(person("ana"), person("ben"), team("blue"))
    await store(backend, records)
    await settle(backend, ANA, applied())
    await poll(backend, records)
    await store(backend, known(person("cleo")))
    before = await contents(backend.redis, f"*{backend.keys.account}:*")
    everybody = {**records, ANA: replace(person("ana"), revision=2), CLEO: person("cleo")}
    assert (await assess(everybody, ROUTE, backend, NOW + DAY)).pending == everybody.keys()
    assert await contents(backend.redis, f"*{backend.keys.account}:*") == before


async def test_nothing_is_asked_for_when_the_ledger_is_even(backend: Backend) -> None:
    """Delivered, skipped and parked records make no work; parked ones are counted."""
    records = known(person("ana"), person("ben"), person("cleo"))
    await store(backend, records)
    await settle(backend, ANA, applied())
    await settle(backend, BEN, applied(state=State.SKIPPED))
    await settle(backend, CLEO, applied(state=State.FAILED))
    standing = await poll(backend, records)
    assert (standing.pending, standing.failed) == (frozenset(), 1)
    assert (await queued(backend), await backend.ledger(TARGET).pending()) == ([], {})


async def test_failed_record_that_changed_is_tried_again(backend: Backend) -> None:
    """A parked record with a new revision is behind, and no longer one that the target will not take."""
    records = {ANA: replace(person("ana"), revision=2)}
    await store(backend, records)
    await settle(backend, ANA, applied(state=State.FAILED))
    standing = await poll(backend, records)
    assert (standing.pending, standing.failed) == (frozenset({ANA}), 0)
    assert await queued(backend) == ["person:ana"]


@pytest.mark.parametrize(
    ("retry_at", "is_asked"),
    [
        (NOW - 1, True),
        (NOW, True),
        (NOW + 1, False),
        (NOW + DAY, False),
        (NOW + DAY + 1, True),  # written before the clock was set back
    ],
)
async def test_retrying_record_is_asked_for_when_due(
    backend: Backend, retry_at: float, *, is_asked: bool
) -> None:
    """A record that is tried again is pending all the time, and gets its retry's job when that is due."""
    records = known(person("ana"))
    await store(backend, records)
    await settle(backend, ANA, applied(state=State.RETRYING, attempts=2, retry_at=retry_at))
    assert (await poll(backend, records)).pending == {ANA}
    assert await backend.ledger(TARGET).pending() == {ANA: 1}
    assert await queued(backend) == (["person:ana"] if is_asked else [])


async def test_missing_reference_that_is_there_now_is_caught(backend: Backend) -> None:
    """A record whose manager has got an object meanwhile is behind, even if nobody released it."""
    records = known(person("ana"), person("ben", "ana"))
    await store(backend, records)
    await settle(backend, BEN, applied(missing=(str(ANA),)))
    await poll(backend, {BEN: records[BEN]})
    assert await queued(backend) == []
    await settle(backend, ANA, applied(), "r-ana")
    await poll(backend, records)
    assert await queued(backend) == ["person:ben"]


async def test_unsettled_delivery_is_caught(backend: Backend) -> None:
    """A record whose last delivery never settled is behind, though the ledger says otherwise."""
    records = known(person("ana"), person("ben"))
    await store(backend, records)
    for key in (ANA, BEN):
        await settle(backend, key, applied())
        assert await backend.ledger(TARGET).claim(key, "dies")
    assert (await poll(backend, {ANA: records[ANA]})).pending == {ANA}
    assert await queued(backend) == ["person:ana"]


async def test_what_is_only_read_back_comes_last(backend: Backend) -> None:
    """Doubted people whom the target has as they are == behind those who change, done leavers too."""
    records = known(person("ana"), person("ben"), person("eve", lifecycle="left"), team("blue"))
    await store(backend, records)
    await settle(backend, ANA, applied(), "r-ana")
    eve = Key(Kind.PERSON, "eve")
    await settle(backend, eve, applied(state=State.REMOVED), "r-eve")
    await backend.ledger(TARGET).doubt([ANA, eve])
    assert (await poll(backend, records)).read_back == {ANA, eve}
    assert await queued(backend) == ["person:ben", "team:blue", "person:eve", "person:ana"]


async def test_what_was_settled_meanwhile_is_not_pending_for_ever(backend: Backend) -> None:
    """A delivery settles after the poll has read the ledger == pending until the next poll, and no longer."""
    records = known(person("ana"))
    await store(backend, records)
    standing = await assess(records, ROUTE, backend, NOW)
    await settle(backend, ANA, applied())
    await enqueue_pending(standing, records, backend, NOW)
    assert await backend.ledger(TARGET).count_pending() == 1
    await poll(backend, records)
    assert await backend.ledger(TARGET).count_pending() == 0


async def test_next_poll_doubles_nothing(backend: Backend) -> None:
    """Polls that find the same records behind leave one job each."""
    records = known(person("ana"), team("blue"))
    await store(backend, records)
    for later in range(3):
        await poll(backend, records, NOW + later)
    assert await queued(backend) == ["person:ana", "team:blue"]


async def test_what_is_over_a_limit_waits_for_a_person(backend: Backend) -> None:
    """Nothing is asked for of a kind of change that is over its limit; other and approved ones go on."""
    leavers = [person(f"left{n}", lifecycle="left") for n in range(7)]
    records = known(person("ana"), *leavers)
    await store(backend, records)
    for stored in leavers:
        await settle(backend, stored.record.key, applied(revision=0, open=True), f"r-{stored.record.key.id}")
    standing = await poll(backend, records)
    held = frozenset(stored.record.key for stored in leavers)
    assert (standing.held, standing.pending) == (held, held | {ANA})
    assert standing.coming == {ANA: Verb.CREATE} | dict.fromkeys(held, Verb.REMOVE)
    assert await queued(backend) == ["person:ana"]
    hold = Hold("h", TARGET, "remove", 7, "", "", NOW, tuple(str(key) for key in held))
    await backend.holds.approve(hold, "somebody", NOW)
    assert not (await poll(backend, records)).held
    assert len(await queued(backend)) == 8


async def test_targets_stand_for_themselves(backend: Backend) -> None:
    """What one target has is not asked for again; another one is behind with it."""
    records = known(person("ana"))
    await store(backend, records)
    await settle(backend, ANA, applied())
    other = Route("other", ROUTE.settings, MAPPING)
    assert (await poll(backend, records)).pending == frozenset()
    assert (await poll(backend, records, route=other)).pending == {ANA}
    assert (await queued(backend), await asked(backend, "other")) == ([], [ANA])
