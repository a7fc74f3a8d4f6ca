"""Raises and withdraws holds, and says so in the log and the audit: for polls and workers alike."""

from __future__ import annotations

import dataclasses

from bridge.logs import get_logger
from bridge.store.backend import Backend
from bridge.store.holds import Hold

log = get_logger("holds")


async def raise_hold(hold: Hold, former: Hold | None, backend: Backend, now: float) -> None:
    """Write a hold, and say so once. A decision against it stays."""
    if former is not None and former.state != "approved":
        hold = dataclasses.replace(hold, since=former.since, state=former.state, by=former.by, at=former.at)
        if hold != former:
            await backend.holds.put(hold)
        return
    await backend.holds.put(hold)
    log.warning("held", id=hold.id, target=hold.target, kind=hold.kind, reason=hold.reason)
    await backend.audit.note("held", now, **_of(hold), count=hold.count, reason=hold.reason)


async def withdraw(hold: Hold, backend: Backend, now: float) -> None:
    """Forget a hold whose cause has gone, and say so."""
    await backend.holds.withdraw(hold.id)
    log.info("no longer held", id=hold.id, target=hold.target)
    await backend.audit.note("withdrawn", now, **_of(hold))


def _of(hold: Hold) -> dict[str, str]:
    """Which hold an event is about, and the target of one that has one."""
    return {"hold": hold.id, **({"target": hold.target} if hold.target else {})}
