"""Attributes of users and groups in Microsoft Graph: their names, where they stand, what they take. Pure.

Lengths and writable names are those of the pages "user resource type" and "group resource type" of Microsoft
Graph v1.0, and of "Directory synchronization problems: IdFix" for employeeId.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bridge.errors import RecordRejected
from bridge.mapping.shapes import BOOL, EVERY, ONE_TEXT
from bridge.model import Kind
from bridge.printable import did_you_mean
from bridge.spelling import composed, folded

Object = dict[str, Any]
"""A JSON object of Microsoft Graph."""

ENABLED = "accountEnabled"
HIRED = "employeeHireDate"
KENJO_ID = "kenjoId"
MANAGER = "manager"
MEMBERS = "members"
PHONES = "businessPhones"
UPN = "userPrincipalName"
USAGE = "usageLocation"
UNIQUE_NAME = "uniqueName"

EXTENSIONS = "onPremisesExtensionAttributes"
"""Holds extensionAttribute1 to extensionAttribute15; they can be selected only together."""

_ANY_LENGTH = 0
_LONGEST = {
    Kind.PERSON: {
        UPN: 113, "mail": _ANY_LENGTH, "mailNickname": 64, "displayName": 256, "givenName": 64, "surname": 64,
        "jobTitle": 128, "department": 64, "companyName": 64, "officeLocation": 128, "employeeId": 16,
        "employeeType": _ANY_LENGTH, HIRED: _ANY_LENGTH, PHONES: 64, "mobilePhone": 64, "faxNumber": 64,
        "streetAddress": 1024, "postalCode": 40, "city": 128, "state": 128, "country": 128,
        "preferredLanguage": _ANY_LENGTH, USAGE: 2, "onPremisesImmutableId": _ANY_LENGTH,
        **{f"extensionAttribute{number}": 1024 for number in range(1, 16)},
    },
    Kind.TEAM: {"displayName": 256, "description": 1024},
}  # fmt: skip
"""Characters; _ANY_LENGTH where nothing public says how many."""

_STAYS = {UPN, "displayName", "mailNickname", USAGE, "onPremisesImmutableId"}
"""What cannot be emptied: an empty value leaves it as it is."""

_IN_ANY_CASE = {UPN, "mail", "displayName"}
_EXTENSION = re.compile(r"extensionAttribute(?:[1-9]|1[0-5])", re.ASCII)
_OWN_EXTENSION = re.compile(r"extension_[0-9a-f]{32}_[A-Za-z]\w{0,99}", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9'_!#^~-](?:[A-Za-z0-9'._!#^~-]{0,62}[A-Za-z0-9'_!#^~-])?", re.ASCII)
_DOMAIN = re.compile(r"(?=.{3,48}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_NICKNAME = re.compile(r"[^A-Za-z0-9!#$%&'*+./=?^_`{|}~-]")


def keeps_ids(name: str) -> bool:
    """Whether Kenjo's ids can be kept in an attribute of users: an extension attribute of either sort."""
    return bool(_EXTENSION.fullmatch(name) or _OWN_EXTENSION.fullmatch(name))


def belongs(kind: Kind, name: str) -> bool:
    """Whether users, or groups, have a mapped attribute."""
    if name == KENJO_ID or name in _LONGEST[kind]:
        return True
    if kind is Kind.TEAM:
        return name == MEMBERS
    return name in (ENABLED, MANAGER) or bool(_OWN_EXTENSION.fullmatch(name))


def check_attribute(name: str) -> str | None:
    """What is wrong with an attribute name of a mapping, in one sentence; None when it can be used."""
    if any(belongs(kind, name) for kind in Kind):
        return None
    known = {*_LONGEST[Kind.PERSON], *_LONGEST[Kind.TEAM], KENJO_ID, ENABLED, MANAGER, MEMBERS}
    hint = did_you_mean(name, known, "'", "'")
    return f"a target of kind entra has no attribute '{name}'{hint}"


def filterable(kind: Kind) -> tuple[str, ...]:
    """The mapped attributes by which objects can be looked up. Not a person's name: others may have it."""
    if kind is Kind.TEAM:
        return (KENJO_ID, "displayName")
    return (KENJO_ID, UPN, "mail", "employeeId", "mailNickname")


def property_of(kind: Kind, name: str, id_attribute: str) -> str:
    """Microsoft Graph's name for a mapped attribute."""
    if name != KENJO_ID:
        return name
    return UNIQUE_NAME if kind is Kind.TEAM else id_attribute


def selected(names: Iterable[str]) -> str:
    """`$select` for these properties, extension attributes by what holds them."""
    return ",".join(dict.fromkeys(EXTENSIONS if _EXTENSION.fullmatch(name) else name for name in names))


def is_indexed_late(name: str) -> bool:
    """Whether only an advanced query filters by it, which has an index of its own that is seconds behind.

    A filter by an extension attribute is refused otherwise (Request_UnsupportedQuery).
    """
    return bool(_EXTENSION.fullmatch(name))


def filter_by(name: str, value: str) -> str:
    """`$filter` for one value; a quote within it is doubled (OData 4.01, URL conventions, 5.1.1.6.1)."""
    path = f"{EXTENSIONS}/{name}" if _EXTENSION.fullmatch(name) else name
    return f"{path} eq {quoted(value)}"


def quoted(value: str) -> str:
    """A text as OData writes it."""
    return "'" + value.replace("'", "''") + "'"


def read(there: Object, name: str) -> Any:
    """The value of a property, as one text where there is a list or an object; None for nothing."""
    if _EXTENSION.fullmatch(name):
        there = there.get(EXTENSIONS) or {}
    found = there.get(name)
    if name == PHONES:
        found = found[0] if isinstance(found, list) and found else None
    if name == MANAGER:
        found = found.get("id") if isinstance(found, dict) else None
    if name == HIRED and isinstance(found, str):
        found = found[:10]
    return None if found == "" else found


def write(body: Object, name: str, value: Any) -> None:
    """Put a value into a request; other extension attributes than those named in it stay as they are."""
    if _EXTENSION.fullmatch(name):
        body = body.setdefault(EXTENSIONS, {})
    if name == PHONES:
        value = [value] if value else []
    if name == HIRED and value:
        value = f"{value}T00:00:00Z"
    body[name] = value


def same(name: str, have: Any, want: Any) -> bool:
    """Whether what is there already says what is wanted."""
    if not isinstance(have, str) or not isinstance(want, str):
        return bool(have == want)
    return normal(name, have) == normal(name, want)


def normal(name: str, value: str) -> str:
    """The form in which values of an attribute are compared: addresses and names in any letter case."""
    return folded(value) if name == UPN or name == "mail" else composed(value)


def key_of(name: str, value: str) -> str:
    """The form in which what objects are looked up by is compared; Microsoft Graph's `eq` knows no case."""
    return folded(value) if name in _IN_ANY_CASE else composed(value)


def takes(name: str) -> frozenset[str]:
    """What an attribute can hold."""
    if name == MEMBERS:
        return EVERY
    return frozenset({BOOL}) if name == ENABLED else ONE_TEXT


def outgoing(kind: Kind, name: str, value: Any) -> Any:
    """A mapped value as Microsoft Graph takes it, None for an empty one.

    Raises RecordRejected, with a sentence without the value, for one that it would refuse in other words.
    """
    if name == ENABLED:
        if not isinstance(value, bool):
            raise RecordRejected("accountEnabled must be true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise RecordRejected(f"{name} must be a text")
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    longest = _LONGEST[kind].get(name, _ANY_LENGTH)
    if longest and len(text) > longest:
        raise RecordRejected(
            f"{name} is longer than the {longest} characters that Entra ID takes: shorten it"
        )
    if problem := _problem(name, text):
        raise RecordRejected(problem)
    return text


def _problem(name: str, text: str) -> str:
    if name == UPN:
        local, _, domain = text.partition("@")
        if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
            return (
                "userPrincipalName must be up to 64 letters A to Z, digits and '.-_!#^~ before the @, without"
                " a point at either end, and a domain of up to 48 characters behind it: use transliterate()"
                " in the mapping for other letters"
            )
    if name == "mail" and not text.isascii():
        return "mail must not have letters with accents: use transliterate() in the mapping"
    if name == USAGE and not (text.isascii() and text.isalpha() and len(text) == 2):
        return "usageLocation must be a country's code of two letters (ISO 3166), such as DE"
    if name == HIRED and not _DAY.fullmatch(text):
        return "employeeHireDate must be a date such as 2026-03-01"
    return ""


def stays(name: str) -> bool:
    """Whether an empty value leaves what is there."""
    return name in _STAYS


def nickname(upn: str) -> str:
    """The mailNickname of a new user: what stands before the @, as far as it may be in one."""
    return _NO_NICKNAME.sub("", upn.partition("@")[0]).lstrip(".")[:64] or "user"


def group_nickname(kenjo_id: str) -> str:
    """The mailNickname of a new group; it is required, and a security group uses it for nothing."""
    return "kenjo-" + re.sub(r"[^A-Za-z0-9]", "-", kenjo_id)[:58]
