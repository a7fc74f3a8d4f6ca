"""People whom the bridge never deactivates or deletes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import PLAIN, Environment
from bridge.mapping.expressions import Expression, FieldPath, context
from bridge.model import Kind, Record
from bridge.spelling import folded

_EMAIL = re.compile(r"[^\s@\"]+@[^\s@\"']+")  # in an expression, a quote closes what an @ stands in
_ID = re.compile(r"[0-9a-zA-Z_-]+")
_KENJO_ID = re.compile(r"[0-9a-fA-F]{24}")
_EMAIL_FIELD: FieldPath = ("person", "account", "email")
_NUMBERS: tuple[FieldPath, ...] = (("person", "account", "externalId"), ("person", "work", "employeeNumber"))
"""What else than Kenjo's id a word can be."""


class Protected:
    """The setting `protected`: ids, e-mail addresses and CEL expressions over `person`.

    An id is Kenjo's, an external id or an employee number; the latter two in any letter case.
    """

    def __init__(self, sources: Iterable[str], environment: Environment = PLAIN) -> None:
        self._environment = environment
        self.sources = sorted(sources)
        self._emails = {folded(source) for source in self.sources if _EMAIL.fullmatch(source)}
        self._ids = {source for source in self.sources if _ID.fullmatch(source)}
        self._words = {folded(source) for source in self._ids if not _KENJO_ID.fullmatch(source)}
        others = (s for s in self.sources if not _EMAIL.fullmatch(s) and not _ID.fullmatch(s))
        self.expressions = [Expression(source, "protected") for source in others]
        if any(path[0] != Kind.PERSON for path in self.fields):
            raise ConfigurationError("protected: an expression can use only 'person'")

    @property
    def fields(self) -> frozenset[FieldPath]:
        """The fields that have to be known to decide."""
        used = frozenset(path for expression in self.expressions for path in expression.fields)
        used |= {_EMAIL_FIELD} if self._emails else set()
        return used | {*_NUMBERS} if self._words else used

    def covers(self, record: Record) -> bool:
        """Whether this person is protected. Raises RecordRejected when an expression cannot tell."""
        if record.key.kind is not Kind.PERSON:
            return False
        if record.key.id in self._ids:
            return True
        if self.fields and not record.data.keys() - {"id", "lifecycle"}:
            raise RecordRejected(
                "nothing is known of this person any more, so nobody can tell whether they are protected:"
                " name their Kenjo id under 'protected', or close the account by hand"
            )
        if folded(str(_value(record, _EMAIL_FIELD))) in self._emails:
            return True
        if not self._words.isdisjoint(folded(str(_value(record, path))) for path in _NUMBERS):
            return True
        return any(self._holds(expression, record) for expression in self.expressions)

    def named_by(self, record: Record) -> bool:
        """The same for looking at one entry: who cannot be told is not named by it."""
        try:
            return self.covers(record)
        except RecordRejected:
            return False

    def _holds(self, expression: Expression, record: Record) -> bool:
        answer = expression.evaluate(context(record, self._environment))
        if not isinstance(answer, bool):
            raise RecordRejected(f"protected gave no true or false: {expression.source}")
        return answer


def _value(record: Record, path: FieldPath) -> object:
    """What a record has in a section; "" for nothing. A number is compared as it is written."""
    found = (record.data.get(path[1]) or {}).get(path[2])
    return "" if found is None else found
