"""`failures adopt`: a person says which account is a record's; before that, what would come of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bridge.errors import ConfigurationError
from bridge.mapping.route import Route
from bridge.model import Entry, Key, State
from bridge.store import Ledger
from bridge.store.audit import operator
from bridge.store.owners import HandedOver
from bridge.store.queue import Due
from service.operations.alone import alone
from service.operations.assembly import Bridge, connected
from service.operations.failures import failed, reopen, wake
from service.operations.sketching import Sketch
from service.operations.steps import Step
from service.operations.telling import step_json
from workers.connect import Connected
from workers.delivery.matching import unserved

_PATIENCE = 30.0  # seconds for which a delivery of one of the two records is waited for


async def adoption(bridge: Bridge, target: str, record: str, account: str) -> dict[str, Any]:
    """What `adopt` would do: `{record, target, account, owner, why, step, trouble}`. The target is asked.

    `owner`: the record of ours from which the account is taken, None for nobody, and `why` that one should
    have none any more; `step`: what the next delivery would do, as `telling.step_json` has it, None where
    `trouble` is in the way. Raises ConfigurationError where `adopt` would.
    """
    key, entry = await _chosen(bridge, target, record, account)
    route, ledger = bridge.routes[target], bridge.backend.ledger(target)
    owner = await owner_of(ledger, key, entry, account)
    why = await see_free(route, ledger, key, owner, account)
    async with connected(bridge, [target]) as targets:
        step, trouble = await _next(bridge, targets[target], key, owner, account)
    return {
        "record": str(key),
        "target": target,
        "account": account,
        "owner": str(owner) if owner not in (None, key) else None,
        "why": why,
        "step": step_json(step, values=True) if step else None,
        "trouble": trouble,
    }


async def _next(
    bridge: Bridge, one: Connected, key: Key, owner: Key | None, account: str
) -> tuple[Step | None, str]:
    """What the next delivery would do when the account is the record's; else why that cannot be told."""
    stored = await bridge.backend.records.get(key)
    if stored is None:
        return None, f"what Kenjo says of {key} is not stored"
    sketch = Sketch(bridge.backend.ledger(one.route.name))
    return await alone(one, sketch, stored, await sketch.hand_over(account, key, owner))


async def adopt(bridge: Bridge, target: str, record: str, account: str) -> None:
    """Say which account is this record's, by its id at the target; the next delivery writes it.

    An account of another record of ours, which is not served there any more, is handed over with all that was
    given to it. Raises ConfigurationError.
    """
    key, entry = await _chosen(bridge, target, record, account)
    audit, who, ledger = bridge.backend.audit, operator(), bridge.backend.ledger(target)
    if (named := _named(entry, account)) and await ledger.owner(key.kind, account) is None:
        await ledger.own(account, named)
    try:
        async with asyncio.timeout(_PATIENCE):
            taken, owner = await _take(bridge, target, key, account)
    except TimeoutError:
        raise ConfigurationError(
            f"{key} or the account's owner is being delivered; try again later"
        ) from None
    now = time.time()
    await wake(bridge, target, key)
    await bridge.backend.queue.add(target, [Due(other) for other in taken.affected], now)
    await _wake_parked(bridge, target, key, account)
    await audit.note("chosen", now, target=target, record=str(key), by=who)
    if owner not in (None, key):
        await audit.note("handed over", now, target=target, record=str(owner), to=str(key), by=who)


async def _chosen(bridge: Bridge, target: str, record: str, account: str) -> tuple[Key, Entry]:
    """The record, and its entry. Raises ConfigurationError for an account that it cannot have."""
    key, entry = await failed(bridge, target, record)
    if entry.candidates and account not in entry.candidates:
        raise ConfigurationError(f"'{account}' is none of the candidates: {', '.join(entry.candidates)}")
    return key, entry


async def owner_of(ledger: Ledger, key: Key, entry: Entry, account: str) -> Key | None:
    """The record of ours that has an account, this one included; None: nobody."""
    return await ledger.owner(key.kind, account) or _named(entry, account)


def _named(entry: Entry, account: str) -> Key | None:
    """Whose id an account carries, which may not be noted as theirs: what was given with it goes along."""
    return Key.parse(entry.awaits) if entry.awaits and entry.candidates == (account,) else None


async def _wake_parked(bridge: Bridge, target: str, key: Key, account: str) -> None:
    """Let those try again who were parked as an account of nobody's had what they need: it is `key`'s now.

    Whoever is delivered at this moment may be parked for that in the next one, and looks again.
    """
    ledger = bridge.backend.ledger(target)
    for other, entry in (await ledger.entries()).items():
        if other != key and entry.state is State.FAILED and f"the account {account} " in entry.reason:
            await reopen(bridge, target, other)
    if under_way := await ledger.unsettled() - {key}:
        await ledger.doubt(under_way)
        await bridge.backend.queue.add(target, [Due(other) for other in under_way], time.time())


async def _take(bridge: Bridge, target: str, key: Key, account: str) -> tuple[HandedOver, Key | None]:
    """Make an account a record's, whose ever it was. Raises ConfigurationError while that one is served."""
    route, ledger = bridge.routes[target], bridge.backend.ledger(target)
    while True:
        owner = await ledger.owner(key.kind, account)
        await see_free(route, ledger, key, owner, account)
        taken = await ledger.hand_over(account, key, owner, time.time(), config=route.fingerprint)
        if taken:
            return taken, owner
        await asyncio.sleep(0.2)  # a worker delivers one of the two just now


async def see_free(route: Route, ledger: Ledger, key: Key, owner: Key | None, account: str) -> str:
    """In words, why the owner of an account should have none; "" where it is nobody's or the record's own.

    Raises ConfigurationError while the owner is served, and where the record has another account.
    """
    why = ""
    if owner is not None and owner != key:
        sight = await ledger.sight(owner)
        why = unserved(route, sight)
        if sight.link in (None, account) and not why:
            raise ConfigurationError(
                f"the account {account} belongs to {owner}, who is served at {route.name} still: it can be"
                " handed over when they have left, are gone or out of scope"
            )
    link = (await ledger.links([str(key)])).get(str(key))
    if link not in (None, account):
        raise ConfigurationError(f"{key} has been given the account {link} meanwhile: nothing was changed")
    return why
