"""Looks people up at a target before first contact, and counts what would become of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from bridge.errors import (
    RecordRejected,
    StoreUnavailable,
    TargetHalted,
    TryLater,
)
from bridge.exchange import Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Action, Route
from bridge.model import Key, Kind, Record, Stored
from bridge.store import Gate, Survey
from workers.delivery.inventory import MANY, Inventory
from workers.delivery.matching import Verdict, verdict
from workers.targets.base import Target

SAMPLE = 200
"""People who are looked up at most: whether most of them match can be told from so many, within a minute."""

CHECKED = 20
"""People who are looked up even if the target's list lacks them: one who is found shows that it is none."""


def tally(route: Route, accounts: int, people: int, verdicts: Iterable[str]) -> Survey:
    """The survey from what the matches make of each person who was looked up."""
    counts = Counter(verdicts)
    names: tuple[Verdict, ...] = ("create", "adopt", "ambiguous", "undecided")
    return Survey(route.configuration, accounts, people, *(counts[name] for name in names))


async def survey(
    target: Target,
    route: Route,
    known: Mapping[Key, Stored],
    gate: Gate,
    *,
    complete: bool = True,
    inventory: Inventory | None = None,
) -> Survey:
    """Look up who would be created, of many people SAMPLE; a target without accounts needs no look-ups.

    The answers are shared in Redis as they come: a fault, or a killed worker, costs none of them twice. If it
    need not be `complete`, some may be left out whose look-up fails while those of most others succeed. Of
    many people CHECKED are looked up at least, and beyond those whom the target's list does not lack.
    """
    accounts = await target.size()
    people = [stored.record for stored in known.values() if _would_be_created(route, stored)]
    if inventory and (accounts or len(people) >= MANY):  # also for spellings that no look-up finds
        await inventory.load()
    elif accounts == 0:
        return tally(route, 0, len(people), ["create"] * len(people))
    chosen = sorted(people, key=lambda record: _lot(record.key))[:SAMPLE]
    asking = _Asking(target, route, gate, inventory, await gate.looked_up(route.configuration))
    await asking.ask(chosen[:CHECKED], listed=False)
    await asking.ask(chosen[CHECKED:], listed=True)
    asking.raise_faults(many=complete or len(asking.unanswered) * 2 > len(chosen))
    answered = [word for record in chosen if (word := asking.found.get(str(record.key)))]
    return tally(route, accounts, len(people), answered)


@dataclass(slots=True)
class _Asking:
    """Looks people up, a few at once. `found`: what was made of each; `unanswered`: faults of one alone."""

    target: Target
    route: Route
    gate: Gate
    inventory: Inventory | None
    found: dict[str, str]
    faults: list[Exception] = field(default_factory=list)
    unanswered: list[Exception] = field(default_factory=list)

    async def ask(self, records: Iterable[Record], *, listed: bool) -> None:
        """Look up who was not yet; `listed`: whom the list lacks is not."""
        waiting = (record for record in records if str(record.key) not in self.found)
        async with asyncio.TaskGroup() as group:
            for _ in range(self.route.settings.concurrency):
                group.create_task(self._look_up(waiting, listed=listed))

    async def _look_up(self, records: Iterator[Record], *, listed: bool) -> None:
        for record in records:
            if self.faults:  # nobody asks any more
                return
            try:
                word = await self._verdict(record, listed=listed)
                await self.gate.note_looked_up(self.route.configuration, record.key, word)
                self.found[str(record.key)] = word
            except Exception as fault:  # noqa: BLE001 - whatever it is, the others' answers are still heard
                (self.unanswered if _is_of_the_record(fault) else self.faults).append(fault)

    async def _verdict(self, record: Record, *, listed: bool) -> Verdict:
        """What is made of a person's matches."""
        try:
            wanted = Wanted(record.key, resolve(self.route.map(record), {}))
            lacks = self.inventory is not None and self.inventory.listed.lacks(wanted)
            if lacks and listed:
                return "create"
            found = await self.target.find(wanted)
            if self.inventory and lacks and found:
                self.inventory.doubt()
            return verdict(found)
        except RecordRejected:
            return "create"

    def raise_faults(self, *, many: bool) -> None:
        """Raise what went wrong with the target; `many`: also what went wrong with some people only."""
        halted = (fault for fault in self.faults if isinstance(fault, TargetHalted))
        if worst := next(halted, None) or next(iter(self.faults + (self.unanswered if many else [])), None):
            raise worst


def _is_of_the_record(fault: Exception) -> bool:
    """Whether others may be asked on: this one's look-up went wrong, and not the target or Redis."""
    if isinstance(fault, TryLater):
        return not fault.after and not fault.unreachable
    return not isinstance(fault, TargetHalted | RedisError | OSError | StoreUnavailable)


def _lot(key: Key) -> bytes:
    """Draws people by lot, by the same in every worker, and whoever else comes or goes."""
    return hashlib.blake2b(str(key).encode(), digest_size=8).digest()


def _would_be_created(route: Route, stored: Stored) -> bool:
    if stored.record.key.kind is not Kind.PERSON:
        return False
    try:
        wanted = route.intend(stored, linked=False).action is Action.UPSERT
        return wanted and not route.lacks(stored.record)
    except RecordRejected:
        return False
