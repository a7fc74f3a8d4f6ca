"""PATCH as the strictest reader of RFC 7644 section 3.5.2 has it, and Leapsome's flat form."""

from __future__ import annotations

import json
import re
from typing import Any

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_MEMBER = re.compile(r'members\[value eq ("(?:[^"\\]|\\.)*")\]')
_PATH = re.compile(r"(?:(urn:.+):)?(\w+)(?:\.(\w+))?")
_MOST_MEMBERS = 100


class BadRequest(Exception):
    """An answer with an error status, 400 unless told."""

    def __init__(self, detail: str, scim_type: str, status: int = 400) -> None:
        super().__init__(detail)
        self.scim_type = scim_type
        self.status = status


def apply(current: dict[str, Any], body: Any) -> dict[str, Any]:
    """The resource after a PatchOp; the one given stays as it is."""
    if body.get("schemas") != [PATCH_OP] or not body.get("Operations"):
        raise BadRequest("not a PatchOp", "invalidSyntax")
    resource: dict[str, Any] = json.loads(json.dumps(current))
    changes = 0
    for operation in body["Operations"]:
        _one(resource, operation["op"], operation["path"], operation.get("value"))
        added = operation.get("value") if operation["path"] == "members" else None
        changes += len(added) if added else operation["path"].startswith("members")
    if changes > _MOST_MEMBERS:
        raise BadRequest("too many members in one request", "tooMany")
    return resource


def _one(resource: dict[str, Any], op: str, path: str, value: Any) -> None:
    if match := _MEMBER.fullmatch(path):
        _remove_member(resource, op, json.loads(match[1]))
        return
    match = _PATH.fullmatch(path)
    if match is None or op not in ("add", "replace", "remove"):
        raise BadRequest("cannot read the path", "invalidPath")
    schema, name, sub = match.groups()
    holder = resource.setdefault(schema, {}) if schema else resource
    if schema and schema not in resource["schemas"]:
        resource["schemas"].append(schema)
    if sub:
        holder, name = holder.setdefault(name, {}), sub
    if op == "remove":
        if holder.pop(name, None) is None:
            raise BadRequest("nothing there", "noTarget")
    elif value in (None, "", []):
        raise BadRequest("no value", "invalidValue")
    elif op == "add" and isinstance(holder.get(name), list):
        holder[name] += value  # also those that are there already: nothing is deduplicated
    else:
        holder[name] = value


def _remove_member(resource: dict[str, Any], op: str, member: str) -> None:
    kept = [one for one in resource.get("members", []) if one["value"] != member]
    if op != "remove" or len(kept) == len(resource.get("members", [])):
        raise BadRequest("no such member", "noTarget")
    resource["members"] = kept


def apply_flat(current: dict[str, Any], body: Any) -> dict[str, Any]:
    """The resource after a flat change: attributes are set, null clears, members are added."""
    if "Operations" in body or ("userName" in current and "userName" not in body):
        raise BadRequest("not a flat resource", "invalidSyntax")
    if len(body.get("members", [])) > _MOST_MEMBERS:
        raise BadRequest("too many members in one request", "tooMany")
    resource: dict[str, Any] = json.loads(json.dumps(current))
    _merge(resource, {name: value for name, value in body.items() if name not in ("members", "schemas")})
    resource["schemas"] = sorted({*current["schemas"], *body["schemas"]})
    there = {one["value"] for one in resource.get("members", [])}
    added = [one for one in body.get("members", []) if one["value"] not in there]
    if added:
        resource["members"] = [*resource.get("members", []), *added]
    return resource


def _merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            into.pop(name, None)
        elif name.startswith("urn:"):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value
