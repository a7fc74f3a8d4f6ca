"""What expressions can use beside a record: today's date, lookup tables, functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import cel

from bridge.mapping.budget import Budget
from bridge.mapping.functions import Lookups, functions
from bridge.mapping.lifecycle import today_in
from bridge.model import Record

TODAY = "today"
"""The variable that is today's date, as text (`2026-03-01`) like Kenjo's dates."""

COUNT = "n"
"""The variable that counts, in an expression for a value that nobody else has (`bridge.mapping.unique`)."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What one evaluation can use: the record's `data`, and everything as CEL wants it."""

    cel: cel.Context
    data: Mapping[str, Any]
    budget: Budget


class Environment:
    """`clock` gives the time; its day is the one of `zone`, in every process alike."""

    def __init__(
        self,
        lookups: Lookups | None = None,
        zone: ZoneInfo | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.lookups: Lookups = lookups or {}
        self.zone = zone or ZoneInfo("UTC")
        self._clock = clock
        self._budget = Budget()

    @property
    def today(self) -> date:
        """The day that it is now."""
        return today_in(self.zone, self._clock())

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """All functions by name."""
        return functions(self.lookups, self._budget)

    def variables(self, record: Record, today: str = "", number: int | None = None) -> Variables:
        """The variables of one record, converted once for all its expressions.

        `today`: on another day; `number`: what `n` is, in an expression that counts.

        To register all functions costs 2 microseconds, less than to find out which of them are needed.
        """
        values: dict[str, Any] = {
            record.key.kind.value: record.data,
            TODAY: today or self.today.isoformat(),
        }
        if number is not None:
            values[COUNT] = number
        return Variables(cel.Context(values, functions=self.functions), record.data, self._budget)

    def given(self, values: Mapping[str, Any]) -> Variables:
        """Variables by name, JSON each, for an expression that is about no record."""
        named = {**values, TODAY: self.today.isoformat()}
        return Variables(cel.Context(named, functions=self.functions), values, self._budget)


PLAIN = Environment()
"""Without lookup tables, in UTC."""
