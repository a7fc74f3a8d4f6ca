"""Looking entries up and listing them. What a server finds is compared again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from bridge.errors import RecordRejected
from bridge.exchange import Page, Remote, Wanted
from bridge.model import Kind
from workers.targets.ldap.attributes import EXTERNAL_ID, external_id, id_value, normal
from workers.targets.ldap.client import Client
from workers.targets.ldap.entry import Entry, found, keys
from workers.targets.ldap.names import equal
from workers.targets.ldap.resolving import entry_of
from workers.targets.ldap.session import Rows, Session
from workers.targets.ldap.settings import LdapSettings

MANY = 50
"""Entries that a look-up by one value shows at most; nobody chooses among more."""

MOST_PAGES = 10_000
"""Pages of a list that are read at most."""


class Search:
    """Looks up entries of one directory."""

    def __init__(self, client: Client, settings: LdapSettings) -> None:
        self._client = client
        self._settings = settings
        self._server = settings.dialect

    async def find(self, wanted: Wanted) -> list[Remote]:
        """Entries by the first attribute with a hit. Raises RecordRejected when none has a value."""
        if not (pairs := list(self._values(wanted))):
            raise RecordRejected("has none of the attributes by which it would be looked up (match)")
        kind, own = wanted.key.kind, str(wanted.attributes.get(EXTERNAL_ID) or "")
        async with self._client.session() as session:
            for name, value in pairs:
                if hits := await self._by_value(session, kind, name, value):
                    return [found(self._settings, kind, one, own, name) for one in hits]
        return []

    def keys(self, wanted: Wanted) -> list[tuple[str, str]]:
        """What `find` looks a record up by."""
        return [(name, normal(name, value)) for name, value in self._values(wanted)]

    def _values(self, wanted: Wanted) -> Iterator[tuple[str, str]]:
        for name in self._settings.match_of(wanted.key.kind):
            if (value := wanted.attributes.get(name)) not in (None, ""):
                yield name, str(value)

    async def _by_value(self, session: Session, kind: Kind, name: str, value: str) -> list[Entry]:
        """Entries with a value; AD takes accents for the letters below them, so they are compared again."""
        term = (
            equal(self._settings.id_attribute, id_value(value) or "")
            if name == EXTERNAL_ID
            else equal(name, value)
        )
        rows = await session.search(
            self._settings.base_of(kind),
            f"(&{self._settings.filter_of(kind)}{term})",
            self._looked_up(kind),
            most=MANY,
        )
        hits = [one for one in self._entries(rows) if self._has(one, name, value)]
        if rows.cut and not hits:
            raise RecordRejected(f"more than {MANY} entries are alike in {name}")
        return hits

    def _has(self, entry: Entry, name: str, value: str) -> bool:
        if name == EXTERNAL_ID:
            return external_id(entry.values(self._settings.id_attribute)) == value
        return normal(name, value) in {normal(name, text) for text in entry.texts(name)}

    async def pages(self, kind: Kind) -> list[Page]:
        """All entries of a kind. They are read on one connection, which paging is bound to."""
        seen: set[str] = set()
        pages = []
        match = self._settings.match_of(kind)
        async for rows in self._listed(kind, self._looked_up(kind)):
            fresh = [one for one in self._entries(rows) if one.id not in seen]
            seen.update(one.id for one in fresh)
            remotes = (
                replace(found(self._settings, kind, one), keys=keys(self._settings.id_attribute, match, one))
                for one in fresh
            )
            pages.append(Page(tuple(remotes), whole=not rows.cookie and not rows.cut))
        return pages

    async def size(self) -> int:
        """How many people there are."""
        return sum([len(rows.rows) async for rows in self._listed(Kind.PERSON, ["1.1"])])

    async def _listed(self, kind: Kind, attributes: Sequence[str]) -> AsyncIterator[Rows]:
        """Read page by page to the end (RFC 2696)."""
        base, where = self._settings.base_of(kind), self._settings.filter_of(kind)
        cookie = b""
        async with self._client.session() as session:
            for _ in range(MOST_PAGES):
                rows = await session.search(
                    base, where, attributes, page=self._settings.page_size, cookie=cookie
                )
                yield rows
                cookie = rows.cookie
                if not cookie or rows.cut:
                    return

    def _looked_up(self, kind: Kind) -> list[str]:
        match = (name for name in self._settings.match_of(kind) if name != EXTERNAL_ID)
        return sorted({*match, self._server.id, self._server.access, self._settings.id_attribute})

    def _entries(self, rows: Rows) -> list[Entry]:
        return [entry_of(self._server, row) for row in rows.rows]
