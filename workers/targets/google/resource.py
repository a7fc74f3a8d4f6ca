"""Reading and changing one attribute of a user or group, a JSON object that is changed in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.model import Kind
from bridge.spelling import folded
from workers.targets.google.attributes import ACTIVE, EXTERNAL_ID, Slot, resolve, same

Resource = dict[str, Any]


def is_open(user: Resource) -> bool | None:
    """Whether a user can sign in: neither suspended nor archived; None where an answer does not show it."""
    suspended = user.get("suspended")
    return not (suspended or user.get("archived")) if isinstance(suspended, bool) else None


def external_id(kind: Kind, resource: Resource) -> str:
    """The id of Kenjo that an object carries, "" for none."""
    return str(shown(resource, resolve(kind, EXTERNAL_ID)) or "").strip()


def has_alias(resource: Resource, address: str) -> bool:
    """Whether an address is another one of a user or group, beside the primary one."""
    others = (*_list(resource.get("aliases")), *_list(resource.get("nonEditableAliases")))
    return folded(address) in {folded(str(one)) for one in others}


def alias_among(resource: Resource, address: str) -> str:
    """An alias that can be taken away and is this address, as it is spelled there; else ""."""
    aliases = map(str, _list(resource.get("aliases")))
    return next((one for one in aliases if folded(one) == folded(address)), "")


def value_of(resource: Resource, kind: Kind, name: str) -> Any:
    """An attribute as the mapping means it: `active` is the opposite of `suspended`."""
    found = shown(resource, resolve(kind, name))
    if name == ACTIVE:
        return not found if isinstance(found, bool) else None
    return found


def holds(resource: Resource, kind: Kind, name: str, want: Any) -> bool:
    """Whether a resource already has what is wanted (None: nothing) under a name; of a list, in any entry."""
    slot = resolve(kind, name)
    if name == ACTIVE or not slot.entry:
        return same(name, value_of(resource, kind, name), want)
    values = [entry.get(slot.sub) for entry in _ours(_entries(resource, slot), slot)]
    found = (same(name, value, want) for value in values)
    return all(found) if want is None else any(found)


def shown(resource: Resource, slot: Slot) -> Any:
    """The one value at a place; of a list that of the entry that `write` would change."""
    if slot.entry:
        values = (entry.get(slot.sub) for entry in _ours(_entries(resource, slot), slot))
        return next((value for value in values if value not in (None, "")), None)
    value = resource.get(slot.field)
    if slot.sub:
        value = value.get(slot.sub) if isinstance(value, dict) else None
    return None if value == "" else value


def write(resource: Resource, kind: Kind, name: str, value: Any) -> None:
    """Put a value under a name, None to clear it; everything else stays as it is."""
    slot = resolve(kind, name)
    if name == ACTIVE:
        resource[slot.field] = not value
    elif slot.entry:
        entries = _entries(resource, slot)
        if value is None:
            _clear(entries, slot)
        else:
            _enter(entries, slot, value)
        resource[slot.field] = entries or None  # null empties a list
    elif slot.sub:
        inner = resource.get(slot.field)
        resource[slot.field] = {**(inner if isinstance(inner, dict) else {}), slot.sub: value}
    else:
        resource[slot.field] = value


def _enter(entries: list[Resource], slot: Slot, value: Any) -> None:
    ours = _ours(entries, slot)
    entry = next((one for one in ours if one.get("primary") is True), ours[0] if ours else None)
    if entry is None:
        entry = dict(slot.entry)
        if slot.field == "organizations":
            entry["primary"] = True  # the Admin console shows the primary one
        entries.append(entry)
    entry[slot.sub] = value


def _clear(entries: list[Resource], slot: Slot) -> None:
    for entry in _ours(entries, slot):
        entry.pop(slot.sub, None)
        if not entry.keys() - {"type", "customType", "namespace", "primary"}:
            entries.remove(entry)


def _ours(entries: Iterable[Resource], slot: Slot) -> list[Resource]:
    """The entries that a place means: of somebody's organizations the primary one, else that of the type."""
    found = [one for one in entries if all(folded(str(one.get(name))) == is_ for name, is_ in slot.entry)]
    if slot.field == "organizations":
        found = [one for one in entries if one.get("primary") is True] or found
    return found


def _entries(resource: Resource, slot: Slot) -> list[Resource]:
    """Copies of a list's entries."""
    return [dict(one) for one in _list(resource.get(slot.field)) if isinstance(one, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
