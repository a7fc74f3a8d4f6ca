"""Polls and deliveries by hand: a scripted Kenjo, the real poller, and what it asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, Kind, Record, Snapshot, Stored
from bridge.store import Hold, Records
from bridge.store.backend import Backend
from service.watch.poller import Poll, Poller
from tests.delivery import TARGET, Clock, Delivery, person, team
from workers.delivery.deliver import Deliverer


async def asked(backend: Backend, target: str = TARGET) -> list[Key]:
    """The records of a target that are to be looked at, now or later, in order."""
    found: list[Key] = []
    for name in ("due", "later"):
        found += [
            Key.parse(one.decode())
            for one in await backend.redis.zrange(backend.keys.at(target, name), 0, -1)
        ]
    return list(dict.fromkeys(found))


@dataclass
class Script:
    """A Kenjo that says what it is told to say."""

    snapshot: Snapshot = field(default_factory=lambda: Snapshot({}))

    def say(self, *records: Record, kept: Collection[str] = ()) -> None:
        """Set the next snapshots; `kept` are ids of people without a usable row."""
        named = frozenset(Key(Kind.PERSON, id_) for id_ in kept)
        self.snapshot = Snapshot({record.key: record for record in records}, named)

    async def fetch_snapshot(self) -> Snapshot:
        """What was said."""
        return self.snapshot

    async def fetch_change(self, since: str) -> Snapshot | None:
        """What was said, if that has another origin."""
        return None if since == self.snapshot.origin else self.snapshot

    async def ask(self, keys: Collection[Key]) -> Mapping[Key, bool | None]:
        """Who is in the snapshot is there, and nobody else."""
        return {key: key in self.snapshot.records or key in self.snapshot.kept for key in keys}


class Watch:
    """A poller of a scripted Kenjo for one target, and a worker that is made to work by hand."""

    def __init__(
        self, backend: Backend, route: Route, clock: Clock, deliverer: Deliverer | None = None
    ) -> None:
        self.kenjo = Script()
        self.backend = backend
        self.clock = clock
        self.deliverer = deliverer
        routes: Mapping[str, Route] = {TARGET: route}
        self.poller = Poller(
            self.kenjo, backend, routes, Metrics(), interval=1.0, clock=lambda: self.clock.now
        )

    async def poll(self, *records: Record, kept: Collection[str] = ()) -> Poll:
        """Poll once, of these records where any are given."""
        if records or kept:
            self.kenjo.say(*records, kept=kept)
        assert await self.poller.lease.acquire()
        return await self.poller.poll_once()

    async def work(self) -> list[Key]:
        """Deliver what stands in the queue, as a worker does. Returns what that was, in order."""
        assert self.deliverer
        asked = await self.take()
        for key in asked:
            await self.deliverer.deliver(key)
        return asked

    async def round(self, *records: Record, kept: Collection[str] = ()) -> None:
        """Poll once, and deliver what is asked for then."""
        await self.poll(*records, kept=kept)
        await self.work()

    async def take(self) -> list[Key]:
        """Empty the queue. Returns the records that were to be looked at, in order."""
        found = await asked(self.backend)
        for key in found:
            await self.backend.queue.withdraw(TARGET, key)
        return found

    async def hold(self) -> Hold:
        """The one hold there is."""
        (found,) = await self.backend.holds.all()
        return found

    async def events(self, what: str) -> list[dict[str, Any]]:
        """The audit's events of one kind, the newest first."""
        return [event for event in await self.backend.audit.read(1000) if event["what"] == what]


def ids(count: int, start: int = 0) -> list[str]:
    """Ids of people, which sort by number."""
    return [f"p{number:03}" for number in range(start, start + count)]


def people(names: Collection[str], **fields: Any) -> list[Record]:
    """People with these ids."""
    return [person(name, **fields) for name in names]


async def start(run: Delivery, count: int, *others: Record) -> Watch:
    """So many people, and whatever else, are at the directory."""
    watch = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    await watch.round(*people(ids(count)), *others)
    assert {user["externalId"] for user in await run.users()} == set(ids(count))
    return watch


def with_leavers(leavers: int, of: int = 10, **fields: Any) -> list[Record]:
    """So many people have left, the others have these fields."""
    left = people(ids(leavers), lifecycle="left")
    return left + people(ids(of - leavers, start=leavers), **fields)


async def inactive(run: Delivery) -> list[str]:
    """The ids of those whose account is inactive."""
    return sorted(user["externalId"] for user in await run.users() if not user["active"])


async def approve(watch: Watch) -> None:
    """Petra approves the one hold there is."""
    await watch.backend.holds.approve(await watch.hold(), "Petra", watch.clock.now)


class Interrupted(Backend):
    """A state in which something happens right after the changes of a poll were committed."""

    meanwhile: Any = None

    @property
    def records(self) -> Records:
        meanwhile = type(self).meanwhile

        class Slow(Records):
            async def commit(self, changes: Any, lease: Any, now: float) -> dict[Key, Stored]:
                written = await super().commit(changes, lease, now)
                await meanwhile()
                return written

        return Slow(self._connection, self.keys, self.codec)


def interrupted(backend: Backend, meanwhile: Any) -> Backend:
    """The same state, with something that happens in the middle of a poll."""
    kind = type("Interrupted", (Interrupted,), {"meanwhile": staticmethod(meanwhile), "__slots__": ()})
    found: Backend = kind(backend.redis, backend.keys, backend.codec)
    return found


def teams(count: int) -> list[Record]:
    """So many teams."""
    return [team(f"t{number:02}") for number in range(count)]
