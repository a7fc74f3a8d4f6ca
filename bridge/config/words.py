"""Says in words what is wrong with settings, and where else each of them can be set. No value is shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.config import sources
from bridge.config.sources import Place, Source

ANY_NAME, ANY_NUMBER = "<name>", "<number>"
"""Stand in the path of a setting for whatever a user names, and for the place in a list."""


def every_setting(
    model: type[BaseModel], prefix: Place = (), *, deep: bool = False
) -> Iterator[tuple[Place, FieldInfo]]:
    """The path and definition of each setting and group below a model, in order; a target is ANY_NAME.

    `deep`: also what is inside of lists, and of groups that may be left out.
    """
    for name, field in model.model_fields.items():
        place = (*prefix, field.alias or name)
        yield place, field
        kind: Any = field.annotation
        if get_origin(kind) is dict:
            kind, place = get_args(kind)[1], (*place, ANY_NAME)
        elif deep and get_origin(kind) is list:
            kind, place = get_args(kind)[0], (*place, ANY_NUMBER)
        elif deep and isinstance(kind, UnionType):
            kind = next((one for one in get_args(kind) if one is not type(None)), kind)
        else:
            kind = all_or_nothing(kind) or kind
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from every_setting(kind, place, deep=deep)


def all_or_nothing(annotation: Any) -> type[BaseModel] | None:
    """The group that may be left out, and has settings that must not be missing where it stands."""
    groups = get_args(annotation) if isinstance(annotation, UnionType) else ()
    for group in groups:
        if isinstance(group, type) and issubclass(group, BaseModel):
            return group if any(one.is_required() for one in group.model_fields.values()) else None
    return None


def definition(fields: Mapping[Place, FieldInfo], place: Place) -> FieldInfo:
    """The definition of a setting, or of the group in which it has any name, such as `secrets.api_key`."""
    return fields[place] if place in fields else fields[place[:-1]]


def defines(fields: Mapping[Place, FieldInfo], place: Place) -> bool:
    """Whether there is such a setting, or a group that takes any names."""
    return place in fields or get_origin(getattr(fields.get(place[:-1]), "annotation", None)) is dict


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting belongs into a secret file."""
    kinds = (field.annotation, *get_args(field.annotation))
    return any(SecretStr in (kind, *get_args(kind)) for kind in kinds)


def variable(place: Place) -> str:
    """The environment variable of a setting."""
    return sources.PREFIX + "__".join(place).upper().replace("-", "_")


class Wrong(NamedTuple):
    """What is wrong with one setting of a group. `place` is its path there, () for the group as a whole."""

    place: Place
    line: str
    is_missing: bool


def wrong_with(model: type[BaseModel], settings: Mapping[str, Any], prefix: Place = ()) -> list[Wrong]:
    """What is wrong with the settings of a group that stands at `prefix`, as `load_settings` says it."""
    try:
        model.model_validate(settings)
    except ValidationError as error:
        words = Words(model, Source(dict(settings)), prefix)
        return [
            Wrong(tuple(map(str, one["loc"])), words.line(one), one["type"] == "missing")
            for one in error.errors(include_url=False, include_input=False)
        ]
    return []


class Words:
    """Says what pydantic found so that a person can act on it.

    `remedies`: what is missing can also be set elsewhere than in the file.
    """

    def __init__(
        self, model: type[BaseModel], source: Source, prefix: Place, *, remedies: bool = True
    ) -> None:
        self._source = source
        self._prefix = prefix
        self._remedies = remedies
        self._fields = dict(every_setting(model, prefix, deep=True))

    def line(self, error: ErrorDetails) -> str:
        """One problem with the path of its setting and, if known, where it stands."""
        place = tuple(str(part) for part in error["loc"] if part != "[key]")
        origin = self._origin(place)
        sentence = self._sentence(error, (*self._prefix, *place))
        told = origin and not (error["type"] == "missing" and self._remedies)
        return f"{sentence} ({origin})" if told else sentence

    def _sentence(self, error: ErrorDetails, place: Place) -> str:
        dotted = ".".join(_printable(part) for part in place)
        match error["type"]:
            case "missing":
                return f"{dotted} is missing{self._remedy(place)}"
            case "extra_forbidden":
                return f"{dotted} is not a {self._word}{self._nearest(place)}"
            case "value_error":
                return f"{dotted} {error['ctx']['error']}"
            case "string_type":
                return f"{dotted} must be text"
            case "invalid_key":
                return f"a name in the group around '{dotted}' is not text"
            case "model_type" | "dict_type":
                return f"{dotted} must be a group of settings by name"
            case "list_type":
                return f"{dotted} must be a list"
        rule = re.sub(r"^(Input|String|Value) should", "must", error["msg"])
        return f"{dotted} {rule.partition(', unable to parse')[0]}"

    @property
    def _word(self) -> str:
        return "setting" if self._remedies else "word that can stand here"

    def _remedy(self, place: Place) -> str:
        if not self._remedies:
            return ""
        others = self._source.values.get("targets")
        if place[-1] == "kind" and isinstance(others, dict):
            names = [str(other) for other in others if other != place[1]]
            if near := difflib.get_close_matches(place[1], names, n=1, cutoff=0.75):
                return f"; did you mean the target {near[0]}?"
        field = self._fields.get(place)
        file = f" or as secret file {'__'.join(place)}" if field and is_secret(field) else ""
        return f": set it in bridge.yaml{',' if file else ' or'} as {variable(place)}{file}"

    def _nearest(self, place: Place) -> str:
        fields = {_named(other, place) for other in self._fields}
        known = sorted(".".join(other) for other in fields if other != place[: len(other)])
        if near := difflib.get_close_matches(".".join(place).lower(), known, n=1):
            return f"; did you mean {near[0]}?"
        if any(place[-1].startswith(f"{other[0]}_") for other in self._fields):
            return "; the parts of a variable's or file's name are joined by two underscores"
        beside = sorted(".".join(other) for other in fields if other[:-1] == place[:-1])
        return f"; there is: {', '.join(beside)}" if beside else ""

    def _origin(self, place: Place) -> str:
        """Where a setting stands; else one below it, else the group around it."""

        def fit(other: Place) -> tuple[bool, int]:
            return other[: len(place)] == place, -len(other) if len(other) > len(place) else len(other)

        origins = self._source.origins
        related = [other for other in origins if all(a == b for a, b in zip(other, place, strict=False))]
        return origins[max(related, key=fit)] if related else ""


def _named(known: Place, place: Place) -> Place:
    """The path of a setting with the user's own names, as far as they are in `place` too."""
    pairs = zip(known, place, strict=False)
    given = tuple(part if one in (ANY_NAME, ANY_NUMBER) else one for one, part in pairs)
    return (*given, *known[len(given) :])


def _printable(part: str) -> str:
    """A name as far as it looks like one: what follows may be a value that was written in its place."""
    name = re.match(r"[\w.-]{0,60}", part)
    return part if name and name.group() == part else f"{name.group() if name else ''}…"
