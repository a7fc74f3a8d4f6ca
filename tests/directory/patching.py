"""What a PATCH does to a SCIM resource (RFC 7644 section 3.5.2), as far as a client may ask for it."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

Resource = dict[str, Any]

_PATH = re.compile(r'(?:(urn:.+):)?(\w+)(?:\[(\w+) eq ("(?:[^"\\]|\\.)*")\])?(?:\.(\w+))?')


class NotPossible(Exception):
    """The request is refused with 400; the text is the `scimType`."""


def patched(resource: Resource, body: Any) -> Resource:
    """The resource after all operations, or NotPossible and nothing has happened."""
    changed = copy.deepcopy(resource)
    operations = body.get("Operations") if isinstance(body, dict) else None
    if not isinstance(operations, list):
        raise NotPossible("invalidSyntax")
    for operation in operations:
        verb, path, value = (operation.get(name) for name in ("op", "path", "value"))
        verb = str(verb).lower()
        if verb not in ("add", "remove", "replace"):
            raise NotPossible("invalidSyntax")
        if path:
            _at_path(changed, verb, path, value)
        elif isinstance(value, dict) and verb != "remove":
            for name, one in value.items():
                _set(changed, verb, name, one)
        else:
            raise NotPossible("noTarget")
    return changed


def _at_path(resource: Resource, verb: str, path: str, value: Any) -> None:
    match = _PATH.fullmatch(path)
    if not match:
        raise NotPossible("invalidPath")
    urn, name, key, quoted, sub = match.groups()
    holder = resource.setdefault(urn, {}) if urn else resource
    if key:
        _matching(holder, verb, name, (key, json.loads(quoted)), sub, value)
    elif sub:
        _set(holder.setdefault(name, {}), verb, sub, value)
    else:
        _set(holder, verb, name, value)
    for emptied in [one for one in (urn, name) if one and resource.get(one) in ({}, [])]:
        del resource[emptied]


def _matching(
    holder: Resource, verb: str, name: str, equal: tuple[str, Any], sub: str | None, value: Any
) -> None:
    """Change or remove the entries of a list whose attribute equals a value."""
    entries = holder.get(name) or []
    hits = [entry for entry in entries if entry.get(equal[0]) == equal[1]]
    if verb == "remove" and not sub:
        holder[name] = [entry for entry in entries if entry not in hits]
        return
    if not hits:
        raise NotPossible("noTarget")
    for entry in hits:
        if sub:
            _set(entry, verb, sub, value)
        else:
            entry.update(value)


def _set(holder: Resource, verb: str, name: str, value: Any) -> None:
    if verb == "remove" or value is None:
        holder.pop(name, None)
    elif verb == "add" and isinstance(holder.get(name), list):
        new = value if isinstance(value, list) else [value]
        there = [entry.get("value") for entry in holder[name]]
        holder[name] = holder[name] + [entry for entry in new if entry.get("value") not in there]
    elif isinstance(value, dict) and isinstance(holder.get(name), dict):
        holder[name] = {**holder[name], **value}
    else:
        holder[name] = value
