"""One entry by its id, and which names belong to which ids. All is asked of the server each time.

Names are what entries hold of each other, ids what the bridge holds: a name that is remembered may by now be
another person's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from bridge.errors import RecordRejected, TargetHalted
from bridge.model import Kind
from workers.targets.ldap.attributes import MANAGER
from workers.targets.ldap.entry import Entry
from workers.targets.ldap.names import Rdn, equal, is_under, steps
from workers.targets.ldap.servers import Server, id_bytes, id_text
from workers.targets.ldap.session import Row, Session
from workers.targets.ldap.settings import LdapSettings

AT_ONCE = 50
"""Names or ids in one filter."""

MOST_PARTS = 10_000
"""Parts of a list of members that are read at most."""

SETTLES = 60.0
"""Seconds within which a server that renames members after the fact (OpenLDAP's refint) has done so."""

MOST_RENAMED = 1000
"""Names that are remembered for so long."""

_ABOUT_ITSELF = ("namingContexts", "subschemaSubentry", "vendorName", "forestFunctionality", "objectClass")


class Resolver:
    """Reads entries of one directory. `names`: the mapped attributes by kind."""

    def __init__(self, settings: LdapSettings, names: Mapping[Kind, Sequence[str]]) -> None:
        self._settings = settings
        self._server = settings.dialect
        self._names = names
        self._itself: Row | None = None
        self._top: str | None = None
        self._renamed: dict[tuple[Rdn, ...], tuple[str, float]] = {}

    async def read(self, session: Session, kind: Kind, remote_id: str) -> Entry | None:
        """An entry by its id, wherever it stands; None when there is none."""
        raw = id_bytes(self._server, remote_id)
        if raw is None:
            return None
        where = f"(&{self._settings.filter_of(kind)}{equal(self._server.id, raw)})"
        rows = await session.search(await self.root(session, kind), where, self._attributes(kind), most=2)
        return await self._whole(session, kind, rows.rows[0]) if len(rows.rows) == 1 else None

    async def at(self, session: Session, kind: Kind, dn: str) -> Entry | None:
        """An entry by its name; None when there is none."""
        rows = await session.search(dn, self._settings.filter_of(kind), self._attributes(kind), "BASE")
        return entry_of(self._server, rows.rows[0]) if rows.rows else None

    async def _whole(self, session: Session, kind: Kind, row: Row) -> Entry:
        """The entry with all its members, and the ids of those whose names stand in it."""
        raw = dict(row.raw)
        held = MANAGER if kind is Kind.PERSON else self._settings.member_attribute.lower()
        if kind is Kind.TEAM and self._server.ranged:
            raw[held] = await self._members(session, row)
        names = [name.decode("utf-8", "replace") for name in raw.get(held, [])]
        entry = entry_of(self._server, row)
        return Entry(entry.dn, entry.id, raw, await self._ids(session, names))

    async def _members(self, session: Session, row: Row) -> list[bytes]:
        """All members, in parts as the server gives them (MS-ADTS 3.1.1.3.1.3.3)."""
        members: list[bytes] = []
        for _ in range(MOST_PARTS):
            part = next((one for one in row.raw if one.startswith("member;range=")), "")
            members += row.raw.get(part, row.raw.get("member", []))
            last = part.rpartition("-")[2]
            if not part or last == "*":
                return members
            if not last.isdecimal() or int(last) + 1 != len(members):
                break
            asked = [f"member;range={len(members)}-*"]
            rows = await session.search(row.dn, "(objectClass=*)", asked, "BASE")
            if not rows.rows:
                break
            row = rows.rows[0]
        raise RecordRejected("the server does not show the whole list of this group's members")

    async def names(self, session: Session, ids: Collection[str]) -> dict[str, str]:
        """The names that entries have now, by id; those that are not there are not among them."""
        wanted = {one: raw for one in ids if (raw := id_bytes(self._server, one)) is not None}
        found: dict[str, str] = {}
        for part in _parts(sorted(wanted)):
            where = equal(self._server.id, *(wanted[one] for one in part))
            rows = await session.search(await self.root(session, Kind.PERSON), where, [self._server.id])
            found |= {entry.id: entry.dn for entry in (entry_of(self._server, row) for row in rows.rows)}
        return found

    async def _ids(self, session: Session, names: Sequence[str]) -> dict[str, str]:
        """The ids of entries by name; of a name that nobody has any more, of whom the bridge just renamed."""
        found: dict[tuple[Rdn, ...], str] = {}
        for part in _parts(names):
            where = equal(self._server.entry_dn, *part)
            rows = await session.search(await self.root(session, Kind.PERSON), where, [self._server.id])
            found |= {steps(row.dn): entry_of(self._server, row).id for row in rows.rows}
        known = {}
        for name in names:
            with suppress(ValueError):  # no name that could be anybody's
                if id_ := found.get(steps(name)) or self._formerly(steps(name)):
                    known[name] = id_
        return known

    def renamed(self, entry: Entry) -> None:
        """Note the name that an entry had: OpenLDAP's groups show it for a moment after it has another."""
        self._renamed[steps(entry.dn)] = (entry.id, _now() + SETTLES)
        if len(self._renamed) > MOST_RENAMED:
            self._renamed.pop(next(iter(self._renamed)))

    def _formerly(self, name: tuple[Rdn, ...]) -> str:
        id_, until = self._renamed.get(name, ("", 0.0))
        return id_ if _now() < until else ""

    def _attributes(self, kind: Kind) -> list[str]:
        """What is asked for: what is mapped, and what the bridge itself looks at."""
        members = self._settings.member_attribute
        held = MANAGER if kind is Kind.PERSON else "member;range=0-*" if self._server.ranged else members
        special = ("adminCount", "isCriticalSystemObject") if self._server.is_ad else ()
        own = (self._server.id, self._server.access, self._settings.id_attribute, held, *special)
        return sorted({*self._names[kind], *own})

    async def itself(self, session: Session) -> Row:
        """What the server says of itself (RFC 4512 section 5.1), read once."""
        if self._itself is None:
            rows = await session.search("", "(objectClass=*)", _ABOUT_ITSELF, "BASE")
            self._itself = rows.rows[0] if rows.rows else Row("", {})
        return self._itself

    async def root(self, session: Session, kind: Kind) -> str:
        """Below what an id is looked for: the whole tree where it is shown, so that who is moved is found."""
        if self._top is None:
            contexts = (await self.itself(session)).raw.get("namingcontexts", [])
            named = (context.decode("utf-8", "replace") for context in contexts)
            above = [one for one in named if one and is_under(self._settings.base, one)]
            top = max(above, key=len, default="")
            shown = top and (await session.search(top, "(objectClass=*)", ["1.1"], "BASE")).rows
            self._top = top if shown else ""
        return self._top or self._settings.base_of(kind)


def entry_of(server: Server, row: Row) -> Entry:
    """A row as an entry. Raises TargetHalted where the server hides the ids of its entries."""
    raw = row.raw.get(server.id.lower())
    if not raw:
        raise TargetHalted(f"the server shows no {server.id}: give bind_dn the right to read it")
    return Entry(row.dn, id_text(server, raw[0]), row.raw)


def _parts(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]


def _now() -> float:
    return asyncio.get_running_loop().time()
