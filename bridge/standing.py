"""Where everything stands, as Redis says when it is asked: the same in every process, and never old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.model import Kind
from bridge.store.backend import Backend

NAMESPACE = "kenjo_bridge"

_ACCOUNT = {
    "snapshot_timestamp_seconds": "When the last snapshot was accepted",
    "row_problems": "Rows of the last snapshot that could not be used",
}
_TARGET = {
    "pending": "Records that a target is behind with",
    "held": "Records that wait for somebody's approval",
    "failed": "Records that a target will not take, at the last poll",
    "target_paused": "1 while deliveries to a target are paused",
}


class Standing(Collector):
    """Metrics that are read from the state for each scrape; where it cannot be read there are none."""

    def __init__(self) -> None:
        self._found: list[GaugeMetricFamily] = []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What was read last."""
        return self._found

    def forget(self) -> None:
        """Nothing is known now."""
        self._found = []

    async def read(self, backend: Backend, targets: Collection[str]) -> None:
        """Read everything anew. Raises RedisError and Unreadable, and then there is nothing to collect."""
        self.forget()
        seen = await backend.records.last_snapshot()
        rows = {name: await self._target(backend, name, seen or {}) for name in targets}
        self._found = [*_of_snapshot(seen), *_of_targets(rows)]

    async def _target(self, backend: Backend, name: str, seen: Mapping[str, Any]) -> dict[str, float | None]:
        return {
            "pending": await backend.ledger(name).count_pending(),
            "held": await backend.holds.count(name),
            "failed": seen.get("failed", {}).get(name),
            "target_paused": 1 if await backend.gate(name).paused() else 0,
        }


def _of_snapshot(seen: Mapping[str, Any] | None) -> Iterable[GaugeMetricFamily]:
    if seen is None:
        return
    values = {"snapshot_timestamp_seconds": seen["at"], "row_problems": seen["problem_count"]}
    for name, text in _ACCOUNT.items():
        yield GaugeMetricFamily(f"{NAMESPACE}_{name}", text, values[name])
    records = GaugeMetricFamily(f"{NAMESPACE}_records", "Records in the last snapshot", labels=["kind"])
    records.add_metric([Kind.PERSON], seen["people"])
    records.add_metric([Kind.TEAM], seen["teams"])
    yield records


def _of_targets(rows: Mapping[str, Mapping[str, float | None]]) -> Iterable[GaugeMetricFamily]:
    for name, text in _TARGET.items():
        family = GaugeMetricFamily(f"{NAMESPACE}_{name}", text, labels=["target"])
        for target, values in rows.items():
            if (value := values[name]) is not None:
                family.add_metric([target], value)
        yield family
