"""CEL expressions over `person` and `team`: compiled once, evaluated for every record."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

import cel

from bridge.errors import ConfigurationError, RecordRejected
from bridge.model import Record

Path = tuple[str, ...]

MAX_LENGTH = 10_000
"""Characters of one expression; as much as Entra allows."""

_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'")
# A path such as person.work["c_desk"].x, the strings inside [ ] being kept by _blank.
_PATH = re.compile(r"(?<![\w.])(person|team)((?:\s*\.\s*[A-Za-z_]\w*|\s*\[\s*\"\w+\"\s*\])*)")
_STEP = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"\s*\(")


class Expression:
    """A compiled expression. `where` names its place in the configuration, for errors."""

    def __init__(self, source: str, where: str) -> None:
        self.source = source
        self.where = where
        if len(source) > MAX_LENGTH:
            raise ConfigurationError(f"{where} is longer than {MAX_LENGTH} characters")
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise ConfigurationError(f"{where} is not a CEL expression: {_first_line(error)}") from None
        self.fields = frozenset(_fields(source))
        unknown = set(self._program.variables()) - {"person", "team"}
        if unknown:
            raise ConfigurationError(
                f"{where} uses '{min(unknown)}', but an expression can use only 'person' and 'team'"
            )

    def evaluate(self, context: cel.Context) -> Any:
        """The value as JSON. Raises RecordRejected, naming the expression and not the values."""
        try:
            return _json(self._program.execute(context))
        except Exception as error:  # noqa: BLE001 - whatever CEL raises is about this record and expression
            raise RecordRejected(f"{self.where} failed ({type(error).__name__}): {self.source}") from None


def context(record: Record) -> cel.Context:
    """The variables of one record, converted once for all its expressions."""
    return cel.Context({record.key.kind.value: record.data})


def _fields(source: str) -> Iterable[Path]:
    """Yield the dotted paths that an expression reads, e.g. ("person", "work", "department")."""
    code = _STRINGS.sub(_blank, source)
    for match in _PATH.finditer(code):
        steps = _STEP.findall(match[2])
        if steps and _CALL.match(code, match.end()):
            steps = steps[:-1]  # the last one is a method: person.work.jobTitle.size()
        yield (match[1], *steps)


def _blank(match: re.Match[str]) -> str:
    """Blank a string literal, but keep one that can only be a field's name in brackets."""
    inner = match[0][1:-1]
    before = match.string[: match.start()].rstrip()
    after = match.string[match.end() :].lstrip()
    if before.endswith("[") and after.startswith("]") and re.fullmatch(r"\w+", inner):
        return f'"{inner}"'
    return '""'


def _json(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _json(item) for name, item in value.items()}
    raise TypeError(f"{type(value).__name__} is no JSON")


def _first_line(error: Exception) -> str:
    """CEL's own words on a syntax error without the list of all tokens that would have been right."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return (line.partition("ERROR: <input>:")[2] or line).partition(" expecting ")[0]
