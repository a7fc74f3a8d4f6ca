"""Microsoft Entra ID through Microsoft Graph v1.0: users, security groups, sign-in sessions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Any

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
    read,
    selected,
)
from workers.targets.entra.changes import Edit, New, Restoration, creation, edit
from workers.targets.entra.graph import PAGE, Graph, classify
from workers.targets.entra.groups import Groups
from workers.targets.entra.people import People
from workers.targets.entra.permissions import GROUPS, PEOPLE, SESSIONS, Permissions
from workers.targets.entra.search import USERS_PATH, Search
from workers.targets.entra.settings import EntraSettings
from workers.targets.entra.sign_in import tokens_of
from workers.targets.notebook import Notebook

__all__ = ["ADAPTER", "EntraSettings", "EntraTarget"]

_MAPPING = mapping_of(__package__)
_KENJO_ID = re.compile(r"[0-9a-f]{24}")


class EntraTarget(Target):
    """A connected tenant; see `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, settings: EntraSettings, graph: Graph, notebook: Notebook) -> None:
        self._settings = settings
        self._graph = graph
        self._search = Search(graph, settings)
        self._id_place = settings.kenjo_id_attribute
        compared = {kind: _compared(kind, settings) for kind in Kind}
        properties = tuple(property_of(Kind.PERSON, name, self._id_place) for name in compared[Kind.PERSON])
        self._people = People(graph, settings, notebook, properties)
        self._groups = Groups(graph, settings, compared[Kind.TEAM])

    async def check(self) -> Greeting:
        """Count the users, and see that permissions are granted and Kenjo's ids have a place of their own."""
        params = {"$select": selected(["id", self._id_place]), "$top": str(PAGE), "$count": "true"}
        found = await self._graph.get(USERS_PATH, PEOPLE, params)
        facts = (f"Microsoft Graph, {_count(found)} users",)
        return Greeting(facts, (*await self._lacking(), *self._occupied(found.get("value"))))

    async def _lacking(self) -> list[str]:
        needs = [PEOPLE]
        needs += [SESSIONS] if self._settings.end_sessions else []
        needs += [GROUPS] if self._settings.groups.from_ else []
        held = self._graph.permissions
        return [one.sentence for one in needs if await held.lack(one) and not await held.granted_since(one)]

    def _occupied(self, users: Any) -> list[str]:
        values = [str(read(one, self._id_place) or "") for one in users or () if isinstance(one, dict)]
        others = sum(bool(value) and not _KENJO_ID.fullmatch(value) for value in values)
        if not others:
            return []
        sentence = (
            f"{self._id_place} of {others} users has something else than a Kenjo id: name a free one in"
            " kenjo_id_attribute"
        )
        return [sentence]

    async def size(self) -> int:
        """How many users there are, guests and shared mailboxes included."""
        params = {"$select": "id", "$top": "1", "$count": "true"}
        return _count(await self._graph.get(USERS_PATH, PEOPLE, params))

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by the attributes of `match`, a group by those of `match_groups`; disabled ones count.

        A deleted user is among them who carries this record's Kenjo id.
        """
        return await self._search.find(wanted, thorough=thorough)

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
        return Change(key, outcome, there.id, found, lambda: told)

    def _creation(self, wanted: Wanted) -> Change:
        new, told = creation(wanted, self._settings)
        return Change(wanted.key, Outcome.CREATED, None, new, lambda: told)

    def _restoration(self, wanted: Wanted, remote_id: str) -> Change:
        opens = wanted.attributes.get(ENABLED, True) is True and bool(wanted.attributes.get(KENJO_ID))
        if wanted.removal or wanted.key.kind is Kind.TEAM or not opens or not self._settings.restore_deleted:
            raise NotFound("is not in Entra ID any more")
        told = [FieldChange(ENABLED, None, True)]
        return Change(wanted.key, Outcome.UPDATED, remote_id, Restoration(wanted), lambda: told)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change in requests of its own."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        content = change.content
        if change.key.kind is Kind.TEAM:
            return await self._send_group(change, permit)
        if change.outcome is Outcome.DELETED:
            return await self._people.delete(str(change.remote_id), permit)
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


def _count(listed: Any) -> int:
    """How many objects there are by `@odata.count`."""
    count = listed.get("@odata.count")
    return count if isinstance(count, int) else len(listed.get("value") or ())


def _connect(settings: EntraSettings, tools: Tools) -> EntraTarget:
    tokens = tokens_of(settings, tools)
    http = tools.http(settings, settings.base_url, {}, classify, tokens)
    return EntraTarget(settings, Graph(http, Permissions(tokens)), tools.notebook)


ADAPTER = Adapter(settings=EntraSettings, mapping=_MAPPING, connect=_connect, check_attribute=check_attribute)
