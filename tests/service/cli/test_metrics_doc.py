"""The page about metrics is written from the table of families, and that table is all that is exposed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bridge.families import FAMILIES, NAMESPACE
from bridge.metrics import Metrics

ROOT = Path(__file__).parents[3]


def test_page_is_fresh() -> None:
    """docs/metrics.md is what `python -m service.cli.metrics_doc` prints now."""
    command = [sys.executable, "-m", "service.cli.metrics_doc"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - our own module
    assert (ROOT / "docs" / "metrics.md").read_bytes() == done.stdout


def test_names_follow_the_conventions() -> None:
    """Counters are exposed with `_total`; what is measured in time names its base unit, and no other."""
    for family in FAMILIES.values():
        assert family.full_name.endswith("_total") == (family.kind == "counter"), family
        assert family.full_name.endswith("_seconds") == (bool(family.buckets) or "timestamp" in family.name)
        assert not any(unit in family.name for unit in ("milli", "minutes", "hours", "_ms", "percent"))


def test_only_what_the_page_lists_is_exposed() -> None:
    """A fresh process exposes families of the table, and those of a process."""
    text = Metrics().exposition().decode()
    exposed = {family.name for family in text_string_to_metric_families(text)}
    listed = {f"{NAMESPACE}_{name}" for name in FAMILIES}
    ours = {name.removesuffix("_created") for name in exposed if name.startswith(NAMESPACE)}
    assert ours <= listed
    assert "process_cpu_seconds" in exposed
