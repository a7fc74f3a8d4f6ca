"""Whether a poll may be short: nothing has changed since the last one, neither at Kenjo nor in Redis.

A short poll does nothing, as the whole one would. When in doubt it is a whole one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from bridge.mapping.route import Route
from bridge.model import Snapshot, State
from bridge.store.backend import Backend
from bridge.store.witness import Witness
from service.watch.pending import Standing

WHOLE_EVERY = 3600.0
"""Seconds after which a poll is whole whatever has changed: for what nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A whole poll that left nothing to do.

    `origin`: what its snapshot was made from; `token`: under which hold of the lease; `fingerprints`: of the
    targets' configurations, and of the day where that matters; `facts`: what it noted of the snapshot. Times
    are epoch seconds: `whole` of that poll, `last` when the same was seen last, at `due` an account is to be
    deleted.
    """

    origin: str
    token: str
    fingerprints: Mapping[str, str]
    facts: Mapping[str, Any]
    whole: float
    last: float
    due: float

    def holds(self, token: str, routes: Mapping[str, Route], now: float) -> bool:
        """Whether time, lease and configuration let a poll be short. A clock that was set back does not."""
        in_time = self.last <= now < min(self.due, self.whole + WHOLE_EVERY)
        return in_time and self.token == token and self.fingerprints == _fingerprints(routes)


def sight_of(
    snapshot: Snapshot,
    targets: Iterable[Standing],
    routes: Mapping[str, Route],
    token: str,
    facts: Mapping[str, Any],
    now: float,
) -> Sight | None:
    """What a poll without changes has seen, if the next one could do without it all; else None.

    Not while anything is pending or held: that is looked at by every poll.
    """
    settled = {target.route.name: target for target in targets if not target.pending and not target.was_held}
    if not snapshot.origin or settled.keys() != routes.keys():
        return None
    dates = (
        entry.delete_at
        for target in settled.values()
        for entry in target.entries.values()
        if entry.state is State.REMOVED and entry.delete_at > 0.0
    )
    return Sight(snapshot.origin, token, _fingerprints(routes), facts, now, now, min(dates, default=math.inf))


def _fingerprints(routes: Mapping[str, Route]) -> dict[str, str]:
    return {name: route.fingerprint for name, route in routes.items()}


class Stillness:
    """What the last poll saw, and somebody who has watched Redis since before that poll."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._sight: Sight | None = None
        self._witness: Witness | None = None

    async def since(self, token: str, routes: Mapping[str, Route], now: float) -> Sight | None:
        """What the last poll saw, if all but Kenjo is as it was. From here on Redis is watched anew."""
        sight, self._sight = self._sight, None
        former, self._witness = self._witness, None
        try:
            self._witness = await self._backend.witness(routes)
        except ResponseError:
            self._witness = None  # this user may not watch, or what stands in between cannot: polls are whole
        finally:
            undisturbed = await former.undisturbed() if former else False
        return sight if sight and undisturbed and sight.holds(token, routes, now) else None

    def note(self, sight: Sight | None) -> None:
        """What the poll has seen that has just ended."""
        self._sight = sight

    def again(self, sight: Sight, now: float) -> dict[str, Any]:
        """Kenjo has said the same again. Returns what there is to be noted of its snapshot."""
        self._sight = dataclasses.replace(sight, last=now)
        return {**sight.facts, "at": now}

    async def leave(self) -> None:
        """Stop watching."""
        self._sight = None
        former, self._witness = self._witness, None
        if former:
            await former.leave()
