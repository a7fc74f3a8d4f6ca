"""Notes of a release come from the changelog."""

from __future__ import annotations

from datetime import date

import pytest

from release.notes import PAGE, cut, notes

TEXT = "# Changelog\n\n## Unreleased\n\n### Added\n- a\n\n## 1.0.0 - 2026-01-02\n\n### Fixed\n- b\n"


def test_what_is_unreleased_becomes_a_dated_section() -> None:
    """After the cut the new version has what was unreleased, older ones what they had."""
    after = cut(TEXT, "1.1.0", date(2026, 2, 3))
    assert "## 1.1.0 - 2026-02-03\n" in after
    assert notes(after, "1.1.0") == "### Added\n- a\n"
    assert notes(after, "1.0.0") == notes(TEXT, "1.0.0") == "### Fixed\n- b\n"
    with pytest.raises(ValueError, match="says nothing of Unreleased"):
        notes(after, "Unreleased")


def test_a_version_is_released_once_and_not_without_notes() -> None:
    """A version that has a section, and an empty Unreleased, are refused."""
    with pytest.raises(ValueError, match="already"):
        cut(TEXT, "1.0.0", date(2026, 2, 3))
    with pytest.raises(ValueError, match="says nothing"):
        cut(cut(TEXT, "1.1.0", date(2026, 2, 3)), "1.2.0", date(2026, 2, 4))


def test_the_changelog_can_be_cut() -> None:
    """CHANGELOG.md has the form that the cut needs."""
    text = PAGE.read_text(encoding="utf-8")
    assert notes(cut(text, "9.9.9", date(2026, 2, 3)), "9.9.9") == notes(text, "Unreleased")
