"""docs/messages.md has every line of the log, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bridge.model import Outcome, State
from bridge.store import gate
from bridge.store.audit import UNREMARKABLE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/messages.md").read_text(encoding="utf-8")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged() -> Iterator[str]:
    """What is logged, as it stands in the code."""
    paths = [path for part in ("bridge", "service", "workers") for path in (ROOT / part).rglob("*.py")]
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Call) and node.args and _writes(node.func):
            constants = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
            yield from (one for one in constants if isinstance(one, str))


def _writes(called: ast.expr) -> bool:
    """Whether a call writes to the log: `log.info(...)`, or `write(...)` where the level depends."""
    if isinstance(called, ast.Attribute):
        return called.attr in LEVELS and ast.unparse(called.value).lower().endswith("log")
    return isinstance(called, ast.Name) and called.id == "write"


def told() -> list[str]:
    """The lines that the page tells of."""
    rows = re.findall(r"^\| (`.+?`) \|", PAGE, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(.+?)`", row)]


def test_every_line_is_told_of_once() -> None:
    """What the code logs, and what deliveries come to == the lines of the page, each once."""
    deliveries = {*(one for one in Outcome if one not in UNREMARKABLE), State.RETRYING}
    assert sorted(told()) == sorted({*logged(), *deliveries})


def test_every_state_of_a_target_leads_to_what_to_do() -> None:
    """The states in which a target takes nothing == told where the page leads."""
    states = (gate.HALTED, gate.HELD, gate.MAINTENANCE, gate.THROTTLED, gate.UNREACHABLE)
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert [state for state in states if f"`{state}`" not in operations or state not in PAGE] == []
