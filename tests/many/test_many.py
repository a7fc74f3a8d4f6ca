"""Three companies go through what `make companies` lets fifty go through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.many.__main__ import PAGE, note, play


async def test_three_companies() -> None:
    """Start, rest, trouble of two, one more, one less, the end == all in step, and little taken by each."""
    seen = {name: value for name, (value, _) in (await play(3, 6, poll=1, idle=1, kills=2)).items()}
    assert seen["memory of a company's process (PSS): most"] < 60  # MB; without shared code it is 70
    assert seen["connections to Redis of each company"] < 12
    assert seen["meanwhile one Kenjo away, one process killed: last change elsewhere"] < 10  # s


def test_a_run_replaces_the_figures(tmp_path: Path) -> None:
    """Noting a run == the page with another table, and every other line as it was."""
    page = tmp_path / "page.md"
    page.write_text(before := PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    note("7 companies of 3 people", {"one": (1234.5, "MB"), "other": (0.25, "s")}, page)
    table = page.read_text(encoding="utf-8").partition("| 7 companies of 3 people, ")[2].split("\n\n")[0]
    assert table.splitlines()[1:] == ["| --- | --- |", "| one | 1,234 MB |", "| other | 0.2 s |"]
    after = set(page.read_text(encoding="utf-8").splitlines())
    assert all(line in after for line in before.splitlines() if not line.startswith("|"))
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="has no table"):
        note("7 companies", {}, page)
