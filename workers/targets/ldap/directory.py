"""A connected LDAP directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from bridge.errors import NotFound, RecordRejected
from bridge.exchange import Change, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Target, Tools, one_by_one
from workers.targets.ldap.changes import Edit, edit, new
from workers.targets.ldap.checking import problems
from workers.targets.ldap.client import Client
from workers.targets.ldap.entry import Entry, found
from workers.targets.ldap.resolving import Resolver
from workers.targets.ldap.search import Search
from workers.targets.ldap.sender import PROTECTED, Sender
from workers.targets.ldap.settings import LdapSettings


class LdapTarget(Target):
    """See `workers.targets.base.Target`. `names`: the mapped attributes by kind, as LDAP calls them."""

    can = Abilities(lists=True)

    def __init__(self, settings: LdapSettings, names: Mapping[Kind, Sequence[str]], tools: Tools) -> None:
        self._settings = settings
        self._names = names
        self._turn = tools.turn
        self._client = Client(settings, tools.turn, tools.measured)
        self._resolver = Resolver(settings, names)
        self._search = Search(self._client, settings)
        self._sender = Sender(self._client, self._resolver, settings)

    async def __aenter__(self) -> Self:
        """Connections are opened when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self._client.close()

    async def check(self) -> Greeting:
        """Count the people, and compare what is configured with what the server says, and lets be done."""
        size = await self.size()
        async with self._client.session() as session:
            found = await problems(session, self._resolver, self._settings, self._names, self._turn)
        return Greeting(
            (f"{self._settings.dialect.name}, {counted(size, 'person', 'people')}",), tuple(found)
        )

    async def size(self) -> int:
        """How many people there are below `base`."""
        return await self._search.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact
        """Look up by the attributes of `match`, a group by those of `match_groups`; disabled ones count."""
        return await self._search.find(wanted)

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By the attributes of `match`, a group by those of `match_groups`."""
        return self._search.keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All people or groups, with no more than what they are looked up by."""
        for page in await self._search.pages(kind):
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """The entry by its id, wherever it stands in the directory."""
        async with self._client.session() as session:
            entry = await self._resolver.read(session, key.kind, remote_id)
        if entry is None:
            return None
        shown = found(self._settings, key.kind, entry)
        return Remote(remote_id, shown.open, external_id=shown.external_id, content=entry)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the mapped attributes, and in the members that are ours.

        Raises RecordRejected for whom AD protects.
        """
        if there is None:
            return None if wanted.removal else _change(wanted, Outcome.CREATED, new(self._settings, wanted))
        if wanted.removal == "delete":
            return Change(wanted.key, Outcome.DELETED, there.id)
        if there.content is None:
            raise NotFound("is not in the directory")
        entry: Entry = there.content
        found = edit(self._settings, wanted, entry)
        if not found:
            return None
        if entry.is_protected and not self._settings.allow_protected:
            raise RecordRejected(PROTECTED)
        return _change(wanted, Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED, found)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change in requests of its own."""
        return await one_by_one(changes, partial(self._sender.send, permit=permit))


def _change(wanted: Wanted, outcome: Outcome, found: Edit) -> Change:
    remote_id = found.entry.id if found.entry else None
    return Change(wanted.key, outcome, remote_id, found, lambda: found.fields)
