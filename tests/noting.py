"""The figures of the last long runs, which docs/reliability.md shows: `--note` writes them."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reliability.md"


def note(run: str, figures: str, page: Path = PAGE) -> None:
    """Put a run's figures, with today and the commit, in the place of those of the run before.

    :raises ValueError: the page has no row for such a run.
    """
    row = f"| {run} | {date.today().isoformat()} | {commit()} | {figures} |"  # noqa: DTZ011 - of who runs it
    text, found = re.subn(
        rf"^\| {re.escape(run)} \|.*$", lambda _: row, page.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    if not found:
        raise ValueError(f"{page} has no row that begins with | {run} |")
    page.write_text(text, encoding="utf-8")


def commit() -> str:
    """The commit that is played, with `+` where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return f"`{said.stdout.strip()}`"
