"""SCIM attribute names, and what they name in a resource: find it, compare it, change it (RFC 7643).

Strict in what is written, lenient in what is read: attribute names in any letter case (section 2.1), entries
of a list without a type, booleans as text, a manager as object or plain id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from bridge.mapping.shapes import EVERY, ONE_TEXT, TRUE_OR_FALSE
from bridge.model import Kind
from bridge.printable import did_you_mean
from bridge.spelling import composed, folded

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCHEMAS = {Kind.PERSON: USER, Kind.TEAM: GROUP}
MEMBERS = "members"

_PLAIN = {
    Kind.PERSON: (
        "externalId", "userName", "displayName", "nickName", "profileUrl", "title", "userType",
        "preferredLanguage", "locale", "timezone", "active",
    ),
    Kind.TEAM: ("externalId", "displayName"),
}  # fmt: skip
_NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department", "manager")
_LISTS = ("emails", "phoneNumbers", "ims", "photos")
_LIST = re.compile(rf"({'|'.join(_LISTS)})\.([A-Za-z]\w*)")
_ADDRESS_PART = re.compile(rf"addresses\.([A-Za-z]\w*)\.({'|'.join(_ADDRESS)})")
_URN = re.compile(r"(urn:[A-Za-z0-9][A-Za-z0-9-]*:[^\s\"\[\]]+):([\w$-]+)(?:\.([\w$-]+))?")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of an attribute in a resource.

    `schema` is the URN of an extension, `sub` a sub-attribute, `entry` the type of the entry in a list.
    """

    name: str
    schema: str | None = None
    sub: str | None = None
    entry: str | None = None

    @property
    def path(self) -> str:
        """What a PATCH operation names: of a list always the whole list (see `scim_changes`)."""
        name = f"{self.schema}:{self.name}" if self.schema else self.name
        return name if self.entry or not self.sub else f"{name}.{self.sub}"

    @property
    def filter(self) -> str:
        """What a filter names; of a list, the value of any of its entries (RFC 7644 section 3.4.2.2)."""
        return f"{self.path}.{self.sub or 'value'}" if self.entry else self.path


ACTIVE = Slot("active")
MANAGER = Slot("manager", ENTERPRISE)


def attributes(kind: Kind) -> list[str]:
    """The attribute names that a mapping can use, lists with their usual types; URNs come on top."""
    if kind is Kind.TEAM:
        return [*_PLAIN[kind], MEMBERS]
    lists = [f"{name}.{entry}" for name in _LISTS for entry in ("work", "home", "other", "mobile")]
    parts = [f"addresses.{entry}.{sub}" for entry in ("work", "home") for sub in _ADDRESS]
    return [*_PLAIN[kind], *(f"name.{sub}" for sub in _NAME), *lists, *parts, *_ENTERPRISE]


def check_attribute(name: str) -> str | None:
    """What is wrong with an attribute name of a mapping, in one sentence; None when it can be used."""
    if name == MEMBERS or any(_find(kind, name) for kind in Kind):
        return None
    hint = did_you_mean(name, {one for kind in Kind for one in attributes(kind)}, "'", "'")
    return f"SCIM has no attribute '{name}'{hint}"


def takes(name: str) -> frozenset[str]:
    """What an attribute can hold: text, but for `active` (RFC 7643); an extension's, anything."""
    if name == MEMBERS or name.startswith("urn:"):
        return EVERY
    return TRUE_OR_FALSE if name == ACTIVE.name else ONE_TEXT


def resolve(kind: Kind, name: str) -> Slot:
    """The place that a mapping's attribute name means. Raises ValueError for an unknown name."""
    slot = _find(kind, name)
    if slot is None:
        raise ValueError(check_attribute(name) or f"a {kind} has no SCIM attribute '{name}'")
    return slot


@cache
def _find(kind: Kind, name: str) -> Slot | None:
    if name in _PLAIN[kind]:
        return Slot(name)
    if match := _URN.fullmatch(name):
        # Core attributes have one name each, so that two entries of a mapping cannot mean the same place.
        return None if match[1] in SCHEMAS.values() else Slot(match[2], match[1], match[3])
    return _find_of_person(name) if kind is Kind.PERSON else None


def _find_of_person(name: str) -> Slot | None:
    if name in _ENTERPRISE:
        return Slot(name, ENTERPRISE)
    if name.startswith("name.") and name[5:] in _NAME:
        return Slot("name", sub=name[5:])
    if match := _LIST.fullmatch(name):
        return Slot(match[1], sub="value", entry=match[2])
    if match := _ADDRESS_PART.fullmatch(name):
        return Slot("addresses", sub=match[2], entry=match[1])
    return None


def boolean(value: Any) -> bool | None:
    """A boolean, also when a server says it as text or as 0 and 1; None when it is none of these."""
    if isinstance(value, bool):
        return value
    said = str(value).lower() if isinstance(value, str | int) else ""
    return {"true": True, "1": True, "false": False, "0": False}.get(said)


def reference(value: Any) -> str | None:
    """The id that a reference means: `{"value": id}`, Leapsome's `{"managerId": id}`, or the plain id."""
    if isinstance(value, dict):
        value = get(value, "value") or get(value, "managerId")
    return str(value) if value not in (None, "") else None


def same_key(name: str, have: Any, want: str) -> bool:
    """Whether a found object's attribute is the one looked for.

    RFC 7643: externalId is case-exact (section 3.1), userName and a group's displayName are not (8.7.1).
    """
    if isinstance(have, int) and not isinstance(have, bool):
        have = str(have)  # an employeeNumber
    if not isinstance(have, str):
        return False
    return normal(name, have) == normal(name, want)


def normal(name: str, value: str) -> str:
    """The form in which values of an attribute by which objects are looked up are compared."""
    return composed(value) if name == "externalId" else _fold(value)


def same(slot: Slot, have: Any, want: Any) -> bool:
    """Whether the target's value already says what is wanted; None wanted: whether there is nothing."""
    if want is None:
        return have in (None, "", [], {})
    if have is None:
        return False
    if slot == MANAGER:
        return reference(have) == reference(want)
    if isinstance(want, bool):
        return boolean(have) is want
    if slot.name == "userName" or slot.name == "emails":
        return _fold(str(have)) == _fold(str(want))
    if slot.name == "phoneNumbers":
        return _digits(str(have)) == _digits(str(want))
    if isinstance(have, str) and isinstance(want, str):
        return composed(have) == composed(want)  # servers decompose letters by themselves
    return bool(have == want or (isinstance(have, int | float) and str(have) == want))


def _fold(text: str) -> str:
    # Staffbase stores the @ of a userName as [at].
    return folded(text).replace("[at]", "@")


def _digits(text: str) -> str:
    # RFC 7643 section 4.1.2 wants tel: URIs, and servers reformat freely.
    return re.sub(r"[^\d+]", "", text.lower().removeprefix("tel:"))


def key(mapping: dict[str, Any], name: str) -> str:
    """The spelling under which `mapping` has an attribute, or `name` itself when it has none."""
    if name in mapping:
        return name
    lower = name.lower()
    for other in mapping:  # no generator: asked for fifty times for each account
        if other.lower() == lower:
            return other
    return name


def get(mapping: Any, name: str) -> Any:
    """An attribute of a JSON object in any letter case; None for what is no object."""
    return mapping.get(key(mapping, name)) if isinstance(mapping, dict) else None
