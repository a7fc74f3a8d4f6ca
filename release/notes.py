"""The notes of a release, cut from CHANGELOG.md.

`python -m release.notes` prints those of the present version. `python -m release.notes cut` gives what stands
under "Unreleased" the present version and today's date, and begins an empty "Unreleased".
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime

from release.version import ROOT, version

PAGE = ROOT / "CHANGELOG.md"
_OPEN = "## Unreleased"


def notes(text: str, of: str) -> str:
    """What the changelog says of a version, without its heading.

    Raises ValueError where it has no section of it, or an empty one.
    """
    section = re.search(
        rf"^## {re.escape(of)}(?: - [^\n]*)?\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        raise ValueError(
            f"CHANGELOG.md says nothing of {of}: write it under Unreleased, then make release-notes CUT=1"
        )
    return section[1].strip() + "\n"


def cut(text: str, new: str, today: date) -> str:
    """The changelog with what was unreleased as a section of a version, released today.

    Raises ValueError where that version has a section already, or nothing is unreleased.
    """
    if re.search(rf"^## {re.escape(new)}(?: - |$)", text, flags=re.MULTILINE):
        raise ValueError(
            f"CHANGELOG.md has a section {new} already: set the next version first (make version TO=...)"
        )
    notes(text, _OPEN.removeprefix("## "))
    return text.replace(f"{_OPEN}\n", f"{_OPEN}\n\n## {new} - {today.isoformat()}\n", 1)


if __name__ == "__main__":
    changelog = PAGE.read_text(encoding="utf-8")
    try:
        if sys.argv[1:] == ["cut"]:
            PAGE.write_text(cut(changelog, version(), datetime.now(UTC).date()), encoding="utf-8")
        else:
            sys.stdout.write(notes(changelog, version()))
    except ValueError as wrong:
        sys.exit(str(wrong))
