"""Raises holds, keeps back what they hold, and withdraws them when their cause has gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from bridge.effects import Verb, covers, what_of
from bridge.model import Key, Kind
from bridge.store import Hold
from bridge.store.backend import Backend
from bridge.store.holds import FIRST_CONTACT, ORPHANS, PUBLICATION
from bridge.store.raising import raise_hold, withdraw
from service.watch.parts import part_of
from service.watch.pending import Standing
from service.watch.policy import Excess

_OF_WORKERS = (FIRST_CONTACT, ORPHANS, PUBLICATION)
"""The kinds of holds that workers judge: they alone can look at the target."""


async def keep_back(standing: Standing, backend: Backend, now: float) -> None:
    """Hold back what is over the limits.

    To be called before the changes are committed: a delivery for another reason may be on its way already.
    """
    target = standing.route.name
    former = {hold.id: hold for hold in await backend.holds.all() if hold.target == target}
    for excess in standing.excesses:
        hold = hold_of(excess, target, now)
        old = former.get(hold.id)
        if hold.part and old is None:
            continue  # somebody has decided on it meanwhile
        await backend.holds.hold_back(target, hold.keys, hold.id)
        await raise_hold(hold, old, backend, now)


async def withdraw_orphans(backend: Backend, targets: Collection[str], now: float) -> None:
    """Withdraw the holds at targets that are configured no more."""
    for hold in await backend.holds.all():
        if hold.target and hold.target not in targets:
            await withdraw(hold, backend, now)


async def withdraw_outdated(standing: Standing, backend: Backend, now: float) -> None:
    """Withdraw the holds whose cause has gone. To be called after the changes are committed."""
    target = standing.route.name
    current = {hold_of(excess, target, now).id for excess in standing.excesses}
    for hold in await backend.holds.all():
        if hold.target != target or hold.id in current or hold.kind in _OF_WORKERS:
            continue
        if not hold.part or hold.id in standing.parts:  # else it was set apart after the look
            await withdraw(hold, backend, now)
    await backend.holds.release(target, standing.was_held - {str(key) for key in standing.held})
    await backend.holds.forget_approvals(target, await _outlived(standing, backend))


async def _outlived(standing: Standing, backend: Backend) -> set[Key]:
    """Approvals of what is done, or has become another kind of change."""
    approved = await backend.holds.approved(standing.route.name)
    # A team that waited along was approved as part of a removal, whatever its own change is.
    people = {key: standing.coming.get(key) for key in approved if key.kind is Kind.PERSON}
    other = {
        key
        for key, verb in people.items()
        if verb is None
        or not covers(approved[key], what_of(Verb.REMOVE if verb is Verb.LOOK else verb, key.kind))
    }
    return other | approved.keys() - standing.pending


def hold_of(excess: Excess, target: str, now: float) -> Hold:
    """The hold on what is over a limit, or on a part of one."""
    what = what_of(excess.verb, excess.kind)
    keys = tuple(sorted(str(key) for key in excess.keys | excess.along))
    limit = f"{excess.limit.count} and {excess.limit.percent:g} %" if excess.limit else ""
    members = {str(key): number for key, number in excess.members.items()}
    id_ = excess.part or f"{target}-{what}"
    part = bool(excess.part)
    return Hold(id_, target, what, excess.count, limit, excess.reason, now, keys, members=members, part=part)


def set_apart(hold: Hold, chosen: Collection[str], now: float) -> Hold:
    """A part of a hold, with an id of its own: nobody who looked before would write over it."""
    part = hold_of(part_of(hold, chosen), hold.target, now)
    return dataclasses.replace(part, id=f"{hold.target}-{hold.kind}-{part.version}", since=hold.since)
