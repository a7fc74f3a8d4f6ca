"""First contact: before anything is written to a target, see how its accounts match the people of Kenjo.

The wrong match key would give everybody a second account. So the first delivery to a target waits until all
people were looked up there, and holds when most of them would be created beside as many accounts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from bridge.backend import Backend
from bridge.errors import RecordRejected, TargetHalted, TryLater
from bridge.http import redact
from bridge.logs import get_logger
from bridge.model import Key, Kind, Record, Stored, Wanted
from bridge.route import Action, Route
from bridge.store import Hold, Survey
from bridge.store.gate import HELD
from bridge.store.holds import FIRST_CONTACT
from workers.apply import resolve
from workers.deliver import Deliverer
from workers.targets.base import Target

log = get_logger("survey")


def hold_id(target: str) -> str:
    """The id of the hold on a first contact."""
    return f"{target}-{FIRST_CONTACT}"


class FirstContact:
    """Lets the first delivery of one target through when the target was surveyed under this configuration."""

    def __init__(self, deliverer: Deliverer, backend: Backend) -> None:
        self.deliverer = deliverer
        self.backend = backend
        self._done = False
        self._lock = asyncio.Lock()

    async def passed(self) -> bool:
        """Survey the target if nobody has. False until a person has decided, or the target answers."""
        if self._done:
            return True
        async with self._lock:
            try:
                self._done = self._done or await self._passed()
            except TryLater as error:
                await self.deliverer.tell_gate(error)
            except TargetHalted as error:
                await self.deliverer.halt(error)
            except RecordRejected as error:
                log.warning(
                    "first contact failed", target=self.deliverer.route.name, reason=redact(str(error))
                )
            return self._done

    async def _passed(self) -> bool:
        route, ledger = self.deliverer.route, self.deliverer.ledger
        former = await self.deliverer.gate.survey()
        if former and former.config == route.fingerprint:
            return not await self._is_held()
        if await ledger.linked():
            return True  # not the first contact
        known = await self.backend.records.known()
        found = await survey(self.deliverer.target, route, known)
        await self.deliverer.gate.note_survey(found)
        log.info("first contact", target=route.name, **found.counts())
        await self._decide(found)
        return not await self._is_held()

    async def _is_held(self) -> bool:
        return await self.backend.holds.get(hold_id(self.deliverer.route.name)) is not None

    async def _decide(self, found: Survey) -> None:
        name, now = self.deliverer.route.name, self.deliverer.clock()
        id_ = hold_id(name)
        people = found.create + found.adopt + found.ambiguous
        if found.create * 2 <= people or found.accounts < people:
            if await self.backend.holds.get(id_):  # of an earlier configuration
                await self.backend.holds.withdraw(id_)
                await self.deliverer.gate.resume()
            return
        reason = (
            f"would create {found.create} of {people} people at a target that has {found.accounts} accounts"
            f" already ({found.adopt} match); is the match right?"
        )
        await self.backend.holds.put(Hold(id_, name, FIRST_CONTACT, found.create, "half", reason, now))
        await self.backend.audit.note("held", now, hold=id_, count=found.create, reason=reason)
        if await self.deliverer.gate.pause(HELD, reason):
            self.deliverer.observer.paused(name, HELD, reason)


async def survey(target: Target, route: Route, known: Mapping[Key, Stored]) -> Survey:
    """Look everybody up who would be created; a target without accounts needs no look-ups."""
    accounts = await target.size()
    people = [stored.record for stored in known.values() if _would_be_created(route, stored)]
    if accounts == 0:
        return Survey(route.fingerprint, 0, create=len(people))
    hits = await asyncio.gather(*(_hits(target, route, record) for record in people))
    counts = Counter("ambiguous" if number > 1 else ("create", "adopt")[number] for number in hits)
    return Survey(route.fingerprint, accounts, counts["create"], counts["adopt"], counts["ambiguous"])


def _would_be_created(route: Route, stored: Stored) -> bool:
    if stored.record.key.kind is not Kind.PERSON:
        return False
    try:
        wanted = route.intend(stored, linked=False).action is Action.UPSERT
        return wanted and not route.lacking(Kind.PERSON, route.map(stored.record))
    except RecordRejected:
        return False


async def _hits(target: Target, route: Route, record: Record) -> int:
    try:
        return len(await target.find(Wanted(record.key, resolve(route.map(record), {}))))
    except RecordRejected:
        return 0
