"""Where everything stands, as Redis says when it is asked: the same in every process, and never old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.families import FAMILIES
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from bridge.store.gate import HALTED, HELD, MAINTENANCE, THROTTLED, UNREACHABLE

OPEN = "open"
_GATES = (OPEN, HALTED, HELD, THROTTLED, MAINTENANCE, UNREACHABLE)
_DOWN = (HALTED, UNREACHABLE)

Values = list[tuple[tuple[str, ...], float]]
"""Samples of one family: the values of its labels, and the number."""


class Standing(Collector):
    """Metrics that are read from the state for each scrape; where it cannot be read there are none.

    Of this process: `kenjo_up` (None while it does not poll) and `redis_warnings` (None until it looked).
    """

    def __init__(self) -> None:
        self._found: dict[str, Values] = {}
        self.kenjo_up: bool | None = None
        self.redis_warnings: int | None = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What was read last."""
        mine = {"kenjo_up": self.kenjo_up, "redis_warnings": self.redis_warnings}
        known: dict[str, Values] = {name: [((), float(n))] for name, n in mine.items() if n is not None}
        for name, values in {**self._found, **known}.items():
            family = FAMILIES[name]
            metric = GaugeMetricFamily(family.full_name, family.text, labels=family.labels)
            for labels, value in values:
                metric.add_metric(labels, value)
            yield metric

    def forget(self) -> None:
        """Nothing is known now: the state cannot be read."""
        self._found = {"redis_up": [((), 0)]}

    async def read(self, backend: Backend, targets: Collection[str]) -> None:
        """Read everything anew. Raises RedisError and Unreadable, and then there is nothing to collect."""
        self.forget()
        seen = await backend.records.last_snapshot()
        found = _of_snapshot(seen)
        for name in targets:
            for family, values in (await _of_target(backend, name, seen or {})).items():
                found.setdefault(family, []).extend(values)
        found["oldest_hold_timestamp_seconds"] = await _of_holds(backend)
        self._found = {"redis_up": [((), 1)], **found}


def _of_snapshot(seen: Mapping[str, Any] | None) -> dict[str, Values]:
    if seen is None:
        return {}
    return {
        "snapshot_timestamp_seconds": [((), seen["at"])],
        "row_problems": [((), seen["problem_count"])],
        "records": [((Kind.PERSON,), seen["people"]), ((Kind.TEAM,), seen["teams"])],
    }


async def _of_target(backend: Backend, name: str, seen: Mapping[str, Any]) -> dict[str, Values]:
    state = (await backend.gate(name).paused()).get("state", OPEN)
    due, later = await backend.queue.depth(name)
    of_it: dict[str, float | None] = {
        "target_up": state not in _DOWN,
        "pending": await backend.ledger(name).count_pending(),
        "held": await backend.holds.count(name),
        "failed": seen.get("failed", {}).get(name),
        "oldest_pending_timestamp_seconds": await _oldest(backend, name, seen.get("waiting", {})),
        "oldest_leaver_timestamp_seconds": await _oldest(backend, name, seen.get("leaving", {})),
    }
    found: dict[str, Values] = {one: [((name,), n)] for one, n in of_it.items() if n is not None}
    found["target_gate"] = [((name, gate), gate == state) for gate in _GATES]
    found["queue_depth"] = [((name, "due"), due), ((name, "later"), later)]
    return found


async def _oldest(backend: Backend, name: str, noted: Mapping[str, Mapping[str, float]]) -> float | None:
    """Since when what a poll noted of a target waits, of those that have not arrived meanwhile."""
    since = {Key.parse(key): at for key, at in noted.get(name, {}).items()}
    if not since:
        return None
    ledger = backend.ledger(name)
    entries, pending = await ledger.entries(since), await ledger.pending()
    failing = {key for key, entry in entries.items() if entry.state is State.FAILED}
    return min((at for key, at in since.items() if key in pending or key in failing), default=None)


async def _of_holds(backend: Backend) -> Values:
    oldest: dict[str, float] = {}
    for hold in await backend.holds.all():  # the oldest first
        if hold.state == "open":
            oldest.setdefault(hold.target or "", hold.since)
    return [((target,), since) for target, since in oldest.items()]
