"""Attribute names of a mapping, and where in a user or group they stand (Directory API, users and groups)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from bridge.mapping.shapes import EVERY, ONE_TEXT, TRUE_OR_FALSE
from bridge.model import Kind
from bridge.printable import did_you_mean
from bridge.spelling import composed, folded

ACTIVE = "active"
EXTERNAL_ID = "externalId"
MEMBERS = "members"
ORG_UNIT = "orgUnitPath"
ADDRESSES = {Kind.PERSON: "primaryEmail", Kind.TEAM: "email"}
"""The attribute of a kind that is its address, which nobody else may have."""

BOOLEANS = (ACTIVE, "includeInGlobalAddressList")
"""The attributes that are true or false."""

OURS = "kenjo"
"""The custom type, or namespace, under which Kenjo's id is kept."""

LONGEST_NAME = 60
"""Characters of a given or family name that Google takes."""

_PLAIN = {
    Kind.PERSON: (
        ACTIVE, "primaryEmail", ORG_UNIT, "includeInGlobalAddressList", "recoveryEmail", "recoveryPhone",
    ),
    Kind.TEAM: ("email", "name", "description"),
}  # fmt: skip
_NAME = ("givenName", "familyName", "displayName")
_ORGANIZATION = (
    "title", "department", "name", "costCenter", "description", "location", "domain", "symbol",
)  # fmt: skip
_ADDRESS = (
    "formatted", "streetAddress", "extendedAddress", "locality", "region", "postalCode", "poBox", "country",
    "countryCode",
)  # fmt: skip
_TYPES = {
    "externalIds": ("account", "customer", "login_id", "network", "organization"),
    "phones": (
        "work", "mobile", "home", "other", "main", "work_mobile", "work_fax", "home_fax", "other_fax",
        "pager", "work_pager", "assistant", "company_main", "callback", "car",
    ),
    "relations": (
        "manager", "dotted_line_manager", "assistant", "admin_assistant", "exec_assistant", "partner",
        "spouse", "referred_by",
    ),
}  # fmt: skip
_ADDRESS_PART = re.compile(rf"addresses\.(work|home|other)\.({'|'.join(_ADDRESS)})")

_FIXED = {
    "primaryEmail", "name.givenName", "name.familyName", ORG_UNIT, "includeInGlobalAddressList", "email",
    "name",
}  # fmt: skip
_FOLDED = {"primaryEmail", "email", "recoveryEmail", ORG_UNIT}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of an attribute: a field of the resource, in it perhaps a sub-field.

    `entry`: the field is a list, and its entry with these values is meant.
    """

    field: str
    sub: str = ""
    entry: tuple[tuple[str, str], ...] = ()


def attributes(kind: Kind) -> list[str]:
    """The attribute names that a mapping can use."""
    if kind is Kind.TEAM:
        return [EXTERNAL_ID, *_PLAIN[kind], MEMBERS]
    lists = [f"{field}.{entry}" for field, types in _TYPES.items() for entry in types]
    parts = [f"addresses.{entry}.{sub}" for entry in ("work", "home", "other") for sub in _ADDRESS]
    names = [f"name.{sub}" for sub in _NAME]
    organization = [f"organizations.{sub}" for sub in _ORGANIZATION]
    return [EXTERNAL_ID, *_PLAIN[kind], *names, *organization, *lists, *parts]


def check_attribute(name: str) -> str | None:
    """What is wrong with an attribute name of a mapping, in one sentence; None when it can be used."""
    known = {one for kind in Kind for one in attributes(kind)}
    if name in known:
        return None
    hint = did_you_mean(name, known, "'", "'")
    return f"Google Workspace has no attribute '{name}' that can be given{hint}"


def takes(name: str) -> frozenset[str]:
    """What an attribute can hold."""
    if name == MEMBERS:
        return EVERY
    return TRUE_OR_FALSE if name in BOOLEANS else ONE_TEXT


@cache
def knows(kind: Kind, name: str) -> bool:
    """Whether a kind of record has an attribute with a place; members have none."""
    return name != MEMBERS and name in attributes(kind)


@cache
def resolve(kind: Kind, name: str) -> Slot:
    """The place of an attribute that `knows` knows."""
    if name == EXTERNAL_ID:
        if kind is Kind.TEAM:
            return Slot("externalIds", "id", (("namespace", OURS),))
        return Slot("externalIds", "value", (("type", "custom"), ("customType", OURS)))
    if name == ACTIVE:
        return Slot("suspended")
    if match := _ADDRESS_PART.fullmatch(name):
        return Slot("addresses", match[2], (("type", match[1]),))
    field, _, rest = name.partition(".")
    if field in _TYPES:
        return Slot(field, "value", (("type", rest),))
    if field == "organizations":
        return Slot(field, rest, (("type", "work"),))
    return Slot(field, rest)


def may_be_empty(name: str) -> bool:
    """Whether an attribute can be emptied; of the others an empty value leaves what is there."""
    return name not in _FIXED


def same(name: str, have: Any, want: Any) -> bool:
    """Whether Google's value already says what is wanted; None wanted: whether there is nothing."""
    if want is None:
        return have in (None, "")
    if isinstance(want, bool):
        return have is want
    return isinstance(have, str) and normal(name, have) == normal(name, str(want))


def normal(name: str, value: str) -> str:
    """The form in which values are compared: Google writes addresses small, and paths as they were made."""
    if name in _FOLDED or name.startswith("relations."):
        return folded(value)
    return composed(value).strip()
