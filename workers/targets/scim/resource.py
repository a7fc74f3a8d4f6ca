"""Reading and changing one attribute of a SCIM resource, a JSON object that is changed in place."""

from __future__ import annotations

from typing import Any

from workers.targets.scim.attributes import Slot, boolean, get, key, same

Resource = dict[str, Any]


def is_open(resource: Resource) -> bool | None:
    """Whether a user may use the server, by what a resource shows; None where it shows nothing of it."""
    return boolean(get(resource, "active"))


def external_id(resource: Resource) -> str:
    """The external id without spaces around it; "" for none, which may also be said by null or spaces."""
    return plain_id(get(resource, "externalId"))


def plain_id(value: object) -> str:
    """An external id as text; it is case-exact (RFC 7643 section 3.1)."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def read(resource: Resource, slot: Slot) -> Any:
    """What stands at a slot; of a list the whole list, so that it is what a PATCH of `slot.path` sets."""
    value = get(get(resource, slot.schema) if slot.schema else resource, slot.name)
    return get(value, slot.sub) if slot.sub and not slot.entry else value


def shown(resource: Resource, slot: Slot) -> Any:
    """The one value at a slot; of a list that of the entry that `write` would change."""
    found = read(resource, slot)
    if not slot.entry:
        return None if found in ("", [], {}) else found
    values = [get(entry, slot.sub or "value") for entry in _ours(_entries(found), slot, None)]
    return next((value for value in values if value not in (None, "")), None)


def holds(resource: Resource, slot: Slot, want: Any) -> bool:
    """Whether a resource already has what is wanted (None: nothing) at a slot."""
    if not slot.entry:
        return same(slot, read(resource, slot), want)
    ours = _ours(_entries(read(resource, slot)), slot, want)
    values = [get(entry, slot.sub or "value") for entry in ours]
    if want is None:
        return all(same(slot, value, None) for value in values)
    return any(same(slot, value, want) for value in values)


def write(resource: Resource, slot: Slot, value: Any) -> None:
    """Put a value at a slot, None to clear it; everything else stays as it is."""
    holder = _object(resource, slot.schema) if slot.schema else resource
    if slot.entry:
        entries = _entries(get(holder, slot.name))
        if value is None:
            _clear(entries, slot)
        else:
            _enter(entries, slot, value)
        _put(holder, slot.name, entries or None)
    elif slot.sub:
        inner = _object(holder, slot.name)
        _put(inner, slot.sub, value)
        _put(holder, slot.name, inner or None)
    else:
        _put(holder, slot.name, value)
    if slot.schema:
        _put(resource, slot.schema, holder or None)


def _enter(entries: list[Resource], slot: Slot, value: Any) -> None:
    """Change our entry's value, or append an entry; all others stay."""
    ours = _ours(entries, slot, value)
    entry = next((one for one in ours if boolean(get(one, "primary"))), ours[0] if ours else None)
    if entry is None:
        entry = {"type": slot.entry}
        entries.append(entry)
    _put(entry, slot.sub or "value", value)
    _put(entry, "display", None)  # it described the old value
    if slot.name == "emails" and not any(boolean(get(one, "primary")) for one in entries):
        entry["primary"] = True  # Slack and Atlassian refuse a user without a primary address


def _clear(entries: list[Resource], slot: Slot) -> None:
    for entry in _ours(entries, slot, None):
        _put(entry, slot.sub or "value", None)
        if not set(map(str.lower, entry)) - {"type", "primary", "display"}:
            entries.remove(entry)


def _ours(entries: list[Resource], slot: Slot, want: Any) -> list[Resource]:
    """The entries of the slot's type.

    Where no entry has a type, the server does not keep types: "work" is then any of them, as most such
    servers keep one address only, and another type is an entry that has the wanted value.
    """
    if any(get(entry, "type") for entry in entries):
        return [entry for entry in entries if str(get(entry, "type")).lower() == str(slot.entry).lower()]
    if slot.entry == "work":
        return entries[:]
    return [entry for entry in entries if want and same(slot, get(entry, slot.sub or "value"), want)]


def _entries(value: Any) -> list[Resource]:
    items = value if isinstance(value, list) else [value] if value else []
    return [item if isinstance(item, dict) else {"value": item} for item in items]


def _object(holder: Resource, name: str) -> Resource:
    """The JSON object under a name; a new one, not yet put in, when there is none."""
    value = get(holder, name)
    return value if isinstance(value, dict) else {}


def _put(holder: Resource, name: str, value: Any) -> None:
    if value is None:
        holder.pop(key(holder, name), None)
    else:
        holder[key(holder, name)] = value
