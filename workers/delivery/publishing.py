"""Lets targets publish that have more to do once their records are settled, such as to write a file.

What is published tells of everybody, so it must never be half of a state: nothing may be pending, and one
worker at a time has the draft judged, and publishes. See docs/decisions/0021-files-are-written-whole.md.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError

from bridge.commands import command
from bridge.errors import Damaged, LockLost, StoreUnavailable, TargetHalted, TryLater, unforeseen
from bridge.exchange import Draft, Publication
from bridge.logs import get_logger
from bridge.model import Entry, Key, State
from bridge.store.backend import Backend
from bridge.store.queue import Due
from bridge.store.raising import raise_hold, withdraw
from bridge.wire.redaction import redact
from workers.delivery.deliver import Deliverer
from workers.delivery.losing import excess, hold_id
from workers.delivery.publishing_turn import Quiet, kept
from workers.targets.base import Publisher

log = get_logger("publishing")

CHECK_INTERVAL = 1.0  # seconds between looks
LONGEST_GAP = 60.0  # seconds between two tries of what fails, or waits for a person


@dataclass(frozen=True, slots=True)
class Left:
    """Why something is left to be published.

    `held`: it waits for a person; `failed`: it was tried; `soon`: it may be done in a moment.
    """

    reason: str
    held: bool = False
    failed: bool = False
    soon: bool = False


async def keep_publishing(deliverer: Deliverer, backend: Backend) -> None:
    """Publish what is due, until cancelled. For a target that publishes nothing there is nothing to do."""
    if not isinstance(deliverer.target, Publisher):
        return
    publishing, gap, said = Publishing(deliverer, deliverer.target, backend), CHECK_INTERVAL, ""
    while True:
        await asyncio.sleep(gap)
        try:
            left = await publishing.publish_if_due()
        except (RedisError, OSError, StoreUnavailable):
            continue  # the worker's own loop says that Redis is away
        except Exception as error:  # noqa: BLE001 - deliveries go on, whatever it is
            left = Left(str(unforeseen(error)), failed=True)
        gap = min(gap * 2, LONGEST_GAP) if left and (left.failed or left.held) else CHECK_INTERVAL
        if left and left.failed and left.reason != said:
            log.warning("publication failed", target=deliverer.route.name, reason=left.reason)
        said = left.reason if left and left.failed else ""


class Publishing:
    """The publications of one target, as one worker sees to them."""

    def __init__(self, deliverer: Deliverer, target: Publisher, backend: Backend) -> None:
        self._deliverer = deliverer
        self._target = target
        self._backend = backend
        self._name = deliverer.route.name
        self._publications = backend.publications(self._name)

    async def publish_if_due(self) -> Left | None:
        """Publish if it is time, and nothing stands in the way. None when nothing is left to be published.

        Raises what Redis raises.
        """
        now, last = self._deliverer.clock(), await self._publications.last()
        if not await self._target.due(last, now):
            return None
        if await self._deliverer.gate.paused():
            return Left("the target is paused")
        if not await self._is_quiet():
            return Left("records are still to be delivered")
        token = secrets.token_hex(8)
        if not await self._publications.begin(token):
            return Left("another worker publishes", soon=True)
        try:
            async with kept(self._publications, token):
                return await self._tried(token, now)
        except LockLost as error:
            return Left(str(error), soon=True)
        finally:
            await self._publications.end(token)

    async def _tried(self, token: str, now: float) -> Left | None:
        """Publish, or note why that failed."""
        permit = Quiet(self._deliverer.turn, self._is_quiet, self._publications, token)
        last = await self._publications.last()  # anew: somebody may have published until our turn came
        if not await self._target.due(last, now):
            return None
        try:
            return await self._publish(permit, last, now)
        except TargetHalted as error:
            await self._deliverer.halt(error)
            return await self._failed(permit, last, str(error))
        except TryLater as error:
            await self._deliverer.tell_gate(error)
            return await self._failed(permit, last, str(error))
        except Damaged:
            await self._backend.discard_damaged(now)
            return Left("a note could not be read: it is made anew", soon=True)

    async def _publish(self, permit: Quiet, last: Publication, now: float) -> Left | None:
        entries = await self._deliverer.ledger.entries()
        if self._is_outdated(entries.values()):
            return Left("the configuration has changed: everybody is looked at first")
        if await self._is_behind(entries):
            return Left("records are still to be delivered")
        written = await self._publications.written()
        draft = await self._target.draft(last, written, now)
        await permit.see()  # what came while the rows were read may be half in them
        if await self._lacks(draft, now):
            return Left("rows are lost that the target was given: they are given again", soon=True)
        if left := await self._judged(draft, written, entries, now):
            return left
        if draft.content is None:
            same = dataclasses.replace(last, seen=draft.at, mark=draft.mark, trouble="")
            await self._publications.note(same, permit.token, settles=last.doubt)
            return None
        publication = await self._target.publish(draft, last, permit)
        await self._note(permit, publication, draft.written, last.doubt)
        await self._backend.holds.withdraw(hold_id(self._name))  # if one was approved, it is carried out
        name, rows = publication.name, publication.rows
        log.info("published", target=self._name, file=name, rows=rows)
        await self._backend.audit.note("published", now, target=self._name, file=name, count=rows)
        return None

    async def _failed(self, permit: Quiet, last: Publication, reason: str) -> Left:
        reason = redact(reason)
        await self._note(permit, dataclasses.replace(last, trouble=reason))
        return Left(reason, failed=True, soon=True)

    async def _note(
        self,
        permit: Quiet,
        publication: Publication,
        written: Mapping[str, str] | None = None,
        settles: str = "",
    ) -> None:
        """Remember a publication. Raises LockLost: then what was sent may have replaced a newer one."""
        try:
            await self._publications.note(publication, permit.token, written, settles)
        except LockLost:
            if permit.was_given:
                await self._publications.doubt()
            raise

    # Whether all is there, and nothing under way

    async def _is_quiet(self) -> bool:
        """Whether the target may be called, was given something, and nothing is to be given to it now.

        Until first contact is over, all that is known is pending.
        """
        ledger, gate = self._deliverer.ledger, self._deliverer.gate
        if await ledger.count_pending() or await ledger.unsettled() or await gate.paused():
            return False
        return bool(await ledger.linked() or await gate.survey())

    def _is_outdated(self, entries: Iterable[Entry]) -> bool:
        """Whether somebody has what another configuration gave: the next poll finds and mends that."""
        fingerprint = self._deliverer.route.fingerprint
        return any(entry.state is State.APPLIED and entry.config != fingerprint for entry in entries)

    async def _is_behind(self, entries: Mapping[Key, Entry]) -> bool:
        """Whether a record has changed, and the poll that saw it has not come to say that it is pending."""
        revisions, serves = await self._backend.records.all_revisions(), self._deliverer.route.serves
        served = {key: revision for key, revision in revisions.items() if serves(key.kind)}
        return any(
            key not in entries or entries[key].revision != revision for key, revision in served.items()
        )

    async def _lacks(self, draft: Draft, now: float) -> bool:
        """Whether something that the target was given is lost: it is given again."""
        ledger = self._deliverer.ledger
        links = await ledger.links(await ledger.linked())
        lost = [Key.parse(name) for name, id_ in links.items() if id_ not in draft.written]
        await ledger.doubt(lost)
        await self._deliverer.queue.add(self._name, [Due(key) for key in lost], now)
        return bool(lost)

    async def _judged(
        self, draft: Draft, written: Mapping[str, str], entries: Mapping[Key, Entry], now: float
    ) -> Left | None:
        """Hold a publication that tells of too many less; None when it may go on."""
        former = await self._backend.holds.get(hold_id(self._name))
        hold = excess(self._deliverer.route, draft, written, entries, now)
        if hold is None:
            if former:
                await withdraw(former, self._backend, now)
            return None
        if former and former.state == "approved" and hold.count <= former.count:
            return None
        await raise_hold(hold, former, self._backend, now)
        return Left(f"{hold.reason}: see {command('holds show', hold.id)}", held=True)
