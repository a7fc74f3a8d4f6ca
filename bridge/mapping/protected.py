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
_EMAIL_FIELD: FieldPath = ("person", "account", "email")


class Protected:
    """The setting `protected`: Kenjo ids, e-mail addresses and CEL expressions over `person`."""

    def __init__(self, sources: Iterable[str], environment: Environment = PLAIN) -> None:
        self._environment = environment
        self.sources = sorted(sources)
        self._emails = {folded(source) for source in self.sources if _EMAIL.fullmatch(source)}
        self._ids = {source for source in self.sources if _ID.fullmatch(source)}
        others = (s for s in self.sources if not _EMAIL.fullmatch(s) and not _ID.fullmatch(s))
        self.expressions = [Expression(source, "protected") for source in others]
        if any(path[0] != Kind.PERSON for path in self.fields):
            raise ConfigurationError("protected: an expression can use only 'person'")

    @property
    def fields(self) -> frozenset[FieldPath]:
        """The fields that have to be known to decide."""
        used = frozenset(path for expression in self.expressions for path in expression.fields)
        return used | {_EMAIL_FIELD} if self._emails else used

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
        email = (record.data.get("account") or {}).get("email") or ""
        if folded(str(email)) in self._emails:
            return True
        return any(self._holds(expression, record) for expression in self.expressions)

    def _holds(self, expression: Expression, record: Record) -> bool:
        answer = expression.evaluate(context(record, self._environment))
        if not isinstance(answer, bool):
            raise RecordRejected(f"protected gave no true or false: {expression.source}")
        return answer
