"""Expressions of a profile: CEL, bounded and named like those of a mapping, and texts with some in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression

Told = Callable[[str, Any], None]

_PART = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions are evaluated with: functions and the day, and who hears what each one gave."""

    environment: Environment
    told: Told = lambda _where, _value: None

    def value(self, expression: Expression, values: Mapping[str, Any]) -> Any:
        """What an expression gives. Raises RecordRejected, naming it and no value."""
        found = expression.evaluate(self.environment.given(values))
        self.told(expression.where, found)
        return found

    def is_true(self, expression: Expression, values: Mapping[str, Any]) -> bool:
        """Whether a condition holds; one that cannot be evaluated does not."""
        try:
            return self.value(expression, values) is True
        except RecordRejected:
            return False


class Template:
    """A text with expressions in `{}`."""

    def __init__(self, text: str, where: str, compile_: Callable[[str], Expression]) -> None:
        self.where = where
        *pairs, self._end = _PART.split(text)
        if "{" in "".join(pairs[::2]) + self._end or "}" in "".join(pairs[::2]) + self._end:
            raise ConfigurationError(f"{where} has a {{ or }} without its other one")
        self._parts = [
            (before, compile_(source)) for before, source in zip(pairs[::2], pairs[1::2], strict=True)
        ]

    def fill(self, scope: Scope, values: Mapping[str, Any]) -> str:
        """The text. Raises RecordRejected for a part that gives no text."""
        return "".join(f"{before}{part}" for before, part in self._filled(scope, values)) + self._end

    def address(self, scope: Scope, values: Mapping[str, Any]) -> str:
        """The same, each part as one segment of a path, whatever is in it."""
        filled = self._filled(scope, values)
        if any(not part.strip(".") for _, part in filled):
            raise RecordRejected(f"{self.where}: what is to stand in the address cannot stand in one")
        return "".join(f"{before}{quote(part, safe='')}" for before, part in filled) + self._end

    def _filled(self, scope: Scope, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = []
        for before, expression in self._parts:
            value = scope.value(expression, values)
            if value is None or isinstance(value, bool | dict | list):
                raise RecordRejected(f"{self.where} gave no text or number: {expression.source}")
            found.append((before, str(value)))
        return found
