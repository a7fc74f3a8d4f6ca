"""The glossary has every word by which the commands tell where things stand, and each of them once."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.store import gate
from bridge.store.audit import KINDS
from service.cli import listing
from service.operations.standing import Standing

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def words() -> list[str]:
    """The words that are explained, in order."""
    rows = re.findall(r"^\| (\*\*.+?) \|", GLOSSARY, re.MULTILINE)
    return [word for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row)]


def test_each_word_has_one_meaning() -> None:
    """The words of the tables == all different."""
    assert sorted(words()) == sorted(set(words()))


def test_what_is_said_of_records_and_targets_is_explained() -> None:
    """Places, events of the audit, states of a target == words of the glossary."""
    states = {gate.HALTED, gate.HELD, gate.MAINTENANCE, gate.THROTTLED, gate.UNREACHABLE}
    assert {*Standing, *KINDS, *states, "running"} <= set(words())


def test_every_command_stands_there() -> None:
    """The commands that there are == named in the glossary, alone or with what follows."""
    named = {match.split()[0] for match in re.findall(r"`([a-z][a-z -]+)`", GLOSSARY)}
    assert listing.COMMANDS.keys() - named == set()


def test_it_is_found() -> None:
    """The README and the page of operations == a link to it."""
    for page in ("README.md", "docs/operations.md"):
        assert "glossary.md" in (ROOT / page).read_text(encoding="utf-8"), page
