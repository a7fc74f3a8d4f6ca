"""First contact: before anything is written to a target, see how its accounts match the people of Kenjo.

The wrong match key would give everybody a second account. So the first delivery to a target waits until all
people (of many, a sample) were looked up there, and holds when most of them would be created although there
are as many accounts as people.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from bridge.errors import (
    BridgeError,
    RecordRejected,
    StoreUnavailable,
    TargetHalted,
    TryLater,
    Unreadable,
    unforeseen,
)
from bridge.exchange import Wanted
from bridge.logs import get_logger
from bridge.mapping.references import resolve
from bridge.mapping.route import Action, Route
from bridge.model import Key, Kind, Record, Stored
from bridge.store import Gate, Hold, Survey
from bridge.store.backend import Backend
from bridge.store.gate import HELD
from bridge.store.holds import FIRST_CONTACT
from bridge.wire.redaction import redact
from workers.delivery.deliver import Deliverer
from workers.delivery.inventory import MANY, Inventory
from workers.delivery.matching import Verdict, verdict
from workers.targets.base import Target

log = get_logger("survey")

SAMPLE = 200
"""People who are looked up at most: whether most of them match can be told from so many, within a minute."""

CHECKED = 20
"""People who are looked up even if the target's list lacks them: one who is found shows that it is none."""

COMPLETE_PASSES = 5
"""Surveys in which everybody has to be found or not; one look-up that always fails stops nobody for ever."""

RETRY_INTERVAL = 1.0  # seconds between looks at a first contact that is not over


def hold_id(target: str) -> str:
    """The id of the hold on a first contact."""
    return f"{target}-{FIRST_CONTACT}"


class FirstContact:
    """Lets the first delivery of one target through when the target was surveyed under this configuration."""

    def __init__(self, deliverer: Deliverer, backend: Backend) -> None:
        self.deliverer = deliverer
        self.backend = backend
        self._done = False
        self._said = ""
        self._passes = 0
        self._lock = asyncio.Lock()

    async def passed(self) -> bool:
        """Survey the target if nobody has. False until a person has decided, or the target answers."""
        if self._done:
            return True
        async with self._lock:
            if (await self.deliverer.gate.paused()).get("state") not in (None, HELD):
                return False
            try:
                self._done = self._done or await self._passed()
            except TryLater as error:
                await self.deliverer.tell_gate(error)
            except TargetHalted as error:
                await self.deliverer.halt(error)
            except (RedisError, StoreUnavailable, Unreadable):
                raise
            except RecordRejected as error:
                self._say(error)
            except Exception as error:  # noqa: BLE001 - the other targets go on, whatever it is
                self._say(fault := unforeseen(error))
                # Asked again and again it gets no better: the gate lets it be tried now and then.
                await self.deliverer.tell_gate(TryLater(str(fault), unreachable=True))
            return self._done

    def _say(self, error: BridgeError) -> None:
        """Log once why first contact is not over."""
        if (reason := redact(str(error))) != self._said:
            log.warning("first contact failed", target=self.deliverer.route.name, reason=reason)
        self._said = reason

    async def wait(self, beat: Callable[[], None] = lambda: None) -> None:
        """Wait until deliveries may begin; `beat` is told that the waiting goes on."""
        while True:
            beat()
            if await self.passed():
                return
            await asyncio.sleep(RETRY_INTERVAL)

    @property
    def is_over(self) -> bool:
        """Whether deliveries may begin, as far as was seen."""
        return self._done

    async def _passed(self) -> bool:
        route, gate = self.deliverer.route, self.deliverer.gate
        if await self._is_surveyed():
            return await self._is_let_through()
        if await self.deliverer.ledger.linked():
            return True  # not the first contact
        known = await self.backend.records.known()
        if not known:
            return False  # nothing to compare yet
        self._passes += 1
        found = await survey(
            self.deliverer.target,
            route,
            known,
            gate,
            complete=self._passes <= COMPLETE_PASSES,
            inventory=self.deliverer.inventory,
        )
        if not await self._is_surveyed():  # by another worker, and perhaps judged by a person since
            log.info("first contact", target=route.name, **found.counts())
            await self._judge(found)
            await gate.note_survey(found)  # last: what was begun is begun anew after a crash
        return await self._is_let_through()

    async def _is_surveyed(self) -> bool:
        survey = await self.deliverer.gate.survey()
        return survey is not None and survey.config == self.deliverer.route.configuration

    async def _is_let_through(self) -> bool:
        """Whether nothing is held, or a person has approved; a pause without its hold ends here."""
        if await self.backend.holds.get(hold_id(self.deliverer.route.name)):
            return False
        if (await self.deliverer.gate.paused()).get("state") == HELD:
            await self.deliverer.gate.resume()
        return True

    async def _judge(self, found: Survey) -> None:
        """Hold the target if the accounts do not match; else end a hold of an earlier configuration."""
        name, now = self.deliverer.route.name, self.deliverer.clock()
        id_ = hold_id(name)
        reason = mismatch(found)
        if reason is None:
            await self.backend.holds.withdraw(id_)
            return
        # The pause first: who approves the hold ends it.
        if await self.deliverer.gate.pause(HELD, reason):
            self.deliverer.observer.paused(name, HELD, reason)
        await self.backend.holds.put(Hold(id_, name, FIRST_CONTACT, found.create, "half", reason, now))
        await self.backend.audit.note("held", now, hold=id_, count=found.create, reason=reason)


def mismatch(found: Survey) -> str | None:
    """Why the way in which people are matched seems wrong; None when it seems right."""
    if found.create * 2 <= found.looked_up or found.accounts < found.people:
        return None
    of = "people" if found.looked_up == found.people else f"people looked up, of {found.people},"
    return (
        f"would create {found.create} of {found.looked_up} {of} at a target with {found.accounts} accounts"
        f" already ({found.adopt} match); is the match right?"
    )


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
    if inventory and len(people) >= MANY:
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
        return wanted and not route.lacking(Kind.PERSON, route.map(stored.record))
    except RecordRejected:
        return False
