"""The metrics of all companies: what each one's process counts, with the label `company`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from bridge.families import COMPANIES, NAMESPACE
from service.companies.kept import Kept

PATIENCE = aiohttp.ClientTimeout(total=5.0)
"""Seconds for one company's answer; who scrapes waits ten."""

LABEL = "company"

_KINDS: Mapping[str, Any] = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}


class Gathered(Collector):
    """What is shown at /metrics, as of the last `look`."""

    def __init__(self, companies: Mapping[str, Kept]) -> None:
        self._companies = companies
        self._families: list[Metric] = []
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def exposition(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self._registry)

    async def look(self) -> None:
        """Ask every company at the same time. One that does not answer is missing, and said to be."""
        kept = list(self._companies.values())
        texts = await asyncio.gather(*map(_text, kept))
        self._families = list(_own(kept, texts)) + _merged(
            (one.name, text) for one, text in zip(kept, texts, strict=True) if text is not None
        )

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        yield from self._families


async def _text(kept: Kept) -> str | None:
    child = kept.child
    if child is None:
        return None
    try:
        async with child.session.get("http://company/metrics", timeout=PATIENCE) as answer:
            return await answer.text() if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _merged(texts: Iterable[tuple[str, str]]) -> list[Metric]:
    found: dict[str, Metric] = {}
    for company, text in texts:
        for family in text_string_to_metric_families(text):
            merged = found.setdefault(
                family.name, Metric(family.name, family.documentation, family.type, family.unit)
            )
            for sample in family.samples:
                labels = {LABEL: company, **sample.labels}
                merged.add_sample(sample.name, labels, sample.value, sample.timestamp, sample.exemplar)
    return list(found.values())


def _own(kept: Iterable[Kept], texts: Iterable[Any]) -> Iterator[Metric]:
    """What only the process knows that keeps the others."""
    up, wrong, restarts = (
        _KINDS[one.kind](f"{NAMESPACE}_{one.name}", one.text, labels=one.labels) for one in COMPANIES
    )
    for one, text in zip(kept, texts, strict=True):
        up.add_metric([one.name], float(text is not None))
        wrong.add_metric([one.name], float(bool(one.wrong)))
        restarts.add_metric([one.name], one.restarts)
    yield from (up, wrong, restarts)
