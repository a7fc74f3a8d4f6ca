"""A poll that finds everything as it was costs next to nothing; whatever else may decide makes it whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import service.kenjo.client
from bridge.errors import LeaseLost, SourceUnavailable
from bridge.model import ChangeKind, Entry, Key, Kind, Outcome, Record, RecordChange, State
from bridge.store.backend import Backend
from service.kenjo.answers import parsed_list
from service.kenjo.client import KenjoClient
from service.kenjo.snapshot import View
from service.watch.poller import Poller
from service.watch.stillness import WHOLE_EVERY
from tests.service.client import Connect
from tests.service.watching import LISTS, Watching, watching

DAY = 86400.0


@pytest.fixture
async def still(backend: Backend) -> AsyncIterator[Watching]:
    """An account in which nothing is left to do, and the last poll was short."""
    async with watching(backend, people=20) as here:
        await here.settle()
        assert await here.poll_again()
        assert await here.poll_again() is None
        yield here


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lists that were decoded."""
    found = []

    async def counted(answer: Any, path: str, *rest: Any) -> Any:
        found.append(path)
        return await parsed_list(answer, path, *rest)

    monkeypatch.setattr(service.kenjo.client, "parsed_list", counted)
    return found


async def read_back(backend: Backend) -> int:
    """How many whole hashes anybody has read so far."""
    stats: dict[str, Any] = await backend.redis.info("commandstats")
    return int(stats["cmdstat_hgetall"]["calls"])


async def test_what_is_unchanged_is_neither_decoded_nor_compared(still: Watching, decoded: list[str]) -> None:
    """Nothing has changed == each list is asked for once, none is decoded, no hash read."""
    asked, hashes = still.sandbox.requests.counts.copy(), await read_back(still.backend)
    assert await still.poll_again() is None
    now = still.sandbox.requests.counts
    assert [now[f"GET {path}"] - asked[f"GET {path}"] for path in LISTS] == [1] * len(LISTS)
    assert decoded == []
    assert await read_back(still.backend) == hashes


async def test_a_short_poll_is_seen(still: Watching) -> None:
    """A short poll == the snapshot is as young as that poll, and says as much as before."""
    before = await still.backend.records.last_snapshot()
    await still.poll_again()
    assert before
    assert await still.backend.records.last_snapshot() == {**before, "at": still.clock.now}


async def test_one_list_that_differs_lets_all_be_read(still: Watching, decoded: list[str]) -> None:
    """Somebody is renamed == a whole poll with that change, and the next ones find nothing more."""
    still.sandbox.actions.rename(last_name="Ñandú")
    poll = await still.poll_again()
    assert poll
    assert [change.kind for change in poll.changes] == [ChangeKind.CHANGED]
    assert set(LISTS) <= set(decoded)


async def _an_hour(here: Watching) -> None:
    here.clock.now += WHOLE_EVERY


async def _clock_set_back(here: Watching) -> None:
    here.clock.now -= WHOLE_EVERY


async def _forgotten(here: Watching) -> None:
    await here.backend.forgotten.add(await somebody(here), here.clock.now)


async def _lost(name: str, here: Watching) -> None:
    redis: Any = here.backend.redis
    assert await redis.hdel(name, str(await somebody(here)))


async def _lost_record(here: Watching) -> None:
    await _lost(here.backend.keys.of("records"), here)


async def _lost_revision(here: Watching) -> None:
    await _lost(here.backend.keys.of("revisions"), here)


async def _damaged_record(here: Watching) -> None:
    redis: Any = here.backend.redis
    await redis.hset(here.backend.keys.of("records"), str(await somebody(here)), b"j{")


async def _lost_link(here: Watching) -> None:
    await _lost(here.backend.keys.at("directory", "links"), here)


async def _emptied(here: Watching) -> None:
    await here.backend.redis.delete(here.backend.keys.of("records"), here.backend.keys.of("revisions"))


async def _committed(here: Watching) -> None:
    key = await somebody(here)
    record = (await here.known())[key].record
    change = RecordChange(ChangeKind.CHANGED, Record(key, {**record.data, "lifecycle": "inactive"}))
    await here.backend.records.commit([change], here.poller.lease, here.clock.now)


async def _other_service(here: Watching) -> None:
    await here.poller.lease.release()
    other = here.backend.lease()
    assert await other.acquire()
    await other.release()


async def _configured(here: Watching) -> None:
    here.route.configuration = "another"


async def _delivered(here: Watching) -> None:
    failed = Entry(revision=1, state=State.FAILED, outcome=Outcome.FAILED, reason="refused")
    await here.backend.ledger("directory").write(await somebody(here), failed)


async def _in_doubt(here: Watching) -> None:
    await here.backend.ledger("directory").doubt([await somebody(here)])


async def _held_back(here: Watching) -> None:
    await here.backend.holds.hold_back("directory", [str(await somebody(here))], "found")


async def _reconnected(here: Watching) -> None:
    await here.backend.redis.client_kill_filter(_type="normal", skipme=True)


@pytest.mark.parametrize(
    "happens",
    [
        _an_hour,
        _clock_set_back,
        _forgotten,
        _lost_record,
        _lost_revision,
        _damaged_record,
        _lost_link,
        _emptied,
        _committed,
        _other_service,
        _configured,
        _delivered,
        _in_doubt,
        _held_back,
        _reconnected,
    ],
)
async def test_what_may_decide_makes_a_whole_poll(
    still: Watching, happens: Callable[[Watching], Awaitable[None]]
) -> None:
    """Something else than Kenjo's lists has changed == the next poll is a whole one."""
    await happens(still)
    assert await still.poll_again()


async def test_a_record_that_was_lost_is_found_anew(still: Watching) -> None:
    """Redis loses a record == the next poll brings it back."""
    before = await still.known()
    await _lost_record(still)
    await still.poll_again()
    assert (await still.known()).keys() == before.keys()


async def test_what_is_due_is_not_missed(still: Watching) -> None:
    """An account is to be deleted at a time == polls are short until then, and whole from then on."""
    ledger, key = still.backend.ledger("directory"), await somebody(still)
    entry = await ledger.entry(key)
    assert entry
    due = still.clock.now + 250.0
    await ledger.write(key, replace(entry, state=State.REMOVED, delete_from=1.0, delete_at=due))
    short = [await still.poll_again() is None for _ in range(5)]
    assert short == [False, True, True, True, False]


async def test_what_is_pending_is_looked_at_by_every_poll(still: Watching) -> None:
    """A record that the target lacks == no poll is short until it is there."""
    await _lost(still.backend.keys.at("directory", "ledger"), still)
    assert all([await still.poll_again() for _ in range(3)])
    await still.settle()
    assert [await still.poll_again() is None for _ in range(2)] == [False, True]


async def test_a_redis_that_lets_nobody_watch(still: Watching) -> None:
    """The user of Redis may not WATCH == all polls are whole, and none fails."""
    redis: Any = still.backend.redis
    await redis.execute_command("ACL", "SETUSER", "default", "-watch")
    try:
        await still.poll_again()  # the last one that was watched
        assert all([await still.poll_again() for _ in range(2)])
    finally:
        await redis.execute_command("ACL", "SETUSER", "default", "+watch")


async def test_kenjo_is_left_alone_by_short_polls_too(still: Watching) -> None:
    """Kenjo has asked for rest == a poll that would be short asks nothing."""
    await still.backend.records.leave_source_alone(60.0)
    asked = still.sandbox.requests.counts.copy()
    with pytest.raises(SourceUnavailable):
        await still.poll_again()
    assert still.sandbox.requests.counts == asked


async def test_a_lost_lease_stops_a_short_poll(still: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another service takes the lease while Kenjo answers == LeaseLost."""
    fetch_change = still.poller.source.fetch_change

    async def slow(since: str) -> Any:
        await still.backend.redis.set(still.backend.keys.of("lease"), "another")
        return await fetch_change(since)

    monkeypatch.setattr(type(still.poller.source), "fetch_change", lambda _, since: slow(since))
    with pytest.raises(LeaseLost):
        await still.poll_again()


async def test_a_new_process_polls_wholly(still: Watching) -> None:
    """A service starts, perhaps with another configuration == its first poll is a whole one."""
    routes = {"directory": still.route}
    fresh = Poller(
        still.poller.source, still.backend, routes, still.poller._metrics, interval=60, clock=lambda: 0.0
    )
    await still.poller.stand_down()
    assert await fresh.lease.acquire()
    assert await fresh.poll()
    await fresh.stand_down()


async def test_a_new_day_is_looked_at(still: Watching) -> None:
    """It is midnight == a whole poll, also where the last one was a minute ago."""
    still.clock.now += DAY - still.clock.now % DAY - 2.5 * 60.0
    assert await still.poll_again()
    assert [await still.poll_again() is None for _ in range(3)] == [True, False, True]


async def test_each_office_has_its_own_midnight(connect: Connect) -> None:
    """It is a new day in an office's time zone only == another snapshot; within a day it is the same."""
    fields = frozenset({("person", "account", "email")})
    view = View(fields, ZoneInfo("UTC"), {"Auckland": ZoneInfo("Pacific/Auckland")}, 0)
    now = [datetime(2026, 6, 3, 11, 0, tzinfo=UTC)]
    client: KenjoClient = connect(clock=lambda: now[0])
    first = await client.fetch_change(view, "")
    assert first
    now[0] = datetime(2026, 6, 3, 11, 59, tzinfo=UTC)
    assert await client.fetch_change(view, first.origin) is None
    now[0] = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)  # midnight in Auckland
    assert await client.fetch_change(view, first.origin)


async def somebody(here: Watching) -> Key:
    """The first of those who are known."""
    return min(key for key in await here.known() if key.kind is Kind.PERSON)
