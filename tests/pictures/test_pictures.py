"""What the pictures of the README show is there still, and the script that takes them works."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pictures.taking import PAGES, PLAN, take
from tests.service.web.looking import needs_browser
from tests.world import ROOT

PICTURES = ROOT / "docs/pictures"
BEGINS = b"\x89PNG"
LARGEST = 200_000  # bytes


@needs_browser
async def test_what_is_shown_is_there(tmp_path: Path) -> None:
    """The script, with fewer people == both pictures; it waits for each thing that they are there to show."""
    (tmp_path / "work").mkdir()
    await take(tmp_path, tmp_path / "work", people=30)
    for name in (PLAN, PAGES):
        assert (tmp_path / name).read_bytes().startswith(BEGINS)


def test_the_readme_shows_them() -> None:
    """The pictures of the README == those that the script takes, none larger than a page may be."""
    shown = re.findall(r"!\[.+?\]\(docs/pictures/(.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted((PLAN, PAGES)) == sorted(path.name for path in PICTURES.iterdir())
    assert all((PICTURES / name).stat().st_size < LARGEST for name in shown)
