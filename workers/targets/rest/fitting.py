"""The default mapping that a profile brings, and what its attributes are. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bridge.mapping.shapes import EVERY, ONE_VALUE
from bridge.model import Kind
from bridge.printable import did_you_mean
from workers.targets.rest.compiled import MEMBERS, Compiled, Objects
from workers.targets.rest.compiling import family
from workers.targets.rest.settings import RestSettings


def mapped(objects: Objects, own: Mapping[str, str | None]) -> dict[str, str]:
    """The expressions of the default mapping, and of `map`, by attribute."""
    found = {name: one.spec.map for name, one in objects.fields.items()} | dict(own)
    return {name: text for name, text in found.items() if text is not None}


def fit(settings: RestSettings) -> tuple[Mapping[str, Any], Callable[[str], str | None]]:
    """The mapping, and what checks an attribute's name, as the profile has them."""
    compiled = settings.compiled
    access = compiled.people.access
    mapping: dict[str, Any] = {"references": {}, "required": {}, "access": access.name if access else ""}
    for objects in compiled.kinds:
        fields = objects.fields.items()
        mapping[objects.kind.value] = mapped(objects, {})
        mapping["required"][objects.kind.value] = [name for name, one in fields if one.spec.required]
        mapping["references"] |= {name: one.spec.refers_to for name, one in fields if one.spec.refers_to}
    if groups := compiled.profile.groups:
        mapping[Kind.TEAM.value][MEMBERS] = groups.members.map
        mapping["references"][MEMBERS] = Kind.PERSON.value
        mapping["group_name"] = groups.name
    return mapping, partial(_check_attribute, compiled)


def takes(name: str) -> frozenset[str]:
    """What an attribute can hold: one value each."""
    return EVERY if name == MEMBERS else ONE_VALUE


def _check_attribute(compiled: Compiled, name: str) -> str | None:
    """A sentence on what is wrong with an attribute's name, or None."""
    known = {known for one in compiled.kinds for known in one.fields}
    known |= {MEMBERS} if compiled.groups else set()
    if name in known:
        return None
    if any(name in one.spec.attributes or family(one.spec, name) for one in compiled.kinds):
        return f"the profile of {compiled.title} has '{name}' only with a setting in `with` that is not given"
    hint = did_you_mean(name, known, "'", "'")
    return f"the profile of {compiled.title} has no attribute '{name}'{hint}"
