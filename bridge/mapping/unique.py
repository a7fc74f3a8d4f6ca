"""Values that nobody else has, such as user names: which ones a person may get, in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.errors import RecordRejected, of_one_record
from bridge.mapping.environment import COUNT, PLAIN, Environment
from bridge.mapping.expressions import Expression
from bridge.model import Record
from bridge.spelling import folded

NUMBERS = range(2, 101)
"""What `n` counts through: the second one of a name is 2, and no expression goes on for ever."""


class Unique:
    """The values of one target that nobody else has there: by attribute, the expressions in order."""

    def __init__(
        self, expressions: Mapping[str, Sequence[Expression]] | None = None, environment: Environment = PLAIN
    ) -> None:
        self.expressions: Mapping[str, Sequence[Expression]] = expressions or {}
        self._environment = environment

    def values(self, record: Record, attribute: str) -> Iterator[str]:
        """What a person may get, the first choice first; what only looks different comes once.

        Raises RecordRejected when an expression fails for this person, or gives no text.
        """
        seen = {""}
        for expression in self.expressions[attribute]:
            for number in NUMBERS if COUNT in expression.variables else (None,):
                value = self._value(expression, record, number)
                if (form := folded(value)) not in seen:
                    seen.add(form)
                    yield value

    def check(self, record: Record) -> None:
        """See that there is something to choose from. Raises RecordRejected."""
        for attribute in self.expressions:
            if next(self.values(record, attribute), None) is None:
                raise self.nothing(attribute)

    def nothing(self, attribute: str) -> RecordRejected:
        """What is wrong where no expression gives anything."""
        where = self.expressions[attribute][0].where.partition(",")[0]
        return RecordRejected(f"{where} gives nothing for this person: add an expression that everybody has")

    @of_one_record()
    def _value(self, expression: Expression, record: Record, number: int | None) -> str:
        value: Any = expression.evaluate(self._environment.variables(record, number=number))
        if value is None:
            return ""
        if not isinstance(value, str):
            raise RecordRejected(f"{expression.where} gives no text: {expression.source}")
        return value
