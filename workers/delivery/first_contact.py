"""First contact: before anything is written to a target, see how its accounts match the people of Kenjo.

The wrong match key would give everybody a second account. So the first delivery to a target waits until all
people (of many, a sample) were looked up there, and holds when most of them would be created although there
are as many accounts as people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.exceptions import RedisError

from bridge.errors import (
    BridgeError,
    Damaged,
    RecordRejected,
    StoreUnavailable,
    TargetHalted,
    TryLater,
    Unreadable,
    unforeseen,
)
from bridge.logs import get_logger
from bridge.printable import counted
from bridge.store import Hold, Survey
from bridge.store.backend import Backend
from bridge.store.gate import HELD
from bridge.store.holds import FIRST_CONTACT
from bridge.wire.redaction import redact
from workers.delivery.deliver import Deliverer
from workers.delivery.survey import survey

log = get_logger("survey")

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
            except Damaged:
                # Like one that was lost, it is found anew: by the next look.
                if not await self.backend.discard_damaged(self.deliverer.clock()):
                    raise
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
        await self.backend.audit.note("held", now, hold=id_, target=name, count=found.create, reason=reason)


def mismatch(found: Survey) -> str | None:
    """Why the way in which people are matched seems wrong; None when it seems right."""
    if found.create * 2 <= found.looked_up or found.accounts < found.people:
        return None
    of = "people" if found.looked_up == found.people else f"people looked up, of {found.people},"
    return (
        f"would create {found.create} of {found.looked_up} {of} at a target with"
        f" {counted(found.accounts, 'account')} already ({found.adopt} match); is the match right?"
    )
