"""CEL expressions, most of them over `person` and `team`: compiled once, evaluated for every record."""

from __future__ import annotations

import datetime
import logging
import math
import re
from collections.abc import Iterable
from typing import Any

import cel

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.bounds import MAX_RESULT, TEXT_IN_LOOPS, loops
from bridge.mapping.environment import PLAIN, TODAY, Environment, Variables
from bridge.model import Record

# The package logs each failure of a function, with the text of its error; ours are in RecordRejected.
logging.getLogger("cel").setLevel(logging.CRITICAL + 1)

FieldPath = tuple[str, ...]

RECORD = frozenset({"person", "team"})
"""The variables that hold a record, in a mapping and a scope."""

MAX_LENGTH = 10_000
"""Characters of one expression; as much as Entra allows."""

_QUOTE = r"\"{3}|'{3}|\"|'"
_TEXT = re.compile(
    r"//[^\n]*"  # a comment
    rf"|(?<!\w)(?:[rR][bB]?|[bB][rR])(?P<raw>{_QUOTE})(?s:.*?)(?P=raw)"  # its backslashes mean nothing
    rf"|(?P<quote>{_QUOTE})(?P<inner>(?s:\\.|[^\\])*?)(?P=quote)"
)
# A path such as person.work["c_desk"].x, the strings inside [ ] being kept by _blank.
_PATH = re.compile(r"(?<![\w.\"])(person|team)((?:\s*\.\s*[A-Za-z_]\w*|\s*\[\s*\"\w+\"\s*\])*)")
_PLAIN_PATH = re.compile(r"(?<![\w.\"])(person|team)((?:\s*\.\s*[A-Za-z_]\w*)*)")
_STEP = re.compile(r"\w+")
_CALL = re.compile(r"\s*\(")
_NUMBERS = {"int", "uint", "float", "double"}
_KINDS = re.compile(r"Unsupported operation: (\w{1,20}) ([-+*/%<>=!]{1,2}) (\w{1,20})\.")
_PROBLEM = re.compile(r"(?m)<input>:(\d+):(\d+): (?:Syntax error: )?(.*?)(?: expecting .*| at: .*)?$")


class Expression:
    """A compiled expression. `where` names its place in the configuration, for errors.

    `given` are the variables that it can use beside `today`: in a mapping or a scope the record; `variables`
    are those that it does use. `fields` are all that it reads; `plain` are those written with dots only,
    which are checked for misspelling; `functions` are the names of what it calls; `dated`: its value depends
    on the day.
    """

    def __init__(self, source: str, where: str, given: frozenset[str] = RECORD) -> None:
        self.source = source
        self.where = where
        if len(source) > MAX_LENGTH:
            raise ConfigurationError(f"{where} is longer than {MAX_LENGTH} characters")
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise ConfigurationError(f"{where} is not a CEL expression: {_problem(source, error)}") from None
        code = _TEXT.sub(_blank, source)
        self.fields = frozenset(_fields(code, _PATH))
        self.plain = frozenset(_fields(code, _PLAIN_PATH))
        self.functions = frozenset(name for name in self._program.functions() if name.isidentifier())
        self._loops = loops(source, code, where, given)
        self.variables = frozenset(self._program.variables()) - self._loops.variables
        self.dated = TODAY in self.variables
        if unknown := self.variables - given - {TODAY}:
            known = ", ".join(f"'{name}'" for name in sorted(given))
            raise ConfigurationError(
                f"{where} uses '{min(unknown)}', but an expression can use only {known} and '{TODAY}'"
            )

    def evaluate(self, variables: Variables) -> Any:
        """The value as JSON. Raises RecordRejected, naming the expression and not the values."""
        if self._loops.too_long(variables.data):
            raise self._too_long()
        budget = variables.budget
        budget.begin(*((self._loops.most_parts, TEXT_IN_LOOPS) if self._loops.degree else ()))
        try:
            value = _json(self._program.execute(variables.cel))
        except Exception as error:  # noqa: BLE001 - whatever CEL raises is about this record and expression
            if budget.spent:
                raise self._too_long() from None
            why = budget.problem or _why(error)
            raise RecordRejected(f"{self.where} failed ({why}): {self.source}") from None
        if budget.spent:  # the expression took the error for an answer: `|| true`
            raise self._too_long()
        return value

    def _too_long(self) -> RecordRejected:
        return RecordRejected(f"{self.where} has too many rounds to go for this record: {self.source}")


def context(record: Record, environment: Environment = PLAIN) -> Variables:
    """The variables of one record, converted once for all its expressions."""
    return environment.variables(record)


def _fields(code: str, form: re.Pattern[str]) -> Iterable[FieldPath]:
    """Yield the dotted paths that an expression reads, e.g. ("person", "work", "department")."""
    for match in form.finditer(code):
        steps = _STEP.findall(match[2])
        if steps and _CALL.match(code, match.end()):
            steps = steps[:-1]  # the last one is a method: person.work.jobTitle.size()
        yield (match[1], *steps)


def _blank(match: re.Match[str]) -> str:
    """Blank a comment or string literal, but keep a string that can only be a field's name in brackets."""
    inner = match["inner"] or ""
    before = match.string[: match.start()].rstrip()
    after = match.string[match.end() :].lstrip()
    if match[0].startswith("//"):
        return ""
    if before.endswith("[") and after.startswith("]") and re.fullmatch(r"\w+", inner):
        return f'"{inner}"'
    return '""'


def _json(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= MAX_RESULT:
        return value  # most are
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("infinity is no JSON")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | list | tuple) and len(value) > MAX_RESULT:
        raise ValueError("is too long")
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _json(item) for name, item in value.items()}
    raise TypeError(f"{type(value).__name__} is no JSON")


def _why(error: Exception) -> str:
    """Why CEL could not compute a value: the kinds of what it was to compute with, and no value."""
    if found := _KINDS.match(str(error)):
        one, sign, other = found.groups()
        if not {one, other} - _NUMBERS:
            return f"'{sign}' wants two numbers of one kind: number(x) makes of both kinds one with decimals"
        return f"'{sign}' cannot be used with {one} and {other}"
    return type(error).__name__


def _problem(source: str, error: Exception) -> str:
    """The first thing that is wrong, as a sentence."""
    text = str(error).removeprefix(f"Failed to parse expression '{source}': ")
    found = _PROBLEM.search(text)
    if found is None:
        return text.partition("\n")[0]
    line, column, what = found.groups()
    if "Recursion limit" in what:
        return "it is nested too deeply"
    return what.replace("'<EOF>'", "end") + f" at line {line}, column {column}"
