"""Looks from time to time whether objects at a target are as they were given: somebody may change them there.

A look decides for each record as a delivery would, and sends nothing. What differs is told in `status`; where
the settings say so it is asked for, and given again by a delivery, with all that guards one.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Collection, Mapping

from redis.exceptions import RedisError

from bridge.effects import ANYTHING
from bridge.errors import BridgeError, StoreUnavailable, unforeseen
from bridge.logs import get_logger
from bridge.model import Key, Kind, State, Stored
from bridge.printable import counted, some
from bridge.store import Hold
from bridge.store.backend import Backend
from bridge.store.claims import Case
from bridge.store.drifts import Drift
from bridge.store.holds import ORPHANS
from bridge.store.queue import Due
from bridge.store.raising import raise_hold, withdraw
from bridge.store.sight import Sight
from workers.delivery.deciding import Decider
from workers.delivery.deliver import Deliverer
from workers.delivery.noting import stamped

log = get_logger("drift")

CHECK_INTERVAL = 60.0  # seconds between looks at the clock
LONGEST = 600.0  # seconds after which a look of which nothing was heard is begun anew
SHARE = 4
"""A look takes one request in so many that the target's rate allows, so that deliveries go on."""

_KENJO_ID = re.compile(r"[0-9a-f]{24}")

GONE = "gone"
"""Stands for the attributes of an object that is not there any more."""


async def keep_looking(deliverer: Deliverer, backend: Backend) -> None:
    """Look as often as the settings say, until cancelled."""
    said = ""
    while deliverer.route.settings.drift != "ignore":
        await asyncio.sleep(CHECK_INTERVAL)
        try:
            await look_if_due(deliverer, backend, deliverer.clock())
        except (RedisError, OSError, StoreUnavailable):
            continue  # the worker's own loop says that Redis is away
        except Exception as error:  # noqa: BLE001 - deliveries go on, whatever it is
            if (reason := str(unforeseen(error))) != said:
                log.warning("drift cannot be looked for", target=deliverer.route.name, reason=reason)
            said = reason


async def look_if_due(deliverer: Deliverer, backend: Backend, now: float) -> Drift | None:
    """Look if it is time and the target is not paused. Raises what Redis raises."""
    route, drifts = deliverer.route, backend.drifts(deliverer.route.name)
    every = route.settings.drift_every * 3600
    if await deliverer.gate.paused() or not await drifts.may_look(every, now, LONGEST):
        return None
    try:
        drift = await look(deliverer, backend, now)
    finally:
        await drifts.end()
    await drifts.note(drift)
    await _hold_orphans(drift, route.name, backend, now)
    log.info("drift", target=route.name, looked=drift.looked, differ=len(drift.records))
    if route.settings.drift == "repair" and drift.records:
        keys = [Key.parse(name) for name in drift.records]
        await deliverer.ledger.doubt(keys)
        await deliverer.queue.add(route.name, [Due(key) for key in keys], now)
    return drift


async def look(deliverer: Deliverer, backend: Backend, now: float) -> Drift:
    """Compare every object that the ledger calls right, leavers' included. Raises what Redis raises."""
    drifts = backend.drifts(deliverer.route.name)
    differ: dict[str, tuple[str, ...]] = {}
    looked, unseen, begun = 0, 0, time.monotonic()
    for name in sorted(await deliverer.ledger.linked()):
        await drifts.go_on(LONGEST)
        key, started = Key.parse(name), time.monotonic()
        before = await deliverer.ledger.sight(key)
        if before.stored is None or not _is_right(before):
            continue
        try:
            fields = await _fields(deliverer, before.stored, before, now)
        except (RedisError, OSError, StoreUnavailable):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the others are compared
            unseen += 1
        else:
            looked += 1
            if fields and await deliverer.ledger.sight(key) == before:  # else it was delivered meanwhile
                differ[name] = fields
        beside = SHARE / deliverer.route.settings.rate - (time.monotonic() - started)
        await asyncio.sleep(max(beside, 0.0))
    orphans = await _orphans(deliverer, await backend.records.known(), await _accounts(deliverer))
    return Drift(now + time.monotonic() - begun, looked, unseen, differ, orphans)


def _is_right(sight: Sight) -> bool:
    """Whether the ledger says that a record's object is as it should be, and nothing is under way."""
    stored, entry = sight.stored, sight.entry
    if stored is None or entry is None or sight.link is None or sight.begun:
        return False
    return entry.state in (State.APPLIED, State.REMOVED) and entry.revision == stored.revision


async def _accounts(deliverer: Deliverer) -> set[str]:
    """The ids of all that is ours at the target."""
    return set((await deliverer.ledger.links(await deliverer.ledger.linked())).values())


async def _orphans(
    deliverer: Deliverer, known: Mapping[Key, Stored], ours: Collection[str]
) -> dict[str, str]:
    """Open accounts with a Kenjo id that nobody has: of leavers whose record was lost, or another company's.

    Only where the external id is Kenjo's, which is told by the mapping and by its form.
    """
    target, expressions = deliverer.target, deliverer.route.maps[Kind.PERSON].values()
    if not target.can.lists or not any(one.source == "person.id" for one in expressions):
        return {}
    found: dict[str, str] = {}
    try:
        async for page in target.inventory(Kind.PERSON):
            for one in page.remotes:
                is_kenjos = _KENJO_ID.fullmatch(one.external_id) and one.open is not False
                if is_kenjos and one.id not in ours and Key(Kind.PERSON, one.external_id) not in known:
                    found[one.id] = one.external_id
    except BridgeError:
        return {}  # half a list may lack nobody, and is told by none
    return found


async def _hold_orphans(drift: Drift, target: str, backend: Backend, now: float) -> None:
    """Leave it to a person what is done about orphans: they may be another company's."""
    id_ = f"{target}-{ORPHANS}"
    former = await backend.holds.get(id_)
    if not drift.orphans:
        if former:
            await withdraw(former, backend, now)
        return
    await raise_hold(hold_on_orphans(target, drift.orphans, now), former, backend, now)


def hold_on_orphans(target: str, orphans: Mapping[str, str], now: float) -> Hold:
    """The hold on orphans, as `Drift` has them."""
    keys = tuple(sorted({str(Key(Kind.PERSON, id_)) for id_ in orphans.values()}))
    reason = (
        f"would remove {counted(len(keys), 'person', 'people')} whom Kenjo does not have, and whose ids open"
        " accounts carry"
        f" ({some(sorted(orphans))}): leavers whose records were lost, or another company's people"
    )
    return Hold(f"{target}-{ORPHANS}", target, ORPHANS, len(keys), "", reason, now, keys)


async def _fields(deliverer: Deliverer, stored: Stored, sight: Sight, now: float) -> tuple[str, ...]:
    """The attributes in which an object differs from what was given. Raises what a delivery would raise."""
    case = Case(stored=stored, entry=sight.entry, link=sight.link, doubt="look", counted=ANYTHING)
    former = stamped(deliverer.route, case, now)
    parts = deliverer.route, deliverer.target, deliverer.ledger, case, former, case.link
    decider = Decider(*parts, elsewhere=deliverer.elsewhere)
    decision = await decider.decide()
    if decision.lost or (decision.change and decision.there and decision.there.content is None):
        return (GONE,)
    fields = decision.change.fields if decision.change else ()
    return tuple(sorted({change.attribute for change in fields}))
