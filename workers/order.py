"""Which target comes after which, and what it takes from there: the settings `after` and `from`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.errors import ConfigurationError
from bridge.printable import did_you_mean

ID = "id"
"""What stands in `from` for the id of a person's account at the other target."""

_UNKNOWN = '"(the id at another target)"'
"""The expression of an attribute that is such an id: the delivery puts the id in its place."""


def before(settings: TargetSettings) -> tuple[str, ...]:
    """The targets that come before one, sorted."""
    return tuple(sorted({*settings.after, *(_parts(source)[0] for source in settings.from_.values())}))


def ids(settings: TargetSettings) -> dict[str, str]:
    """The attributes that are a person's id at another target, each with its name."""
    parts = {attribute: _parts(source) for attribute, source in settings.from_.items()}
    return {attribute: name for attribute, (name, what) in parts.items() if what == ID}


def followers(targets: Mapping[str, TargetSettings], name: str) -> tuple[str, ...]:
    """The targets that come after one."""
    return tuple(other for other, settings in targets.items() if name in before(settings))


def in_order(targets: Mapping[str, TargetSettings]) -> list[str]:
    """Some targets, those that come first before those that come after them."""

    def depth(name: str) -> int:
        return 1 + max((depth(other) for other in before(targets[name]) if other in targets), default=0)

    return sorted(targets, key=depth)


def check_order(values: BridgeSettings, name: str) -> None:
    """See that what one target names is there, and that none waits for itself. Raises ConfigurationError."""
    settings = values.targets[name]
    for attribute, source in settings.from_.items():
        if not all(_parts(source)):
            raise ConfigurationError(
                f"targets.{name}.from.{attribute} is '{source}': write the name of another target, a point,"
                f" and one of its attributes, or {ID} for the id of the account there"
            )
        other, what = _parts(source)
        if other in values.targets:
            given = values.targets[other]
            if what in (*given.once, *given.unique):
                raise ConfigurationError(
                    f"targets.{name}.from.{attribute}: '{what}' is given once at {other}, so nobody knows it"
                    " later"
                )
    for other in before(settings):
        if other not in values.targets or other == name:
            near = _nearest(other, values.targets.keys() - {name})
            raise ConfigurationError(
                f"targets.{name} is to come after '{other}', but no other target is called so{near}"
            )
    if circle := _circle(values.targets, name):
        raise ConfigurationError(
            f"no target can begin, as each comes after another: {' after '.join(circle)}"
        )


def borrowed(name: str, settings: TargetSettings, maps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The expressions that one target takes over. `maps`: those of people at the targets before it.

    Raises ConfigurationError.
    """
    found = {}
    for attribute, source in settings.from_.items():
        other, what = _parts(source)
        if what == ID:
            found[attribute] = _UNKNOWN
            continue
        if what not in maps[other]:
            raise ConfigurationError(
                f"targets.{name}.from.{attribute}: '{what}' is not mapped for people at {other}"
                f"{_nearest(what, [*maps[other], ID])}"
            )
        found[attribute] = maps[other][what]
    return found


def _parts(source: str) -> tuple[str, str]:
    name, _, what = source.partition(".")
    return name, what


def _circle(targets: Mapping[str, TargetSettings], start: str) -> list[str]:
    """A way from a target back to itself, [] where there is none."""
    ways, seen = [[start]], set[str]()
    while ways:
        way = ways.pop()
        for other in before(targets[way[-1]]):
            if other == start:
                return [*way, start]
            if other in targets and other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def _nearest(name: str, known: Collection[str]) -> str:
    there_is = f"; there is: {', '.join(sorted(known))}" if known else ""
    return did_you_mean(name, known) or there_is
