"""Which attributes a mapping may name, and how a mapped value becomes an LDAP attribute's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bridge.errors import RecordRejected
from bridge.mapping.shapes import EVERY, ONE_VALUE, TRUE_OR_FALSE
from bridge.model import Kind
from bridge.spelling import folded

EXTERNAL_ID = "externalId"
ACTIVE = "active"
CONTAINER = "container"
MANAGER = "manager"
MEMBERS = "members"
OWN = frozenset({EXTERNAL_ID, ACTIVE, CONTAINER, MANAGER, MEMBERS})
"""Words of the mapping that are no attribute's name, or whose value is the name of another entry."""

PREFIX = "kenjo:"
"""What stands before Kenjo's id in the attribute that keeps it, so that values of others are told from it."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NOT_OURS = {
    "password": "userPassword unicodePwd dBCSPwd lmPwdHistory ntPwdHistory krbPrincipalKey",
    "access": "userAccountControl pwdAccountLockedTime nsAccountLock accountExpires lockoutTime pwdReset",
    "group": "member uniqueMember memberOf memberUid primaryGroupID",
    "server": "objectClass objectGUID objectSid entryUUID entryDN nsUniqueId distinguishedName dn name"
    " nTSecurityDescriptor adminCount sIDHistory",
}
_WHY = {
    "password": "the bridge gives no passwords",
    "access": f"map '{ACTIVE}' instead",
    "group": f"members of groups come from Kenjo's teams, as '{MEMBERS}'",
    "server": "the server or its administrator gives it",
}
_FORBIDDEN = {name.lower(): _WHY[why] for why, names in _NOT_OURS.items() for name in names.split()}

_SAM = "sAMAccountName"
_LONGEST_SAM = 20
_NOT_IN_SAM = frozenset('"[]:;|=+*?<>/\\,')


def check_attribute(name: str) -> str | None:
    """What is wrong with an attribute name of a mapping, in one sentence; None when it can be used.

    Which attributes there are is in the server's own schema: `check` compares with it.
    """
    if name in OWN:
        return None
    if not _NAME.fullmatch(name):
        return f"'{name}' is no name of an LDAP attribute (RFC 4512 section 1.4)"
    if why := _FORBIDDEN.get(name.lower()):
        return f"'{name}' cannot be mapped: {why}"
    return None


def takes(name: str) -> frozenset[str]:
    """What an attribute can hold: one value each."""
    if name == MEMBERS:
        return EVERY
    return TRUE_OR_FALSE if name == ACTIVE else ONE_VALUE


def texts(kind: Kind, attributes: Mapping[str, Any], *, is_ad: bool) -> dict[str, str | None]:
    """The attributes that hold plain texts; None for what is to be empty.

    LDAP knows no empty text. Without a sAMAccountName AD gives a new entry one by itself, which then stays.
    Raises RecordRejected for a name or a value that cannot be had.
    """
    found = {name: _text(name, value) for name, value in attributes.items() if name not in OWN}
    for name in found:
        if problem := check_attribute(name):
            raise RecordRejected(problem)
    for name in [name for name in found if is_ad and name.lower() == _SAM.lower()]:
        if value := found[name]:
            _check_sam(kind, value)
        else:
            del found[name]
    return found


def is_active(value: Any) -> bool:
    """The wanted access. Raises RecordRejected for what is neither yes nor no."""
    active = {"true": True, "false": False}.get(str(value).strip().lower())
    if active is None:
        raise RecordRejected(f"{ACTIVE} must be true or false")
    return active


def id_value(value: Any) -> str | None:
    """Kenjo's id as it is kept at an entry."""
    return f"{PREFIX}{value}" if value not in (None, "") else None


def external_id(values: list[bytes]) -> str:
    """The Kenjo id among the values of the attribute that keeps it; "" for none."""
    found = (value.decode("utf-8", "replace") for value in values)
    return next((text.removeprefix(PREFIX).strip() for text in found if text.startswith(PREFIX)), "")


def normal(name: str, value: str) -> str:
    """The form in which values by which entries are looked up are compared."""
    return value if name == EXTERNAL_ID else folded(value)


def _text(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"  # RFC 4517 section 3.3.3
    if isinstance(value, str | int | float):
        return str(value)
    raise RecordRejected(f"{name} must be one text: join() makes one of a list")


def _check_sam(kind: Kind, value: str) -> None:
    """What Active Directory, and whatever signs in to it, cannot use as sAMAccountName (MS-SAMR 3.1.1.6)."""
    if kind is Kind.PERSON and len(value) > _LONGEST_SAM:
        raise RecordRejected(f"{_SAM} has {len(value)} characters, and Active Directory takes {_LONGEST_SAM}")
    if not _NOT_IN_SAM.isdisjoint(value) or not value.strip(". "):
        raise RecordRejected(f"{_SAM} must not have any of {' '.join(sorted(_NOT_IN_SAM))} in it")
