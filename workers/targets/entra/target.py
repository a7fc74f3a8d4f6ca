"""Microsoft Entra ID through Microsoft Graph v1.0: users, security groups, sign-in sessions.

Where the settings want it, changes of users go through a provisioning job instead, and are done later.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from types import TracebackType

from bridge.errors import NotFound
from bridge.exchange import Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, mapping_of, one_by_one
from workers.targets.entra.attributes import (
    ENABLED,
    KENJO_ID,
    belongs,
    check_attribute,
    property_of,
    takes,
)
from workers.targets.entra.changes import Edit, New, Restoration, User, creation, edit
from workers.targets.entra.checking import Checking, count
from workers.targets.entra.graph import WORDS, Graph, classify
from workers.targets.entra.groups import Groups
from workers.targets.entra.people import People
from workers.targets.entra.permissions import Permissions
from workers.targets.entra.record import Upload, changing_upload, new_upload
from workers.targets.entra.search import USERS_PATH, Search, readers
from workers.targets.entra.settings import EntraSettings
from workers.targets.entra.sign_in import tokens_of
from workers.targets.entra.uploads import WITHIN, Uploads
from workers.targets.notebook import Notebook
from workers.targets.owed_sessions import OwedSessions

__all__ = ["ADAPTER", "EntraSettings", "EntraTarget"]

_MAPPING = mapping_of(__package__)


class EntraTarget(Target):
    """A connected tenant; see `workers.targets.base.Target`."""

    def __init__(
        self, settings: EntraSettings, graph: Graph, notebook: Notebook, uploads: Uploads | None = None
    ) -> None:
        self.can = Abilities(lists=True, later=frozenset({Kind.PERSON} if uploads else ()))
        self._settings = settings
        self._graph = graph
        self._uploads = uploads
        self._checking = Checking(graph, settings, uploads.logs if uploads else None)
        self._search = Search(graph, settings)
        compared = {kind: _compared(kind, settings) for kind in Kind}
        self._names = compared[Kind.PERSON]
        properties = tuple(
            property_of(Kind.PERSON, name, settings.kenjo_id_attribute) for name in self._names
        )
        self._people = People(graph, settings, notebook, properties)
        # Nothing public says how changes of one group get on with each other when they are made at once.
        self._groups = Groups(graph.alone, settings, compared[Kind.TEAM])

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what waits for others."""
        if self._uploads:
            await self._uploads.gathering.end()
        await self._graph.end()

    async def check(self) -> Greeting:
        """Count the users, see what is missing, and whether the provisioning job runs. Uploads nothing."""
        return await self._checking.greet()

    async def size(self) -> int:
        """How many users there are, guests and shared mailboxes included."""
        params = {"$select": "id", "$top": "1", "$count": "true"}
        return count(await self._graph.get(USERS_PATH, readers(self._settings), params))

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by the attributes of `match`, a group by those of `match_groups`; disabled ones count.

        A deleted user is among them who carries this record's Kenjo id.
        """
        return await self._search.find(wanted, thorough=thorough)

    async def having(self, key: Key, attribute: str, value: str) -> list[Remote]:
        """The users with a value; an address may also be another one's second address."""
        return await self._search.find(Wanted(key, {attribute: value}), thorough=True)

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By the attributes of `match`, a group by those of `match_groups`."""
        return self._search.keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All users or groups, with no more than what they are looked up by."""
        async for page in self._search.pages(kind):
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """GET the user with the manager, or the group with all its members. A deleted user is not shown."""
        if key.kind is Kind.TEAM:
            group = await self._groups.read(remote_id)
            if group is None:
                return None
            carries = self._search.carried(key.kind, group.there)
            return Remote(remote_id, external_id=carries, content=group)
        user = await self._people.read(key, remote_id)
        if user is None:
            return None
        carries = self._search.carried(key.kind, user.there)
        return Remote(remote_id, user.is_open, external_id=carries, content=user)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the mapped attributes, and in the members that are ours.

        A user who is not shown may be a deleted one, who is given back if the Kenjo id is this record's.
        """
        key = wanted.key
        if there is None:
            return None if wanted.removal else self._creation(wanted)
        if wanted.removal == "delete":
            return Change(key, Outcome.DELETED, there.id)
        if there.content is None:
            return self._restoration(wanted, there.id)
        found, told = edit(wanted, there.content, self._settings)
        if not found:
            return None
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        content: Edit | Upload = found
        if self._uploads and isinstance(there.content, User) and (found.body or found.manager):
            content = changing_upload(wanted, there.content, told, self._names, self._settings)
        return Change(key, outcome, there.id, content, lambda: told)

    def _creation(self, wanted: Wanted) -> Change:
        new, told = creation(wanted, self._settings)
        content: New | Upload = new
        if self._uploads and wanted.key.kind is Kind.PERSON:
            content = new_upload(told, self._settings)
        return Change(wanted.key, Outcome.CREATED, None, content, lambda: told)

    def _restoration(self, wanted: Wanted, remote_id: str) -> Change:
        opens = wanted.attributes.get(ENABLED, True) is True and bool(wanted.attributes.get(KENJO_ID))
        if wanted.removal or wanted.key.kind is Kind.TEAM or not opens or not self._settings.restore_deleted:
            raise NotFound("is not in Entra ID any more")
        told = [FieldChange(ENABLED, None, True)]
        return Change(wanted.key, Outcome.UPDATED, remote_id, Restoration(wanted), lambda: told)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change by itself; what others ask for at the same time travels with it (`Batches`)."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def confirm(self, tickets: Sequence[str]) -> Sequence[Receipt]:
        """What the provisioning logs say came of uploads."""
        return await (self._uploads.confirm(tickets) if self._uploads else super().confirm(tickets))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        content = change.content
        if change.key.kind is Kind.TEAM:
            return await self._send_group(change, permit)
        if change.outcome is Outcome.DELETED:
            return await self._people.delete(str(change.remote_id), permit)
        if self._uploads and isinstance(content, Upload):
            return await self._uploads.send(change, content, permit)
        if isinstance(content, Restoration):
            return await self._people.restore(change, content, permit)
        if isinstance(content, Edit):
            return await self._people.change(change, content, permit)
        new: New = content
        return await self._people.create(new, permit)

    async def _send_group(self, change: Change, permit: Permit) -> Receipt:
        content = change.content
        if change.outcome is Outcome.DELETED:
            return await self._groups.delete(str(change.remote_id), permit)
        if isinstance(content, Edit):
            return await self._groups.change(change, content, permit)
        new: New = content
        return await self._groups.create(new, permit)


def _compared(kind: Kind, settings: EntraSettings) -> list[str]:
    """The mapped attributes of users or groups: those of the mapping, and what the settings lay over it."""
    names: Iterable[str] = dict.fromkeys([*_MAPPING[kind], *settings.map])
    return [name for name in names if belongs(kind, name)]


def connect(
    settings: EntraSettings,
    tools: Tools,
    clock: Callable[[], float] = time.monotonic,
    within: float = WITHIN,
) -> EntraTarget:
    """A tenant, not entered yet.

    `clock` gives seconds that only go forward; people wait for others `within` so many to be uploaded.
    """
    tokens = tokens_of(settings, tools)
    http = tools.http(settings, settings.base_url, {}, classify, tokens, words=WORDS)
    graph = Graph(http, Permissions(tokens), settings.batch)
    if not settings.uploads:
        return EntraTarget(settings, graph, tools.notebook)
    owed = OwedSessions(tools.notebook, ended=settings.end_sessions)
    uploads = Uploads(graph, settings, tools.budget, owed, clock, within)
    return EntraTarget(settings, graph, tools.notebook, uploads)


ADAPTER = Adapter(
    settings=EntraSettings, mapping=_MAPPING, connect=connect, check_attribute=check_attribute, takes=takes
)
