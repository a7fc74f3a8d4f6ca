"""From wanted attributes to what is sent: a new user or group, and what differs of one. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange
from bridge.model import Kind
from workers.targets.google.attributes import (
    ACTIVE,
    ADDRESSES,
    BOOLEANS,
    LONGEST_NAME,
    MEMBERS,
    check_attribute,
    knows,
    may_be_empty,
    resolve,
)
from workers.targets.google.resource import Resource, holds, value_of, write

Wanted = Mapping[str, Any]
"""Values by attribute, as Google takes them; None: to be cleared."""

_ADDRESS = re.compile(r"[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+")
_READ_ONLY = ("fullName",)


def outgoing(kind: Kind, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Mapped attributes with the values as Google wants them; members are not among them.

    Raises RecordRejected for what it never takes.
    """
    wanted: dict[str, Any] = {}
    for name, value in attributes.items():
        if name == MEMBERS:
            continue
        if not knows(kind, name):
            raise RecordRejected(check_attribute(name) or f"a {kind} has no attribute '{name}'")
        if value in (None, "") and name != ACTIVE:
            if may_be_empty(name):
                wanted[name] = None
            continue
        wanted[name] = _boolean(name, value) if name in BOOLEANS else _text(name, value)
    _check(kind, wanted)
    return wanted


def _boolean(name: str, value: Any) -> bool:
    found = {"true": True, "false": False}.get(str(value).casefold())
    if found is None:
        raise RecordRejected(f"{name} must be true or false")
    return found


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RecordRejected(f"{name} must be text")
    return str(value)


def _check(kind: Kind, wanted: Wanted) -> None:
    name = ADDRESSES[kind]
    address = wanted.get(name)
    if address is not None and not _ADDRESS.fullmatch(address):
        raise RecordRejected(
            f"{name} is no address that Google takes: one @, and no blanks or accents (map it with"
            " transliterate or slug)"
        )
    for part in ("name.givenName", "name.familyName"):
        if len(wanted.get(part) or "") > LONGEST_NAME:
            raise RecordRejected(
                f"{part} is longer than the {LONGEST_NAME} characters that Google takes: map a shorter one"
            )


def new_resource(kind: Kind, wanted: Wanted) -> Resource:
    """The user or group to create: only what has a value."""
    resource: Resource = {}
    for name, value in wanted.items():
        if value is not None:
            write(resource, kind, name, value)
    return resource


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to change: `merged` is the resource with the `changed` attributes as wanted."""

    kind: Kind
    merged: Resource
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed)

    def without(self, name: str) -> Difference:
        """The same but for one attribute."""
        return replace(self, changed=tuple(one for one in self.changed if one != name))

    def body(self, names: Iterable[str]) -> Resource:
        """The fields that these attributes stand in, each whole: lists are replaced, not merged."""
        fields = {resolve(self.kind, name).field for name in names}
        body = {field: self.merged[field] for field in sorted(fields)}
        if isinstance(inner := body.get("name"), dict):
            body["name"] = {sub: value for sub, value in inner.items() if sub not in _READ_ONLY}
        return body


def difference(kind: Kind, current: Resource, wanted: Wanted) -> Difference:
    """What differs between a resource as it was read and what is wanted."""
    changed = tuple(name for name, value in wanted.items() if not holds(current, kind, name, value))
    merged = copy.deepcopy(current)
    for name in changed:
        write(merged, kind, name, wanted[name])
    return Difference(kind, merged, changed)


def field_changes(current: Resource, found: Difference, wanted: Wanted) -> list[FieldChange]:
    """What differs, under the names of the mapping."""
    return [FieldChange(name, value_of(current, found.kind, name), wanted[name]) for name in found.changed]
