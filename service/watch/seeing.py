"""Where snapshots come from, and what is noted of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from bridge.model import Key, Kind, Snapshot
from service.watch.judging import Asks
from service.watch.pending import Standing


class Source(Asks, Protocol):
    """Where snapshots come from."""

    async def fetch_snapshot(self) -> Snapshot:
        """One whole snapshot. Raises SourceUnavailable."""

    async def fetch_change(self, since: str) -> Snapshot | None:
        """The same, but None when it would be the one whose `origin` is `since`."""


_NOTED = 200
"""Of how many records of a target, the oldest, is noted since when they wait: enough to tell the oldest."""


def facts_of(
    snapshot: Snapshot, targets: Collection[Standing], former: Mapping[str, Any] | None, now: float
) -> dict[str, Any]:
    """What is noted of an accepted snapshot: counts and warnings, near first and last days, who started.

    And since when what a target is behind with waits, by what was noted of the `former` one.
    """
    return {
        "at": now,
        "people": snapshot.count(Kind.PERSON),
        "teams": snapshot.count(Kind.TEAM),
        "problems": [[p.list, p.id, p.reason] for p in snapshot.problems[:1000]],
        "problem_count": len(snapshot.problems),
        "warnings": list(snapshot.warnings),
        "columns": {column: list(numbers) for column, numbers in snapshot.filled.items()},
        "coming": [[str(key), day.isoformat(), what] for key, day, what in snapshot.coming[:1000]],
        "started": [str(key) for key in snapshot.started[:1000]],
        "failed": {target.route.name: target.failed for target in targets},
        "waiting": _since("waiting", {one.route.name: one.waiting for one in targets}, former, now),
        "leaving": _since("leaving", {one.route.name: one.leaving for one in targets}, former, now),
        "configured": {target.route.name: target.route.configuration for target in targets},
    }


def reconfigured(facts: Mapping[str, Any], former: Mapping[str, Any] | None) -> list[str]:
    """The targets that have another configuration than at the former snapshot, or are new."""
    known = (former or {}).get("configured")
    if known is None:
        return []
    return [name for name, configuration in facts["configured"].items() if known.get(name) != configuration]


def _since(
    what: str, found: Mapping[str, Collection[Key]], former: Mapping[str, Any] | None, now: float
) -> dict[str, dict[str, float]]:
    """By target and record since when it waits, for the oldest."""
    known = (former or {}).get(what, {})
    since = {
        target: {str(key): known.get(target, {}).get(str(key), now) for key in keys}
        for target, keys in found.items()
    }
    return {
        target: dict(sorted(one.items(), key=lambda item: item[1])[:_NOTED]) for target, one in since.items()
    }
