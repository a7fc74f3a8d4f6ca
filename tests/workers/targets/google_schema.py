"""What Google's Directory API takes in a body and a query, from its discovery document (directory_v1).

Unknown names are refused as Google's JSON parser refuses them, wrong types too; read-only fields are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Problem = tuple[int, str, str]
"""A status, a reason and a message."""

_TEXT_LISTS = {
    "externalIds": ("customType", "type", "value"),
    "relations": ("customType", "type", "value"),
    "phones": ("customType", "primary", "type", "value"),
    "organizations": (
        "costCenter", "customType", "department", "description", "domain", "fullTimeEquivalent", "location",
        "name", "primary", "symbol", "title", "type",
    ),
    "addresses": (
        "country", "countryCode", "customType", "extendedAddress", "formatted", "locality", "poBox",
        "postalCode", "primary", "region", "sourceIsStructured", "streetAddress", "type",
    ),
}  # fmt: skip
_OTHER_LISTS = (
    "emails", "ims", "keywords", "languages", "locations", "posixAccounts", "sshPublicKeys", "websites",
)  # fmt: skip
_LARGEST = {
    "externalIds": 2048,
    "relations": 2048,
    "phones": 1024,
    "organizations": 10240,
    "addresses": 10240,
}
_USER_TEXTS = (
    "id", "kind", "etag", "primaryEmail", "password", "hashFunction", "orgUnitPath", "recoveryEmail",
    "recoveryPhone",
)  # fmt: skip
_USER_FLAGS = (
    "suspended",
    "archived",
    "changePasswordAtNextLogin",
    "includeInGlobalAddressList",
    "ipWhitelisted",
)
READ_ONLY = (
    "id", "kind", "etag", "isAdmin", "isDelegatedAdmin", "agreedToTerms", "aliases", "nonEditableAliases",
    "creationTime", "lastLoginTime", "deletionTime", "customerId", "suspensionReason", "suspensionTime",
    "archivalTime", "isMailboxSetup", "isEnrolledIn2Sv", "isEnforcedIn2Sv", "thumbnailPhotoUrl",
    "thumbnailPhotoEtag", "adminCreated", "directMembersCount",
)  # fmt: skip
_GROUP_TEXTS = ("id", "kind", "etag", "email", "name", "description", "directMembersCount")
_MEMBER_TEXTS = ("id", "kind", "etag", "email", "role", "type", "status", "delivery_settings")

_LOCAL = re.compile(r"[A-Za-z0-9_'-]+(?:\.[A-Za-z0-9_'-]+)*")
_FIELDS = re.compile(r"(\w+)(?:\(([\w,]+)\))?(?:,|$)")
_CLAUSE = re.compile(r"(\w+)=('(?:[^'\\]|\\.)*'|\S+)")


def invalid(message: str) -> Problem:
    return 400, "invalid", message


def unknown(name: str) -> Problem:
    return invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')


def user_problem(body: Any) -> Problem | None:
    """What is wrong with a user in a body."""
    if not isinstance(body, dict):
        return invalid("Invalid JSON payload received.")
    for name, value in body.items():
        if name in READ_ONLY or value is None:
            continue
        if problem := _field_problem(name, value):
            return problem
    return None


def _field_problem(name: str, value: Any) -> Problem | None:
    if name == "name":
        return _name_problem(value)
    if name in _TEXT_LISTS:
        return _entries_problem(name, value)
    if name in _OTHER_LISTS:
        return None if isinstance(value, list) else invalid(f"Invalid value for {name}")
    kind: type = str if name in _USER_TEXTS else bool if name in _USER_FLAGS else type(None)
    if kind is type(None):
        return unknown(name)
    return None if isinstance(value, kind) else invalid(f"Invalid value at '{name}'")


def _name_problem(name: Any) -> Problem | None:
    if not isinstance(name, dict):
        return invalid("Invalid value at 'name'")
    for part, value in name.items():
        if part not in ("givenName", "familyName", "displayName", "fullName"):
            return unknown(part)
        if value is None and part == "displayName":
            continue
        if not isinstance(value, str) or not value or len(value) > (256 if part == "displayName" else 60):
            return invalid(f"Invalid Given/Family Name: {part[0].upper()}{part[1:]}")
    return None


def _entries_problem(name: str, value: Any) -> Problem | None:
    if not isinstance(value, list) or not value:
        return invalid(f"Invalid Input: {name}")
    for entry in value:
        if not isinstance(entry, dict):
            return invalid(f"Invalid Input: {name}")
        for key, inner in entry.items():
            if key not in _TEXT_LISTS[name]:
                return unknown(key)
            kind = (
                bool
                if key in ("primary", "sourceIsStructured")
                else int
                if key == "fullTimeEquivalent"
                else str
            )
            if not isinstance(inner, kind):
                return invalid(f"Invalid value at '{name}.{key}'")
        if str(entry.get("type")).lower() == "custom" and not entry.get("customType"):
            return invalid(f"Invalid Input: {name}, a custom type needs customType")
    too_large = len(json.dumps(value)) > _LARGEST[name]
    return invalid(f"Invalid Input: {name} is too large") if too_large else None


def group_problem(body: Any) -> Problem | None:
    """What is wrong with a group in a body."""
    if not isinstance(body, dict):
        return invalid("Invalid JSON payload received.")
    for name, value in body.items():
        if name in READ_ONLY or value is None:
            continue
        if name == "externalIds":
            entries = value if isinstance(value, list) else [None]
            if not all(isinstance(one, dict) and set(one) <= {"namespace", "id"} for one in entries):
                return invalid("Invalid value at 'externalIds'")
        elif name not in _GROUP_TEXTS:
            return unknown(name)
        elif not isinstance(value, str):
            return invalid(f"Invalid value at '{name}'")
    return None


def member_problem(body: Any) -> Problem | None:
    """What is wrong with a member in a body."""
    if not isinstance(body, dict):
        return invalid("Invalid JSON payload received.")
    for name, value in body.items():
        if name not in _MEMBER_TEXTS:
            return unknown(name)
        if not isinstance(value, str):
            return invalid(f"Invalid value at '{name}'")
    if body.get("role", "MEMBER") not in ("OWNER", "MANAGER", "MEMBER"):
        return invalid("Invalid Input: role")
    if not (body.get("email") or body.get("id")):
        return 400, "required", "Missing required field: memberKey"
    return None


def address_problem(address: Any, domains: set[str], what: str) -> Problem | None:
    """What is wrong with the address of a user or group."""
    local, at, domain = str(address or "").rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        return invalid(f"Invalid Input: {what}")
    return None if domain.lower() in domains else (404, "notFound", "Domain not found.")


def query_problem(query: Mapping[str, str], known: set[str], most: int) -> Problem | None:
    """What is wrong with the parameters of a request."""
    for name in query:
        if name not in known | {"fields", "prettyPrint", "alt", "quotaUser"}:
            return invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            )
    if "maxResults" in query and not (
        query["maxResults"].isdecimal() and 1 <= int(query["maxResults"]) <= most
    ):
        return invalid("Invalid value for maxResults")
    if "customer" in known and ("customer" in query) is ("domain" in query):
        return 400, "badRequest", "Bad Request"
    return None


def clause(query: str) -> tuple[str, str] | None:
    """The field and the value of a search for users with one clause."""
    match = _CLAUSE.fullmatch(query.strip())
    if not match:
        return None
    value = match[2]
    return match[1], re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value


def masked(answer: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """A partial response, as the parameter `fields` asks for it."""
    if fields is None:
        return answer
    shown = {}
    for name, inner in _FIELDS.findall(fields):
        if name not in answer:
            continue
        if inner:
            wanted = inner.split(",")
            shown[name] = [{key: one[key] for key in wanted if key in one} for one in answer[name]]
        else:
            shown[name] = answer[name]
    return shown
