"""Expressions over a made-up record, with a table and a fixed day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression, context
from bridge.model import Key, Kind, Record

ENVIRONMENT = Environment(
    {"locations": {"Berlin": "BER", "7": "seven"}}, clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
)


def value(source: str, **data: Any) -> Any:
    """What an expression gives for a person with these fields."""
    record = Record(Key(Kind.PERSON, "a"), data)
    return Expression(source, "map.x").evaluate(context(record, ENVIRONMENT))
