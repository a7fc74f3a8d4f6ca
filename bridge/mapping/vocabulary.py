"""What expressions can name: fields that Kenjo documents or the bridge makes, and functions. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression, FieldPath
from bridge.mapping.fields import FIELDS, TEAM_FIELDS

__all__ = ["CUSTOM", "FIELDS", "TEAM_FIELDS", "custom_fields", "misspelt", "problems"]

CUSTOM = "c_"
"""What the names of custom fields begin with; only Kenjo knows which there are."""

_CEL = (
    "size contains startsWith endsWith matches int uint double string bytes timestamp duration type dyn"
    " getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds"
    " getMilliseconds"
)
"""CEL's own functions, as far as this implementation has them."""

_BUILT_IN = frozenset(_CEL.split())
_LOOKUP = re.compile(r"\blookup\s*\(\s*(?:\"(\w+)\"|'(\w+)')")


def problems(expression: Expression, environment: Environment) -> Iterator[str]:
    """What an expression names that does not exist, a sentence each."""
    yield from misspelt(expression, environment)
    for one, other in _LOOKUP.findall(expression.source):
        if (name := one or other) not in environment.lookups:
            there = ", ".join(sorted(environment.lookups)) or "none"
            yield f"{expression.where} looks up in '{name}', but the setting lookups has only: {there}"


def misspelt(expression: Expression, environment: Environment) -> Iterator[str]:
    """The same without tables of `lookups`, for an expression that stands beside no settings."""
    for path in sorted(expression.plain):
        if not _known(path):
            yield f"{expression.where} uses {'.'.join(path)}{_near_field(path)}"
    known = _BUILT_IN | environment.functions.keys()
    for name in sorted(expression.functions - known):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}()?" if near else ""
        yield f"{expression.where} calls {name}(){hint}; there is: {', '.join(sorted(known))}"


def custom_fields(paths: Iterable[FieldPath]) -> set[tuple[str, str]]:
    """The custom fields among the fields in use, each with its section."""
    found = set()
    for path in paths:
        place = path[3:] if path[:3] == ("person", "work", "manager") else path[1:]
        if path[0] == "person" and len(place) > 1 and place[1].startswith(CUSTOM):
            found.add((place[0], place[1]))
    return found


def _known(path: FieldPath) -> bool:
    match path:
        case ("team", *rest):
            return not rest or rest[0] in TEAM_FIELDS
        case ("person", "work", "manager", *rest):
            return not rest or rest == ["id"] or _known_of_section(rest)
        case ("person", *rest):
            return not rest or rest[0] in ("id", "lifecycle") or _known_of_section(rest)
    return True


def _known_of_section(rest: list[str]) -> bool:
    if rest[0] not in FIELDS:
        return False
    return len(rest) == 1 or rest[1] in FIELDS[rest[0]] or rest[1].startswith(CUSTOM)


def _near_field(path: FieldPath) -> str:
    of_manager = path[:3] == ("person", "work", "manager")
    root = "person.work.manager" if of_manager else path[0]
    if path[0] == "team":
        there = {f"team.{name}" for name in TEAM_FIELDS}
    else:
        there = {f"{root}.{section}.{field}" for section, fields in FIELDS.items() for field in fields}
        there |= {f"{root}.id"} | (set() if of_manager else {"person.lifecycle"})
    name, last = ".".join(path), path[-1]
    # The same name in another section is a better guess than a similar one in the same section.
    same = sorted(field for field in there if field.rpartition(".")[2].lower() == last.lower())
    beside = {field.rpartition(".")[2]: field for field in there if field.startswith(name[: -len(last)])}
    similar = [beside[found] for found in difflib.get_close_matches(last, beside, n=1)]
    near = same or similar or difflib.get_close_matches(name, there, n=1, cutoff=0.85)
    hint = f"; did you mean {near[0]}?" if near else ", which Kenjo's reference does not know"
    if len(path) < 3:
        return hint
    return (
        f'{hint} (a field that your account has all the same is written {".".join(path[:-1])}["{path[-1]}"])'
    )
