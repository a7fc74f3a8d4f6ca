"""JSON from outside, whose cost has a bound. Pure."""

from __future__ import annotations

from typing import Any

import orjson

MOST_VALUES = 500_000
"""Values in one JSON text: more than a directory of 10,000 people has, and at worst some 150 MB of memory."""


class TooMuch(ValueError):
    """The text has more values than it may. An empty object of two bytes takes 72 bytes when it is parsed."""


def parse(body: bytes, most: int = MOST_VALUES) -> Any:
    """The value of a JSON text. Raises TooMuch, or ValueError for what is no JSON or is nested too deeply."""
    # Each value but the first follows one of these; those within texts are counted with them.
    if body.count(b",") + body.count(b"{") + body.count(b"[") > most:
        raise TooMuch(f"has more than {most} values")
    return orjson.loads(body)
