"""Regular expressions in linear time: https://github.com/google/re2/wiki/Syntax. Null in, null out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import re2

from bridge.mapping.arguments import Unusable, text
from bridge.mapping.budget import MOST_TEXT, Budget

LONGEST = 500
"""Characters of a pattern: longer ones can take long to compile, whatever comes of it."""
LARGEST = 5_000
"""Instructions of a compiled pattern; more take long for each character."""
MOST_MEMORY = 1 << 20
"""Bytes that a compiled pattern may use."""

_KEPT = 64  # compiled patterns
_COMPILED = 100_000  # what compiling may take at the worst, in characters that are copied meanwhile
_SPEED = 20  # characters times instructions that are searched while one is copied
_MATCH = 20  # what a match costs in itself
_GROUP = re.compile(r"\\(.?)", re.DOTALL)


def pattern_functions(budget: Budget) -> Mapping[str, Callable[..., Any]]:
    """The functions that take patterns; `budget` counts what their searches may cost."""
    patterns = _Patterns(budget)

    def replace(value: str | None, pattern: str, new: str) -> str | None:
        r"""With each match of a pattern replaced; `\1` in `new` is what the first group has matched."""
        if value is None:
            return None
        compiled = patterns.of(pattern)
        if wrong := _group_problem(compiled, text(new)):
            raise Unusable(wrong)
        parts, end, length = [], 0, len(text(value))
        for match in patterns.matches(compiled, value):
            made = _filled(new, match)
            length += len(made)
            if length > MOST_TEXT:
                raise Unusable(f"would make a text of more than {MOST_TEXT:,} characters")
            parts += [value[end : match.start()], made]
            end = match.end()
        return "".join([*parts, value[end:]])

    def extract(value: str | None, pattern: str) -> str | None:
        """The first match of a pattern, or of its first group; null where there is none."""
        if value is None:
            return None
        compiled = patterns.of(pattern)
        match = next(patterns.matches(compiled, text(value)), None)
        return None if match is None else match.group(1 if compiled.groups else 0)

    return {"regexReplace": replace, "regexExtract": extract}


class _Patterns:
    """The patterns of one budget: each is compiled once, and what is done with them is counted."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._kept: dict[str, Any] = {}

    def of(self, pattern: Any) -> Any:
        """A compiled pattern. Raises Unusable, Spent."""
        if text(pattern) not in self._kept:
            self._budget.use(_COMPILED)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[pattern] = _compiled(pattern)
        return self._kept[pattern]

    def matches(self, compiled: Any, value: str) -> Iterator[Any]:
        """All matches. Before each, what it may cost at the worst is counted. Raises Spent."""
        size = compiled._regexp.ProgramSize()  # noqa: SLF001 - the binding shows it nowhere else
        found, at = compiled.finditer(value), 0
        while True:
            # One search is linear, but each match begins another, which may have to look at all that follows.
            self._budget.use(_MATCH + (len(value) - at) * size // _SPEED)
            match = next(found, None)
            if match is None:
                return
            at = match.end()
            yield match


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern, as the end of a sentence; "" when nothing is."""
    try:
        _compiled(pattern)
    except Unusable as wrong:
        return str(wrong)
    return ""


def replacement_problem(pattern: str, new: str) -> str:
    """What is wrong with what stands in place of a match; "" when nothing is, or nothing can match."""
    return "" if pattern_problem(pattern) else _group_problem(_compiled(pattern), new)


def _group_problem(compiled: Any, new: str) -> str:
    for match in _GROUP.finditer(new):
        if match[1] != "\\" and not (re.fullmatch("[0-9]", match[1]) and int(match[1]) <= compiled.groups):
            there = f"\\0 to \\{compiled.groups}" if compiled.groups else "\\0"
            return f"has a \\ that is no group of its pattern: there is {there}, and \\\\ for itself"
    return ""


def _filled(new: str, match: Any) -> str:
    return _GROUP.sub(lambda one: "\\" if one[1] == "\\" else match.group(int(one[1])) or "", new)


def _compiled(pattern: str) -> Any:
    """Raises Unusable."""
    options = re2.Options()
    options.max_mem, options.log_errors = MOST_MEMORY, False
    if len(pattern) > LONGEST:
        raise Unusable(f"has a pattern of more than {LONGEST} characters")
    try:
        compiled = re2._Regexp(pattern, options)  # noqa: SLF001 - the public one keeps 128 patterns for good
    except (re2.error, UnicodeEncodeError):
        raise Unusable(
            "has a pattern that is no regular expression of RE2, or one that is too large"
        ) from None
    if compiled._regexp.ProgramSize() > LARGEST:  # noqa: SLF001 - the binding shows it nowhere else
        raise Unusable("has a pattern that is too large")
    return compiled
