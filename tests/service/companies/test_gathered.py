"""The metrics of many companies in one text."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.companies.gathered import merged


def counted(value: float, *, more: bool = False) -> str:
    """What a company's process exposes."""
    registry = CollectorRegistry()
    asked = Counter("asked", "How often, with {} and\nmore", ["target"], registry=registry)
    asked.labels('a "b" {c}').inc(value)
    Gauge("plain", "Without a label", registry=registry).set(value)
    Histogram("seconds", "Times", registry=registry, buckets=(1,)).observe(value)
    if more:
        Gauge("alone", "Of one company only", registry=registry).set(value)
    return generate_latest(registry).decode()


def samples(text: str, **labels: str) -> set[tuple[object, ...]]:
    """All of them as Prometheus's own parser reads them, with these labels more."""
    return {
        (family.documentation, family.type, one.name, frozenset({**one.labels, **labels}.items()), one.value)
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_families_stand_together() -> None:
    """Two companies == what each has said, with its name, and each family once."""
    texts = {"acme": counted(1), "beta-2": counted(2, more=True)}
    text = merged(texts.items())
    heads = [line for line in text.splitlines() if line.startswith("# HELP")]
    assert len(heads) == len(set(heads))
    assert samples(text) == samples(texts["acme"], company="acme") | samples(
        texts["beta-2"], company="beta-2"
    )


def test_nobody_answers() -> None:
    """No company == nothing."""
    assert merged([]) == ""
