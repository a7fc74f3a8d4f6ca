"""From wanted attributes to what is sent: a new resource, and a change as PATCH, as PUT or flat. Pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange
from bridge.model import Kind
from workers.targets.scim.attributes import (
    ACTIVE,
    ENTERPRISE,
    MANAGER,
    MEMBERS,
    SCHEMAS,
    Slot,
    boolean,
    get,
    key,
    reference,
    resolve,
)
from workers.targets.scim.resource import Resource, holds, read, shown, write

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_READ_ONLY = {"meta", "groups"}  # RFC 7643 sections 3.1 and 4.1.2; a strict server refuses them in a PUT


def slots(kind: Kind, attributes: Mapping[str, Any], manager_form: str = "object") -> dict[Slot, Any]:
    """The places of mapped attributes with the values as SCIM wants them; members are not among them.

    Raises RecordRejected for a name that SCIM does not have, and for `active` that is no boolean.
    """
    wanted: dict[Slot, Any] = {}
    for name, value in attributes.items():
        if name == MEMBERS:
            continue
        try:
            slot = resolve(kind, name)
        except ValueError as error:
            raise RecordRejected(str(error)) from None
        if slot == MANAGER and manager_form == "omit":
            continue
        wanted[slot] = _outgoing(slot, value, manager_form)
    return wanted


def _outgoing(slot: Slot, value: Any, manager_form: str) -> Any:
    if slot == ACTIVE:
        active = boolean(value)
        if active is None:
            raise RecordRejected("active must be true or false")
        return active
    if value is None or value == "":
        return None  # RFC 7643 section 2.5: an empty text is a value; unassigned is null
    if slot == MANAGER:
        return {"value": str(value)} if manager_form == "object" else str(value)
    if slot.schema in (None, ENTERPRISE) and isinstance(value, int | float):
        return str(value)  # every other attribute that these schemas define is text
    return value


def new_resource(kind: Kind, wanted: Mapping[Slot, Any], members: Collection[str] = ()) -> Resource:
    """The resource to create: only what has a value."""
    resource: Resource = {"schemas": [SCHEMAS[kind]]}
    for slot, value in wanted.items():
        if value is not None:
            write(resource, slot, value)
    if members:
        resource[MEMBERS] = [{"value": member} for member in members]
    return _with_schemas(resource)


def members_of(resource: Resource) -> list[str]:
    """The ids of a group's members."""
    items = get(resource, MEMBERS)
    return [id_ for item in items if (id_ := reference(item))] if isinstance(items, list) else []


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to change at the target: `merged` is its resource with the `changed` slots as wanted."""

    kind: Kind
    merged: Resource
    changed: tuple[Slot, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.add or self.remove)

    def patches(self, size: int) -> Iterator[Resource]:
        """PATCH bodies (RFC 7644 section 3.5.2) with at most `size` new members each.

        Who leaves is not among it: see `scim_members`.
        """
        operations = self._operations()
        for add in self._chunks(size):
            if add:
                members = [{"value": member} for member in add]
                operations.append({"op": "add", "path": MEMBERS, "value": members})
            yield {"schemas": [PATCH_OP], "Operations": operations}
            operations = []

    def replacement(self) -> Resource:
        """The body of a PUT: the whole resource as read with ours changed, without the server's own."""
        resource = {name: value for name, value in self.merged.items() if name.lower() not in _READ_ONLY}
        if (active := boolean(get(resource, "active"))) is not None:
            resource[key(resource, "active")] = active
        if self.add or self.remove:
            kept = [one for one in get(resource, MEMBERS) or [] if reference(one) not in self.remove]
            resource[key(resource, MEMBERS)] = kept + [{"value": member} for member in self.add]
        resource.setdefault("schemas", [SCHEMAS[self.kind]])
        return _with_schemas(resource)

    def flat(self, size: int) -> Iterator[Resource]:
        """PATCH bodies as Leapsome reads them: a resource with only what changes, members to be added."""
        body: Resource = {"schemas": [SCHEMAS[self.kind]]}
        for slot in self.changed:
            holder = body.setdefault(slot.schema, {}) if slot.schema else body
            source = get(self.merged, slot.schema) if slot.schema else self.merged
            holder[slot.name] = get(source, slot.name)
        if self.kind is Kind.PERSON:
            body["userName"] = get(self.merged, "userName")  # required in every one
        for add in self._chunks(size):
            if add:
                body[MEMBERS] = [{"value": member} for member in add]
            yield _with_schemas(body)
            body = {"schemas": [SCHEMAS[self.kind]]}

    def _operations(self) -> list[Resource]:
        # A list is replaced whole, with all its entries as just read. RFC 7644 also has paths such as
        # emails[type eq "work"].value, but does not say what a server does when no entry matches (strict
        # ones answer 400 noTarget, others append), and many read no filter in a path at all. `replace` of
        # what is not there yet is an `add` (section 3.5.2.3); a `remove` names the attribute alone.
        operations = []
        for path, slot in {slot.path: slot for slot in self.changed}.items():
            value = read(self.merged, slot)
            if value is None:
                operations.append({"op": "remove", "path": path})
            else:
                operations.append({"op": "replace", "path": path, "value": value})
        return operations

    def _chunks(self, size: int) -> Iterator[tuple[str, ...]]:
        for start in range(0, max(len(self.add), 1), size):
            yield self.add[start : start + size]


def difference(
    kind: Kind,
    current: Resource,
    wanted: Mapping[Slot, Any],
    members: Collection[str] = (),
    released: Collection[str] = (),
) -> Difference:
    """Compare the target's resource with what is wanted; only wanted slots and our members are looked at.

    `released` members leave, others that are there stay. Who leaves is among the difference whether they are
    seen or not: servers show the first members only, or none, or leave out those who are inactive.
    """
    merged = copy.deepcopy(current)
    changed = tuple(slot for slot, value in wanted.items() if not holds(merged, slot, value))
    for slot, value in wanted.items():
        # A manager as shown has a $ref and a name, which a PUT must not send back.
        if slot in changed or (slot == MANAGER and value is not None):
            write(merged, slot, value)
    there = set(members_of(current))
    add = [one for one in dict.fromkeys(members) if one not in there]
    remove = sorted(set(released) - set(members))
    return Difference(kind, merged, changed, tuple(add), tuple(remove))


def changes(current: Resource, found: Difference, names: Iterable[str]) -> list[FieldChange]:
    """A difference under the mapping's `names`, with what is there and what is wanted."""
    named = {resolve(found.kind, name): name for name in names if _has(found.kind, name)}
    values = [
        FieldChange(named[slot], _plain(slot, current), _plain(slot, found.merged)) for slot in found.changed
    ]
    added = [FieldChange(MEMBERS, None, member) for member in found.add]
    there = set(members_of(current))
    return values + added + [FieldChange(MEMBERS, member, None) for member in found.remove if member in there]


def _has(kind: Kind, name: str) -> bool:
    try:
        resolve(kind, name)
    except ValueError:
        return False
    return True


def _plain(slot: Slot, resource: Resource) -> Any:
    value = shown(resource, slot)
    return reference(value) if slot == MANAGER else value


def quoted(text: str) -> str:
    """A text in a filter: RFC 7644 section 3.4.2.2 takes JSON's quoting."""
    return json.dumps(text, ensure_ascii=False)


def _with_schemas(resource: Resource) -> Resource:
    """Name every extension that a resource uses in its `schemas` (RFC 7643 section 3)."""
    named = [str(schema) for schema in resource.get("schemas") or []]
    known = {schema.lower() for schema in named}
    extensions = [name for name in resource if name.lower().startswith("urn:") and name.lower() not in known]
    resource["schemas"] = named + extensions
    return resource
