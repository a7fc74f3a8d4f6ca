"""Functions that expressions can use beside CEL's own. Pure; null in, null out."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from bridge.mapping import dates, names, numeric, texts
from bridge.mapping.arguments import Unusable
from bridge.mapping.budget import MOST_TEXT, Budget
from bridge.mapping.latin import slug, transliterate
from bridge.mapping.patterns import pattern_functions
from bridge.mapping.phones import e164

Lookups = Mapping[str, Mapping[str, str]]
"""The setting `lookups`: tables by name."""

MAX_TEXT = MOST_TEXT
"""Characters of a text that a function may make."""

_COSTS: Mapping[str, int] = {"e164": 500, "number": 20, "divide": 30, "round": 40, "formatNumber": 40}
"""What a call takes longer than others, in characters that are copied meanwhile."""
_TIMES: Mapping[str, int] = {"transliterate": 15, "slug": 20} | dict.fromkeys(
    ("left", "right", "substring", "truncate", "initials", "titleCase"), 5
)
"""How much longer than a copy a function takes for each character: it looks at each by itself."""


def first(*values: Any) -> Any:
    """The first value that is not empty, of several or of one list; else null."""
    candidates = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return next((value for value in candidates if not _empty(value)), None)


def default(value: Any, fallback: Any) -> Any:
    """The value, or the fallback when it is empty."""
    return fallback if _empty(value) else value


def merge(*values: Any) -> dict[str, Any]:
    """The entries of several maps in one; of two with the same name the later one counts, null has none."""
    if any(value is not None and not isinstance(value, Mapping) for value in values):
        raise Unusable("wants objects")
    return {name: entry for value in values for name, entry in (value or {}).items()}


_PURE: Mapping[str, Callable[..., Any]] = {
    "lower": texts.lower,
    "upper": texts.upper,
    "trim": texts.trim,
    "left": texts.left,
    "right": texts.right,
    "substring": texts.substring,
    "substringBefore": texts.substring_before,
    "substringAfter": texts.substring_after,
    "truncate": texts.truncate,
    "initials": texts.initials,
    "keepOnly": texts.keep_only,
    "replace": texts.replace,
    "join": texts.join,
    "split": texts.split,
    "padStart": texts.pad_start,
    "titleCase": names.title_case,
    "familyNames": names.family_names,
    "transliterate": transliterate,
    "slug": slug,
    "first": first,
    "default": default,
    "merge": merge,
    "number": numeric.number,
    "divide": numeric.divide,
    "round": numeric.rounded,
    "formatNumber": numeric.format_number,
    "addDays": dates.add_days,
    "addMonths": dates.add_months,
    "addYears": dates.add_years,
    "endOfMonth": dates.end_of_month,
    "daysBetween": dates.days_between,
    "monthsBetween": dates.months_between,
    "yearsBetween": dates.years_between,
    "formatDate": dates.format_date,
    "e164": e164,
}


def functions(lookups: Lookups, budget: Budget | None = None) -> dict[str, Callable[..., Any]]:
    """All of them by the name that expressions know; `budget` counts what they do."""
    counts = budget or Budget()

    def lookup(table: str, key: Any, fallback: Any = None) -> Any:
        """What a table has for a key; the fallback, or null, where it has nothing."""
        if table not in lookups:
            raise Unusable("knows no such table: the setting lookups has the tables")
        return fallback if key is None else lookups[table].get(str(key), fallback)

    made = {**_PURE, **pattern_functions(counts), "lookup": lookup}
    return {name: _private(name, function, counts) for name, function in made.items()}


def arity(function: Callable[..., Any]) -> tuple[int, int | None]:
    """How many arguments a function takes at least and at most; None: any number."""
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 0, None
    return sum(one.default is one.empty for one in parameters), len(parameters)


def arguments_problem(number: int, least: int, most: int | None) -> str:
    """What is wrong with so many arguments, as the end of a sentence; "" when nothing is."""
    if number >= least and (most is None or number <= most):
        return ""
    wanted = f"{least}" if most == least else f"{least} to {most}"
    return f"takes {wanted} argument{'' if wanted == '1' else 's'}, but has {number}"


def _private(name: str, function: Callable[..., Any], budget: Budget) -> Callable[..., Any]:
    """The same function, counted, whose errors say nothing of the values: the CEL package logs their text."""
    limits, cost, times = arity(function), _COSTS.get(name, 0), _TIMES.get(name, 1)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            budget.give(arguments, cost, times)
            return budget.take(function(*arguments))
        except Unusable as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may have values
            problem = arguments_problem(len(arguments), *limits) or f"failed ({type(error).__name__})"
        budget.problem = f"{name}() {problem}"
        raise ValueError(budget.problem)

    return call


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
