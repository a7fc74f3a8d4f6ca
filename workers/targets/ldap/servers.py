"""In what Active Directory, OpenLDAP and 389 Directory Server differ, as data and pure functions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bridge.model import Kind

ServerType = Literal["active_directory", "openldap", "389ds"]
Raw = Mapping[str, list[bytes]]
"""The attributes of an entry as they came, by name in lower case."""

DISABLED = 0x2
"""The bit ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16)."""

NORMAL = 0x200
"""The bit NORMAL_ACCOUNT of userAccountControl."""

LOCKED_FOR_GOOD = b"000001010000Z"
"""pwdAccountLockedTime of an account that only an administrator unlocks (OpenLDAP's slapo-ppolicy)."""


@dataclass(frozen=True, slots=True)
class Server:
    """One type of server.

    `id`: the attribute that stays for an entry's life, `entry_dn` the one that has its name, `access` the one
    that closes an account. `ranged`: long lists of members come in parts. `mapping`: the file of the default
    mapping.
    """

    name: str
    id: str
    entry_dn: str
    access: str
    people: tuple[str, ...]
    groups: tuple[str, ...]
    rdn: str
    external_id: str
    match: tuple[str, ...]
    mapping: str
    needs_member: bool = False
    ranged: bool = False

    @property
    def is_ad(self) -> bool:
        """Whether it is an Active Directory, with its rules for accounts and passwords."""
        return self.ranged

    def filter(self, kind: Kind, classes: tuple[str, ...]) -> str:
        """A filter for all entries of a kind; in AD a computer is a user too."""
        if self.is_ad:
            return {
                Kind.PERSON: "(&(objectCategory=person)(objectClass=user))",
                Kind.TEAM: "(objectClass=group)",
            }[kind]
        return f"(objectClass={classes[-1]})"


ACTIVE_DIRECTORY = Server(
    name="Active Directory",
    id="objectGUID",
    entry_dn="distinguishedName",
    access="userAccountControl",
    people=("top", "person", "organizationalPerson", "user"),
    groups=("top", "group"),
    rdn="cn",
    external_id="adminDescription",
    match=("externalId", "userPrincipalName", "mail"),
    mapping="mapping.yaml",
    ranged=True,
)
OPENLDAP = Server(
    name="OpenLDAP",
    id="entryUUID",
    entry_dn="entryDN",
    access="pwdAccountLockedTime",
    people=("inetOrgPerson",),
    groups=("groupOfNames",),
    rdn="uid",
    external_id="description",
    match=("externalId", "mail"),
    mapping="openldap.yaml",
    needs_member=True,
)
DIRECTORY_389 = Server(
    name="389 Directory Server",
    id="nsUniqueId",
    entry_dn="entrydn",
    access="nsAccountLock",
    people=("top", "person", "organizationalPerson", "inetOrgPerson"),
    groups=("top", "groupOfNames"),
    rdn="uid",
    external_id="description",
    match=("externalId", "mail"),
    mapping="openldap.yaml",
)
SERVERS: Mapping[ServerType, Server] = {
    "active_directory": ACTIVE_DIRECTORY,
    "openldap": OPENLDAP,
    "389ds": DIRECTORY_389,
}


def id_text(server: Server, raw: bytes) -> str:
    """The id of an entry as the bridge keeps it. A GUID is 16 bytes, mixed-endian (MS-DTYP 2.3.4.2)."""
    return str(uuid.UUID(bytes_le=raw)) if server.is_ad else raw.decode().lower()


def id_bytes(server: Server, text: str) -> bytes | None:
    """The same as the server has it; None for what is no id of such a server."""
    if server is DIRECTORY_389:
        return text.encode() if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){3}", text) else None
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found.bytes_le if server.is_ad else str(found).encode()


def is_open(server: Server, raw: Raw) -> bool | None:
    """Whether an account gives access; None where that is not shown."""
    values = raw.get(server.access.lower(), [])
    if server.is_ad:
        return not int(values[0]) & DISABLED if values and values[0].isdigit() else None
    closed: Callable[[bytes], bool] = {
        OPENLDAP.name: lambda value: value == LOCKED_FOR_GOOD,
        DIRECTORY_389.name: lambda value: value.lower() == b"true",
    }[server.name]
    return not any(closed(value) for value in values)


def access_values(server: Server, raw: Raw, *, opens: bool) -> list[bytes]:
    """The values of `server.access` with which an account gives access, or no more; [] for none.

    Of userAccountControl only the one bit changes; a new account is a normal one.
    """
    if server.is_ad:
        there = raw.get(server.access.lower(), [])
        flags = int(there[0]) if there else NORMAL
        return [str(flags & ~DISABLED if opens else flags | DISABLED).encode()]
    if opens:
        return []
    return [LOCKED_FOR_GOOD] if server is OPENLDAP else [b"true"]
