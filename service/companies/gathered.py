"""The metrics of all companies: what each one's process counts, with the label `company`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
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
        self._own: list[Metric] = []
        self._theirs = ""
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def exposition(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self._registry) + self._theirs.encode()

    async def look(self) -> None:
        """Ask every company at the same time. One that does not answer is missing, and said to be."""
        kept = list(self._companies.values())
        texts = await asyncio.gather(*map(_text, kept))
        self._own = list(_own(kept, texts))
        self._theirs = merged(
            (one.name, text) for one, text in zip(kept, texts, strict=True) if text is not None
        )

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        yield from self._own


async def _text(kept: Kept) -> str | None:
    child = kept.child
    if child is None:
        return None
    try:
        async with child.session.get("http://company/metrics", timeout=PATIENCE) as answer:
            return await answer.text() if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def merged(texts: Iterable[tuple[str, str]]) -> str:
    """One text of those of many companies: each sample with its company, and each family once.

    Line by line: to parse fifty of them takes a fifth of a second, in which no page is answered. They are
    what prometheus_client writes, of each family `# HELP`, `# TYPE`, then its samples.
    """
    families: dict[str, list[str]] = {}
    for company, text in texts:
        label, lines, is_new = f'{LABEL}="{company}"', list[str](), False
        for line in text.split("\n"):
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                is_new = name not in families
                lines = families.setdefault(name, [])
            if line and not line.startswith("#"):
                lines.append(_labelled(line, label))
            elif line and is_new:
                lines.append(line)
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


def _labelled(sample: str, label: str) -> str:
    """`name{other="x"} 1.0`, or `name 1.0`, with a label more."""
    name, brace, rest = sample.partition("{")
    if brace:
        return f"{name}{{{label},{rest}"
    name, _, rest = sample.partition(" ")
    return f"{name}{{{label}}} {rest}"


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
