"""Writes docs/settings.md from the docstrings of the settings: `python -m service.cli.settings_doc`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.config.sources import Place
from bridge.config.words import all_or_nothing, every_setting, variable
from workers.targets import kinds, load

_HEAD = """\
# Settings

<!-- Written by `python -m service.cli.settings_doc`; change the docstrings of the settings instead. -->

A setting is looked for in this order; the first place that has it wins.

1. An environment variable: `KENJO_BRIDGE_` and the path in capitals, its parts joined by two underscores.
2. A file in the folder that `KENJO_BRIDGE_SECRETS_DIR` names. It is called like the variable without the \
prefix, in lower case: `kenjo__api_key`. A line break at its end is not part of the value. Folders, and \
files that start with a dot, are passed over.
3. The YAML file: given on the command line, else named by `KENJO_BRIDGE_CONFIG`, else `bridge.yaml` in the \
current folder if it is there.

- A group is merged over these places, name by name. A list is replaced as a whole.
- In variables and files, a list or a group is written as JSON: \
`KENJO_BRIDGE_TARGETS__DIRECTORY__MAP='{"title": null}'`.
- An empty variable is not set; an empty secret file is an error.
- A variable cannot have a `-` in its name: `KENJO_BRIDGE_TARGETS__MY_TOOL__TOKEN` belongs to the target \
`my-tool` if the YAML file has that one, and no other that would be written the same.
- In YAML every value is text until its setting's type reads it, so a token of digits needs no quotes. Text \
that starts with a sign that means something in YAML (`*`, `&`, `!`, `%`, `@`, `#`) does.
- Unknown names are errors, in all three places.
- These are the settings of one company. Where one deployment has several: [companies.md](companies.md).
"""
_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "secret"}
_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_COLUMNS = ("Setting", "Type", "Default", "Meaning", "Variable")


def settings_doc(target_kinds: Mapping[str, type[TargetSettings]]) -> str:
    """The whole page: a table per group of settings, and one per kind of target with what it adds."""
    groups: dict[Place, list[tuple[Place, FieldInfo]]] = {(): []}
    models: dict[Place, type[BaseModel]] = {(): BridgeSettings}
    _collect(every_setting(BridgeSettings), groups, models)
    models["targets", "<name>"] = TargetSettings
    parts = [_HEAD]
    for place, rows in groups.items():
        parts.append(_section(".".join(place) or "Everything at once", models[place], rows))
    common = {place for rows in groups.values() for place, _ in rows}
    for kind, model in target_kinds.items():
        own: dict[Place, list[tuple[Place, FieldInfo]]] = {("targets", "<name>"): []}
        _collect(every_setting(model, ("targets", "<name>")), own, models)
        rows = [row for group in own.values() for row in group if row[0] not in common]
        parts.append(_section(f"targets.<name> with kind: {kind}", model, rows))
    return "\n".join(parts)


def _collect(
    settings: Iterable[tuple[Place, FieldInfo]],
    groups: dict[Place, list[tuple[Place, FieldInfo]]],
    models: dict[Place, type[BaseModel]],
) -> None:
    for place, field in settings:
        group: Any = all_or_nothing(field.annotation) or field.annotation
        if get_origin(group) is dict and _is_model(get_args(group)[1]):
            group, place = get_args(group)[1], (*place, "<name>")
        if isinstance(group, type) and _is_model(group):
            models[place] = group
            groups[place] = []
        else:
            groups[place[:-1]].append((place, field))


def _section(title: str, model: type[BaseModel], rows: list[tuple[Place, FieldInfo]]) -> str:
    first_line = (model.__doc__ or "").strip().partition("\n")[0]
    lines = [f"## {title.replace('<', '&lt;')}", "", first_line, ""]
    lines += [_row(_COLUMNS), _row(["---"] * len(_COLUMNS))]
    lines += [_row(_cells(place, field)) for place, field in rows]
    return "\n".join([*lines, ""])


def _cells(place: Place, field: FieldInfo) -> list[str]:
    limits = [
        f"{words} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, words in _LIMITS.items()
        if getattr(rule, name, None) is not None
    ]
    meaning = " ".join((field.description or "").split())
    kind = ", ".join([_type(field.annotation), *limits])
    return [f"`{'.'.join(place)}`", kind, _default(field), meaning, f"`{variable(place)}`"]


def _type(annotation: Any) -> str:
    options = get_args(annotation)
    match get_origin(annotation):
        case None if _is_model(annotation):
            return "group of " + ", ".join(f"`{name}`" for name in annotation.model_fields)
        case None if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return " or ".join(f"`{option}`" for option in annotation)
        case None:
            return _TYPES.get(annotation, "path")
        case origin if origin is Annotated:
            return _type(options[0])
        case origin if origin is Literal:
            return " or ".join(f"`{option}`" for option in options)
        case origin if origin in (types.UnionType, Union):
            return " or ".join(_type(option) for option in options if option is not type(None))
        case origin if origin is list:
            return f"list: {_type(options[0])}"
    return f"{_type(options[1])} by name"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    match field.get_default(call_default_factory=True, validated_data={}):
        case None | {} | []:
            return ""
        case bool(value):
            return f"`{value}`".lower()
        case float(value):
            return f"`{value:g}`"
        case value:
            return f"`{value}`"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def main() -> None:
    """Print the page with all kinds of targets there are."""
    print(settings_doc({kind: load(kind).settings for kind in kinds()}), end="")


if __name__ == "__main__":
    main()
