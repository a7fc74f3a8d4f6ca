"""Where snapshots come from, and what is noted of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from bridge.model import Kind, Snapshot
from service.watch.judging import Asks
from service.watch.pending import Standing


class Source(Asks, Protocol):
    """Where snapshots come from."""

    async def fetch_snapshot(self) -> Snapshot:
        """One whole snapshot. Raises SourceUnavailable."""

    async def fetch_change(self, since: str) -> Snapshot | None:
        """The same, but None when it would be the one whose `origin` is `since`."""


def facts_of(snapshot: Snapshot, targets: Iterable[Standing], now: float) -> dict[str, Any]:
    """What is noted of an accepted snapshot: counts and warnings, near first and last days, who started."""
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
    }
