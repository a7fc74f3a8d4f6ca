"""What `try` shows on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text


def show_tried(console: Console, found: Mapping[str, Any]) -> None:
    """Each attribute with the expression of now and its value, and the new ones below."""
    _print(console, f"{found['record']} at {found['target']}", "bold")
    if found["unserved"]:
        _print(console, f"  gets nothing there: {found['unserved']}", "yellow")
    for row in found["attributes"]:
        once = " (given once: accounts that are there keep theirs)" if row.get("once") else ""
        _print(console, f"  {row['attribute']}{once}")
        for what in ("now", "new"):
            if what in row:
                _show(console, what, row[what])
        if why := row.get("why"):
            _print(console, f"         {why}")


def _show(console: Console, what: str, told: Mapping[str, Any]) -> None:
    _print(console, f"    {what}  {told['source'] or 'not mapped'}")
    if told["error"]:
        _print(console, f"         {told['error']}", "red")
    elif told["source"]:
        _print(console, f"         {orjson.dumps(told['value']).decode()}", "green")


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
