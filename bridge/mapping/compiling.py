"""Compiles a target's expressions: its own over the default mapping of its kind, and its scopes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.config.target_settings import TargetSettings
from bridge.errors import ConfigurationError
from bridge.mapping.expressions import Expression
from bridge.model import Kind
from bridge.printable import did_you_mean

_IDS = frozenset({("person", "id"), ("team", "id")})

Map = dict[str, Expression]
"""Expressions by the target's attribute."""


def compile_maps(name: str, settings: TargetSettings, mapping: Mapping[str, Any]) -> dict[Kind, Map]:
    """The expressions of a target for each kind of record that it gets. Raises ConfigurationError."""
    maps = {Kind.PERSON: _map(name, Kind.PERSON, settings, mapping)}
    if settings.groups.from_:
        maps[Kind.TEAM] = _map(name, Kind.TEAM, settings, mapping)
        if settings.groups.name is not None:
            maps[Kind.TEAM] |= _group_name(f"targets.{name}.groups.name", settings, mapping)
    return maps


def compile_scopes(name: str, settings: TargetSettings) -> dict[Kind, Expression]:
    """What says which people and groups belong there, where something does. Raises ConfigurationError."""
    scopes = {}
    if settings.scope:
        where = f"targets.{name}.scope"
        scopes[Kind.PERSON] = scope = Expression(settings.scope, where)
        if _kind(scope) is not Kind.PERSON:
            raise ConfigurationError(f"{where} uses 'team', but a scope says which people belong here")
    if settings.groups.scope:
        where = f"targets.{name}.groups.scope"
        scopes[Kind.TEAM] = scope = Expression(settings.groups.scope, where)
        if _kind(scope) is not Kind.TEAM:
            raise ConfigurationError(f"{where} uses no 'team', but it says which groups there are")
    return scopes


def check_once(
    name: str, settings: TargetSettings, maps: Mapping[Kind, Map], mapping: Mapping[str, Any]
) -> None:
    """See that what is given once (`once`) says neither whose an account is nor who has access.

    A reference is given when the other record has its account, which may be later. Raises ConfigurationError.
    """
    mapped = {attribute: one for part in maps.values() for attribute, one in part.items()}
    for attribute in settings.once:
        if attribute not in mapped:
            why = f"is not mapped{did_you_mean(attribute, mapped)}"
        elif attribute == mapping.get("access"):
            why = "opens and closes accounts, also later"
        elif attribute in mapping.get("references", {}):
            why = "means other records, which may get their account later"
        elif mapped[attribute].fields & _IDS:
            why = "says whose the account is"
        else:
            continue
        raise ConfigurationError(f"targets.{name}.once has '{attribute}', which {why}")


def _map(name: str, kind: Kind, settings: TargetSettings, mapping: Mapping[str, Any]) -> Map:
    """Lay the configured expressions over the default mapping of a kind; null takes an attribute out."""
    default = mapping.get(kind, {})
    own = _expressions(name, settings.map)
    # An expression says itself what it is about, and one about neither is about people; so is null, but for
    # an attribute that people do not have.
    about = {attribute: expression for attribute, expression in own.items() if _kind(expression) is kind}
    removed = {attribute for attribute, source in settings.map.items() if source is None}
    if kind is not Kind.PERSON:
        removed -= mapping.get(Kind.PERSON, {}).keys()
    kept = {attribute: source for attribute, source in default.items() if attribute not in removed}
    return {**_expressions(name, kept), **about}


def _group_name(where: str, settings: TargetSettings, mapping: Mapping[str, Any]) -> Map:
    attribute = mapping.get("group_name")
    if attribute is None:
        raise ConfigurationError(f"{where}: a target of the kind {settings.kind} names no groups")
    expression = Expression(str(settings.groups.name), where)
    if _kind(expression) is not Kind.TEAM:
        raise ConfigurationError(f"{where} uses no 'team', so that all groups would have one name")
    return {attribute: expression}


def _expressions(name: str, sources: Mapping[str, str | None]) -> Map:
    return {
        attribute: Expression(source, f"targets.{name}.map.{attribute}")
        for attribute, source in sources.items()
        if source is not None
    }


def _kind(expression: Expression) -> Kind:
    roots = {path[0] for path in expression.fields}
    if len(roots) > 1:
        raise ConfigurationError(f"{expression.where} uses person and team at once")
    return Kind.TEAM if roots == {"team"} else Kind.PERSON
