"""Looking users and groups up, and listing them. What was found is compared again before it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from bridge.errors import RecordRejected
from bridge.exchange import Page, Remote, Wanted
from bridge.model import Kind
from workers.targets.entra.attributes import (
    ENABLED,
    KENJO_ID,
    UNIQUE_NAME,
    UPN,
    Object,
    filter_by,
    is_indexed_late,
    key_of,
    property_of,
    quoted,
    read,
    selected,
)
from workers.targets.entra.graph import PAGE, Graph
from workers.targets.entra.permissions import GROUPS, PEOPLE, READERS, Need
from workers.targets.entra.settings import EntraSettings

USERS_PATH = "/users"
GROUPS_PATH = "/groups"
_DELETED = "/directory/deletedItems/microsoft.graph.user"


class Search:
    """Looks up and lists the objects of one tenant."""

    def __init__(self, graph: Graph, settings: EntraSettings) -> None:
        self._graph = graph
        self._settings = settings
        self._readers = readers(settings)

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """The objects with the first attribute that has a hit; then a deleted user with this Kenjo id.

        `thorough`: an address that is refused may be another account's second address.
        """
        sought = self._sought(wanted)
        if not sought:
            raise RecordRejected("has none of the attributes by which Entra ID is searched (match)")
        own, kind = wanted.attributes.get(KENJO_ID) or "", wanted.key.kind
        for name, value in sought:
            if hits := await self._by(kind, name, value):
                return [self._found(kind, one, own, name) for one in hits]
        if kind is Kind.TEAM:
            return []
        if own and self._settings.restore_deleted and wanted.attributes.get(ENABLED, True) is True:
            hits = await self._filtered(_DELETED, kind, KENJO_ID, own)
            if hits:
                return [_deleted(str(one["id"]), own) for one in hits]
        if thorough and (address := wanted.attributes.get(UPN)):
            return [self._found(kind, one, own, UPN) for one in await self._by_second_address(address)]
        return []

    def keys(self, wanted: Wanted) -> list[tuple[str, str]]:
        """What a record is looked up by, each value in the form in which it is compared."""
        return [(name, key_of(name, value)) for name, value in self._sought(wanted)]

    async def pages(self, kind: Kind) -> AsyncIterator[Page]:
        """All users or groups; deleted users whom a record may get back come last, by their Kenjo id alone.

        Whole is only the last page of all.
        """
        lists: list[tuple[str, Sequence[str]]] = [(_path(kind), self._match(kind))]
        if kind is Kind.PERSON and self._settings.restore_deleted:
            lists.append((_DELETED, [KENJO_ID]))
        params = {"$select": self._select(kind), "$top": str(PAGE)}
        seen: set[str] = set()
        for path, names in lists:
            async for items, ends in self._graph.alone.pages(path, self._need(kind), params):
                fresh = [one for one in items if one["id"] not in seen]
                seen.update(str(one["id"]) for one in fresh)
                remotes = tuple(self._listed(kind, one, names, open_=path != _DELETED) for one in fresh)
                yield Page(remotes, whole=ends and path == lists[-1][0])

    def _match(self, kind: Kind) -> Sequence[str]:
        return self._settings.match_groups if kind is Kind.TEAM else self._settings.match

    def _sought(self, wanted: Wanted) -> list[tuple[str, str]]:
        found = [(name, wanted.attributes.get(name)) for name in self._match(wanted.key.kind)]
        return [(name, str(value).strip()) for name, value in found if value not in (None, "")]

    def _select(self, kind: Kind) -> str:
        names = (self._place(kind, name) for name in (KENJO_ID, *self._match(kind)))
        return selected(["id", *names, *([ENABLED] if kind is Kind.PERSON else [])])

    def _place(self, kind: Kind, name: str) -> str:
        return property_of(kind, name, self._settings.kenjo_id_attribute)

    async def _by(self, kind: Kind, name: str, value: str) -> list[Object]:
        if self._place(kind, name) == UNIQUE_NAME:  # an alternate key
            path, params = unique(value), {"$select": self._select(kind)}
            found = await self._graph.find(path, GROUPS, params)
            return [found] if found and found.get("id") else []
        return await self._filtered(_path(kind), kind, name, value)

    async def _filtered(self, path: str, kind: Kind, name: str, value: str) -> list[Object]:
        place = self._place(kind, name)
        params = {"$filter": filter_by(place, value), "$select": self._select(kind)}
        if is_indexed_late(place):
            params["$count"] = "true"
        hits = [one async for items, _ in self._graph.pages(path, self._need(kind), params) for one in items]
        return [one for one in hits if key_of(name, str(read(one, place))) == key_of(name, value)]

    async def _by_second_address(self, address: str) -> list[Object]:
        params = {
            "$filter": f"proxyAddresses/any(p:p eq {quoted(f'smtp:{address}')})",
            "$select": self._select(Kind.PERSON),
        }
        return [
            one async for items, _ in self._graph.pages(USERS_PATH, self._readers, params) for one in items
        ]

    def _need(self, kind: Kind) -> Need:
        return GROUPS if kind is Kind.TEAM else self._readers

    def _found(self, kind: Kind, one: Object, own: str, by: str) -> Remote:
        shown = is_enabled(one) if kind is Kind.PERSON else None
        return Remote.found(str(one["id"]), shown, own=own, carries=self.carried(kind, one), by=by)

    def _listed(self, kind: Kind, one: Object, names: Sequence[str], *, open_: bool) -> Remote:
        values = ((name, read(one, self._place(kind, name))) for name in names)
        keys = frozenset((name, key_of(name, str(value))) for name, value in values if value)
        shown = (is_enabled(one) if open_ else False) if kind is Kind.PERSON else None
        return Remote(str(one["id"]), open=shown, external_id=self.carried(kind, one), keys=keys)

    def carried(self, kind: Kind, one: Object) -> str:
        """The Kenjo id that an object carries."""
        return str(read(one, self._place(kind, KENJO_ID)) or "").strip()


def _deleted(remote_id: str, kenjo_id: str) -> Remote:
    """A deleted user with this record's id, which makes it this record's."""
    return Remote(remote_id, open=False, ours=True, external_id=kenjo_id, by=KENJO_ID)


def is_enabled(user: Object) -> bool | None:
    """Whether a user may sign in; None where that is not shown."""
    enabled = user.get(ENABLED)
    return enabled if isinstance(enabled, bool) else None


def unique(kenjo_id: str) -> str:
    """The address of a group by its uniqueName ("Upsert group")."""
    key = quote(quoted(kenjo_id), safe="'")
    return f"{GROUPS_PATH}(uniqueName={key})"


def _path(kind: Kind) -> str:
    return GROUPS_PATH if kind is Kind.TEAM else USERS_PATH


def readers(settings: EntraSettings) -> Need:
    """What reading users needs: no permission to change them where Microsoft Graph does not do that."""
    return READERS if settings.uploads else PEOPLE
