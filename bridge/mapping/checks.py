"""What in a target's mapping can never be right, a sentence each, before anybody is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from bridge.errors import RecordRejected
from bridge.mapping import literals
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression, FieldPath
from bridge.mapping.inference import infer
from bridge.mapping.route import Route
from bridge.mapping.shapes import BOOL, NULL, ONE_TEXT, TEXT, Shape, shape
from bridge.mapping.vocabulary import problems
from bridge.model import Kind
from bridge.printable import did_you_mean

Takes = Callable[[str], frozenset[str]]
"""Which kinds of values (`bridge.mapping.shapes`) an attribute of a target can hold."""

_OWN: frozenset[FieldPath] = frozenset({("person", "account", "email"), ("person", "id")})
"""What nobody else has."""


def wrong_with(
    route: Route, default: Mapping[str, Any], takes: Takes, environment: Environment
) -> Iterator[str]:
    """A sentence for each thing; `default` is the kind's mapping. Misspelt names of Kenjo's come first."""
    for expression in dict.fromkeys(route.expressions):
        yield from problems(expression, environment)
        found, phrases = infer(expression.source, environment.functions)
        yield from (f"{expression.where} {phrase}" for phrase in phrases)
        if expression in route.scopes.values() or expression in route.protected.expressions:
            yield from _no_choice(expression, found, environment)
    for kind, attributes in route.maps.items():
        usual = {name: text for name, text in default.get(kind, {}).items() if text is not None}
        for attribute, expression in attributes.items():
            if expression.source != usual.get(attribute):
                found = infer(expression.source, environment.functions)[0]
                wanted = _wanted(route, attribute, usual, takes, environment)
                yield from _does_not_fit(expression, attribute, found, wanted)
    yield from _no_texts(route, environment)
    yield from _needed(route, default)
    yield from _same_for_all(route, default)
    yield from _not_mapped(route)


def _no_choice(expression: Expression, found: Shape, environment: Environment) -> Iterator[str]:
    """A scope, or an entry of `protected`, that cannot choose."""
    if not found.can_be((BOOL,)):
        yield (
            f"{expression.where} gives {found.words}, but it has to give true or false: compare something, as"
            ' in person.work.office == "Berlin"'
        )
    elif not expression.fields and not expression.dated:
        try:
            chooses = expression.evaluate(environment.given({})) is True
        except RecordRejected:
            chooses = False
        if not chooses:
            yield f"{expression.where} is never true: nobody is chosen by it; use a field of Kenjo in it"


def _wanted(
    route: Route, attribute: str, usual: Mapping[str, str], takes: Takes, environment: Environment
) -> Shape:
    """What an attribute can hold. One that refers to others holds what it does by default: an id, or ids."""
    if attribute in route.references and attribute in usual:
        return infer(usual[attribute], environment.functions)[0]
    return Shape(takes(attribute))


def _does_not_fit(expression: Expression, attribute: str, found: Shape, wanted: Shape) -> Iterator[str]:
    if found.can <= {NULL} or found.without_null().can_be(wanted.can):
        return
    words = shape(TEXT) if wanted.can >= ONE_TEXT else wanted
    yield (
        f"{expression.where} gives {found.words}, but {attribute} holds {words.words}"
        f"{literals.made(found, words)}"
    )


def _no_texts(route: Route, environment: Environment) -> Iterator[str]:
    """What is unique is text, at every target."""
    for expression in (one for part in route.unique.expressions.values() for one in part):
        found = infer(expression.source, environment.functions)[0]
        if not found.can_be((TEXT,)):
            yield f"{expression.where} gives {found.words}, but it has to give text, as string(x) does"


def _needed(route: Route, default: Mapping[str, Any]) -> Iterator[str]:
    """Attributes without which the target takes nobody, and that are taken out or always null."""
    for kind, mapped in route.maps.items():
        for attribute in route.required(kind):
            expression, usual = mapped.get(attribute), default.get(kind, {}).get(attribute)
            if expression is None or expression.source.strip() == "null":
                hint = f": without the line it is {usual}" if usual else ""
                yield f"targets.{route.name}.map.{attribute} is null, but every {kind} needs one{hint}"


def _same_for_all(route: Route, default: Mapping[str, Any]) -> Iterator[str]:
    """Attributes that tell accounts apart, and that are the same for everybody."""
    people, usual = route.maps[Kind.PERSON], default.get(Kind.PERSON, {})
    apart = _match(route) | {
        name
        for name in route.required(Kind.PERSON)
        if name in usual and not _OWN.isdisjoint(Expression(usual[name], name).fields)
    }
    for attribute in sorted(apart & people.keys() - route.settings.from_.keys()):
        expression = people[attribute]
        if not expression.fields and expression.source.strip() != "null":
            yield (
                f"{expression.where} is the same for everybody, but accounts are told apart by {attribute}:"
                f" use a field of person, such as {usual.get(attribute) or 'person.account.email'}"
            )


def _match(route: Route) -> set[str]:
    """The attributes by which people's accounts are looked up, and those by which they are by default."""
    field = type(route.settings).model_fields.get("match")
    return {
        *getattr(route.settings, "match", ()),
        *(field.get_default(call_default_factory=True) if field else ()),
    }


def _not_mapped(route: Route) -> Iterator[str]:
    """Attributes that a setting names and that nothing is mapped to."""
    people = {**route.maps[Kind.PERSON], **dict.fromkeys(route.unique.expressions, "")}
    every = {name: "" for part in (people, *route.maps.values()) for name in part}
    lists: Mapping[str, tuple[str, Collection[str] | None]] = {
        "keep": ("", every),
        "only_at_create": ("", every),
        "match": (" for people", people),
        "match_groups": (" for groups", route.maps.get(Kind.TEAM)),
    }
    for setting, (whom, known) in lists.items():
        if known is None or setting not in route.settings.model_fields_set:
            continue
        for attribute in getattr(route.settings, setting, ()):
            if attribute not in known:
                near = did_you_mean(attribute, known) or f"; there is: {', '.join(sorted(known))}"
                yield f"targets.{route.name}.{setting} has '{attribute}', which is not mapped{whom}{near}"
