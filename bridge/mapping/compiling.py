"""Compiles a target's expressions: its own over the default mapping of its kind, and its scopes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.config.target_settings import TargetSettings
from bridge.errors import ConfigurationError
from bridge.mapping.environment import COUNT
from bridge.mapping.expressions import Expression
from bridge.model import Kind
from bridge.printable import did_you_mean

_IDS = frozenset({("person", "id"), ("team", "id")})

_OF_A_PERSON = frozenset({Kind.PERSON.value, COUNT})
"""The variables of what only people get."""

Map = dict[str, Expression]
"""Expressions by the target's attribute."""


def compile_maps(name: str, settings: TargetSettings, mapping: Mapping[str, Any]) -> dict[Kind, Map]:
    """The expressions of a target for each kind of record that it gets. Raises ConfigurationError."""
    people = _map(name, Kind.PERSON, settings, mapping)
    maps = {
        Kind.PERSON: {attribute: one for attribute, one in people.items() if attribute not in settings.unique}
    }
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


def compile_unique(
    name: str, settings: TargetSettings, maps: Mapping[Kind, Map], mapping: Mapping[str, Any]
) -> dict[str, tuple[Expression, ...]]:
    """The expressions for what nobody else has (`unique`), by attribute. Raises ConfigurationError."""
    found = {}
    for attribute, sources in settings.unique.items():
        where = f"targets.{name}.unique.{attribute}"
        if problem := _not_unique(attribute, settings, mapping) or _not_told_apart(settings, maps):
            raise ConfigurationError(f"{where} {problem}")
        if not sources:
            raise ConfigurationError(f"{where} is empty: write expressions for it, the first choice first")
        found[attribute] = tuple(
            Expression(source, f"{where}, expression {number}", _OF_A_PERSON)
            for number, source in enumerate(sources, 1)
        )
    return found


def _not_unique(attribute: str, settings: TargetSettings, mapping: Mapping[str, Any]) -> str:
    """Why an attribute cannot be one that nobody else has, as the end of a sentence; "" when it can."""
    usual = mapping.get(Kind.PERSON, {}).get(attribute)
    if attribute == mapping.get("access"):
        return "opens and closes accounts, so many have the same"
    if attribute in mapping.get("references", {}):
        return "means other records, so many have the same"
    if usual is not None and Expression(usual, attribute).fields & _IDS:
        return "says whose the account is, and is Kenjo's id already"
    for setting in ("from_", "map", "once"):
        if attribute in getattr(settings, setting):
            return (
                f"is in {setting.strip('_')} too: take it out of one of the two (what is unique replaces the"
                " usual mapping, and is given once)"
            )
    if attribute not in settings.looked_up_by:
        if not settings.looked_up_by:
            return f"cannot be had: a target of the kind {settings.kind} cannot be asked who has a value"
        there_is = ", ".join(settings.looked_up_by)
        return f"cannot be looked up there, as match has only {there_is}: add {attribute} to match"
    return ""


def _not_told_apart(settings: TargetSettings, maps: Mapping[Kind, Map]) -> str:
    """What is wrong where nothing but what is unique would tell whose an account is; "" for nothing.

    A value that is free is nobody's, so it finds no account of before: everybody there would get a second.
    """
    others = maps[Kind.PERSON].keys() - settings.unique.keys()
    if not settings.looked_up_by or others.intersection(settings.looked_up_by):
        return ""
    return (
        "is all that accounts are looked up by, so that nobody's own would be found: add another mapped"
        " attribute to match, such as Kenjo's id"
    )


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
