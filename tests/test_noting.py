"""The figures of the last long runs stand in docs/reliability.md, and a run replaces its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.noting import PAGE, note

RUNS = ("simulation", "chaos")


@pytest.mark.parametrize("run", RUNS)
def test_a_run_has_its_row(run: str) -> None:
    """The rows of the page for each long run == one, which the next run of its kind writes."""
    assert len(re.findall(rf"^\| {run} \|.+\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == 1


def test_a_run_replaces_its_own_figures(tmp_path: Path) -> None:
    """Noting a run == the page with another row for it, and every other line as it was."""
    page = Path(shutil.copy(PAGE, tmp_path / "page.md"))
    before = page.read_text(encoding="utf-8").splitlines()
    note("chaos", "1 round", page)
    after = page.read_text(encoding="utf-8").splitlines()
    (changed,) = [line for line, former in zip(after, before, strict=True) if line != former]
    assert re.search(r"^\| chaos \| \d{4}-\d\d-\d\d \| `\w+\+?` \| 1 round \|$", changed)
    with pytest.raises(ValueError, match="no row that begins with"):
        note("storm", "1 round", page)
