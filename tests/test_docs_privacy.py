"""docs/privacy.md says of every key in Redis what it tells, and whether it is sealed."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.store import audit, rekey
from bridge.store.keys import Keys
from bridge.wire.calls import MOST

PAGE = (Path(__file__).parents[1] / "docs/privacy.md").read_text(encoding="utf-8")
SEALED_WHEN_USED = {"token"}  # it ends by itself, so no key is ever changed under it


def told() -> list[tuple[str, str]]:
    """The names of the page's table, each with whether it is sealed."""
    table = PAGE.partition("## What stands in Redis")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \| .+ \| (yes|no) \|$", table, re.MULTILINE)
    return [(name, sealed) for names, sealed in rows for name in re.findall(r"`(.+?)`", names)]


def test_every_key_is_told_of_once() -> None:
    """The keys that the code knows, without ids in their names == those of the table, each once."""
    known = re.findall(r"`(?:\{t\}:)?([a-z-]+)(?::\{\w+\})?`", (Keys.__doc__ or "").partition("arq keeps")[0])
    assert sorted(name for name, _ in told()) == sorted(known)


def test_what_is_sealed_is_told() -> None:
    """The keys that `rekey` seals, and those that end by themselves == those that the table calls sealed."""
    sealed = {*rekey.STRINGS, *rekey.HASHES, *rekey.TARGET_STRINGS, *rekey.TARGET_HASHES}
    sealed |= set(rekey.TARGET_FAMILIES)
    assert {name for name, is_sealed in told() if is_sealed == "yes"} == sealed | SEALED_WHEN_USED


def test_the_bounds_are_those_of_the_code() -> None:
    """How many events and calls are kept == what the page says."""
    assert f"about {audit.KEEP:,} events" in PAGE
    assert (MOST, "the last eight calls" in PAGE) == (8, True)
