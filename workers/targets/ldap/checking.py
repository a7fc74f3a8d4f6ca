"""What `check` finds at a directory that would go wrong later. Nothing is changed by it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence

from bridge.errors import RecordRejected, TargetHalted
from bridge.model import Kind
from bridge.wire.request import Turn
from workers.targets.ldap.attributes import MANAGER
from workers.targets.ldap.resolving import Resolver
from workers.targets.ldap.rights import Rights
from workers.targets.ldap.servers import OPENLDAP
from workers.targets.ldap.session import Rows, Session
from workers.targets.ldap.settings import LdapSettings

_NAMES = re.compile(rb"\bNAME\s+(?:'([^']+)'|\(\s*((?:'[^']+'\s*)+)\))")

_LOCKS_NOTHING = (
    "leavers are locked by pwdAccountLockedTime, and that keeps nobody out: set pwdLockout to TRUE in the"
    " password policy {dn}"
)
_NO_POLICY = (
    "leavers are locked by pwdAccountLockedTime, which the server does not know: load its overlay ppolicy,"
    " with a default policy that has pwdLockout TRUE"
)


async def problems(
    session: Session,
    resolver: Resolver,
    settings: LdapSettings,
    names: Mapping[Kind, Sequence[str]],
    turn: Turn | None,
) -> list[str]:
    """Sentences on what is wrong: containers, attributes that the schema lacks, rights, the policy."""
    found = [one async for one in _containers(session, settings)]
    itself = await resolver.itself(session)
    if settings.dialect.is_ad is not ("forestfunctionality" in itself.raw):
        found.append(f"the server does not look like {settings.dialect.name}: check server_type")
        return found
    schema = await _schema(session, (itself.raw.get("subschemasubentry") or [b""])[0].decode())
    wanted = {*names[Kind.PERSON], *names[Kind.TEAM], settings.id_attribute}
    if schema and (lacking := sorted(name for name in wanted if name.lower() not in schema)):
        found.append(f"the server's schema has no attribute {', '.join(lacking)}: take it out of map")
    if settings.dialect is OPENLDAP:
        found += await _policies(session, await resolver.root(session, Kind.PERSON), settings, schema)
        found += await _rights(session, settings, names, turn)
    return found


async def _rights(
    session: Session, settings: LdapSettings, names: Mapping[Kind, Sequence[str]], turn: Turn | None
) -> list[str]:
    """Rights that lack where people and groups are made, as far as entries are there to ask about."""
    containers = {Kind.PERSON: ("people", settings.people)}
    if settings.groups.from_ and settings.groups_base:
        containers[Kind.TEAM] = ("groups_base", settings.groups_base)
    found = []
    for kind, (setting, dn) in containers.items():
        given = {*names[kind], settings.id_attribute}
        given |= {settings.member_attribute} if kind is Kind.TEAM else {settings.dialect.access}
        if kind is Kind.PERSON and settings.map.get(MANAGER, "") is not None:
            given.add(MANAGER)
        attributes = given if settings.mode != "create_only" else ()
        found += await Rights(session, dn, turn).lacking(setting, settings.filter_of(kind), attributes)
    return found


async def _containers(session: Session, settings: LdapSettings) -> AsyncIterator[str]:
    """Containers that are not there; in AD also rights that lack (MS-ADTS 3.1.1.4.5.21)."""
    wanted = [("people", settings.people, settings.classes_of(Kind.PERSON)[-1])]
    if settings.groups.from_ and settings.groups_base:
        wanted.append(("groups_base", settings.groups_base, settings.classes_of(Kind.TEAM)[-1]))
    for name, dn, class_ in wanted:
        rows = await session.search(dn, "(objectClass=*)", ["allowedChildClassesEffective"], "BASE")
        if not rows.rows:
            yield f"{name} is not there, or bind_dn may not see it: {dn}"
        elif settings.dialect.is_ad:
            may = {one.decode().lower() for one in rows.rows[0].raw.get("allowedchildclasseseffective", [])}
            if class_.lower() not in may:
                yield f"bind_dn has no right to create {class_} entries in {name}: delegate it there"


async def _schema(session: Session, dn: str) -> set[str]:
    """The names of all attributes, in lower case (RFC 4512 section 4.2); empty where they are not shown."""
    rows = await _read(session, dn, "(objectClass=*)", "attributeTypes")
    return {
        name.lower()
        for row in rows.rows
        for definition in row.raw.get("attributetypes", [])
        if (match := _NAMES.search(definition))
        for name in re.findall(r"[\w.-]+", (match[1] or match[2]).decode())
    }


async def _policies(session: Session, root: str, settings: LdapSettings, schema: set[str]) -> list[str]:
    """Whether a lock keeps anybody out, as far as the policies can be seen; which is people's is not told."""
    if schema and settings.dialect.access.lower() not in schema:
        return [_NO_POLICY]
    rows = await _read(session, root, "(objectClass=pwdPolicy)", "pwdLockout", whole=True)
    if any(one.raw.get("pwdlockout") == [b"TRUE"] for one in rows.rows):
        return []
    return [_LOCKS_NOTHING.format(dn=one.dn) for one in rows.rows]


async def _read(session: Session, dn: str, where: str, attribute: str, *, whole: bool = False) -> Rows:
    try:
        return await session.search(dn, where, [attribute], "SUBTREE" if whole else "BASE")
    except (RecordRejected, TargetHalted):
        return Rows(())
