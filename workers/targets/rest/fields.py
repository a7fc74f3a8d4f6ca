"""Attributes: where each stands in an object and in a body, how it is said there, if it differs. Pure."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import is_to_come
from bridge.spelling import folded, tidy
from workers.targets.rest.profile import Attribute, Clear

Path = tuple[str, ...]

_FORM = re.compile(r"yyyy|MM|dd")
_DIGITS = {"yyyy": r"(?P<yyyy>\d{4})", "MM": r"(?P<MM>\d{1,2})", "dd": r"(?P<dd>\d{1,2})"}


def steps(text: str) -> Path:
    """The steps of a place such as `data.employees`."""
    return tuple(text.split(".")) if text else ()


def at(value: Any, path: Sequence[str]) -> Any:
    """What stands at a place; None where there is no such place."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def id_of(value: Any, path: Sequence[str]) -> str:
    """The id that stands at a place, as text; "" where there is none, or an object or a list instead."""
    found = at(value, path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def has(value: Any, path: Sequence[str]) -> bool:
    """Whether there is such a place, be it, or what is around it, empty."""
    for step in path:
        if not isinstance(value, Mapping):
            return value is None
        if step not in value:
            return False
        value = value[step]
    return True


def put(whole: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Put a value at a place; what is around it stays."""
    for step in path[:-1]:
        inner = whole.get(step)
        whole[step] = inner = inner if isinstance(inner, dict) else {}
        whole = inner
    whole[path[-1]] = value


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One attribute, by the name that a mapping uses, and where it stands."""

    name: str
    spec: Attribute
    clear: Clear
    read: Path
    write: Path

    def shown(self, item: Any) -> Any:
        """Its value in an object, in a mapping's terms; None for an empty one."""
        return self._plain(at(item, self.read))

    def _plain(self, value: Any) -> Any:
        if value in (None, "", [], {}):
            return None
        if self.spec.list or self.spec.refers_to:
            return str(value)
        if self.spec.values:
            return self._meant(str(value))
        match self.spec.type:
            case "boolean":
                return _boolean(value)
            case "number":
                return _number(value)
            case "date":
                return self._day(str(value))
        return str(value) if isinstance(value, str | int | float) else None

    def _meant(self, word: str) -> Any:
        """The value that one of the tool's words means; None for a word that the profile does not know."""
        words = {said: value for value, said in self.spec.values.items()} | self.spec.also
        value = words.get(word)
        return _boolean(value) if self.spec.type == "boolean" else value

    def _day(self, text: str) -> str | None:
        pattern = "".join(
            _DIGITS.get(part, re.escape(part)) for part in re.split(rf"({_FORM.pattern})", self.spec.form)
        )
        found = re.match(pattern, text)
        try:
            return date(*(int(found[part]) for part in _DIGITS)).isoformat() if found else None
        except ValueError:
            return None

    def differs(self, item: Any, value: Any) -> bool:
        """Whether an object has another value than is wanted (None: nothing)."""
        if value is None and self.clear == "never":
            return False
        have = self.shown(item)
        want = self._plain(self.sent(value)) if value is not None else None
        return bool(_compared(have) != _compared(want))

    def sent(self, value: Any) -> Any:
        """A wanted value as the tool takes it. Raises RecordRejected for one that it cannot take."""
        if self.spec.refers_to and is_to_come(value):
            return value  # although the tool's ids may be numbers
        if value in (None, ""):
            return "" if self.clear == "text" else None
        if self.spec.values:
            return self._word(value)
        found = self._said(value)
        if found is None:
            raise RecordRejected(f"the value for {self.name} is no {self.spec.type}")
        return found

    def _said(self, value: Any) -> Any:
        match self.spec.type:
            case "boolean":
                return _boolean(value)
            case "number":
                return _number(value)
            case "date":
                return self._formed(str(value)[:10])
        return tidy(str(value)) if isinstance(value, str | int | float) else None

    def _word(self, value: Any) -> str:
        key = str(value).lower() if isinstance(value, bool) else str(value)
        if key not in self.spec.values:
            raise RecordRejected(f"the profile has no word for the value of {self.name}")
        return self.spec.values[key]

    def _formed(self, text: str) -> str | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        parts = {"yyyy": f"{day.year:04}", "MM": f"{day.month:02}", "dd": f"{day.day:02}"}
        return _FORM.sub(lambda part: parts[part[0]], self.spec.form)

    def is_same_key(self, item: Any, value: str) -> bool:
        """Whether an object has a value that is looked up by; an address in any letter case."""
        have = self.shown(item)
        return have is not None and self.key(have) == self.key(value)

    def key(self, value: Any) -> str:
        """A value in the one form in which objects are looked up."""
        text = str(value)
        return folded(text) if "@" in text else tidy(text)


def nested(values: Iterable[tuple[Path, Any]], whole: Any = None) -> dict[str, Any]:
    """A body with values at their places; those of `whole` around them."""
    body: dict[str, Any] = copy.deepcopy(whole) if isinstance(whole, dict) else {}
    for path, value in values:
        put(body, path, value)
    return body


def _compared(value: Any) -> Any:
    return tidy(value) if isinstance(value, str) else value


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
