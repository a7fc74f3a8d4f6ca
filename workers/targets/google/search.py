"""Looking users and groups up. An address is asked for itself: a search may lag behind by hours.

Source: developers.google.com/workspace/admin/directory/v1/guides/search-users and search-groups.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import Page, Remote, Wanted
from bridge.model import Key, Kind
from workers.targets.google.attributes import ADDRESSES, EXTERNAL_ID, normal
from workers.targets.google.client import PATHS, Client
from workers.targets.google.resource import Resource, external_id, has_alias, holds, is_open, value_of
from workers.targets.google.settings import GoogleSettings

_MOST = {Kind.PERSON: "500", Kind.TEAM: "200"}
"""Objects on a page, as many as Google gives."""

_FIELDS = {
    Kind.PERSON: "id,primaryEmail,suspended,archived,externalIds",
    Kind.TEAM: "id,email,externalIds",
}
_NAMES = {Kind.PERSON: "users", Kind.TEAM: "groups"}


class Search:
    """Looks up and lists the objects of one account."""

    def __init__(self, client: Client, settings: GoogleSettings) -> None:
        self._client = client
        self._match = {Kind.PERSON: settings.match, Kind.TEAM: settings.match_groups}
        self._whose = {"domain": settings.domain} if settings.domain else {"customer": settings.customer}

    async def find(self, wanted: Wanted, *, thorough: bool) -> list[Remote]:
        """What may be a record's, by the first attribute with a hit. Raises RecordRejected.

        `thorough`: whoever else has the address is named, a group that has a person's, or the reverse.
        """
        kind, values = wanted.key.kind, self._values(wanted)
        if not values:
            raise RecordRejected(f"has no {' and no '.join(self._match[kind])}, by which it is looked up")
        for name, value in values:
            if hits := await self._by(kind, name, value, wanted):
                return [_found(wanted, name, one) for one in hits]
        if thorough and (taken := wanted.attributes.get(ADDRESSES[kind])):
            await self.refuse_if_taken(kind, str(taken))
        return []

    async def refuse_if_taken(self, kind: Kind, taken: str, mine: str = "") -> None:
        """Raise RecordRejected where an address is another one's alias, or belongs to the other kind."""
        for other in Kind:
            found = await self._client.get(other, taken)
            if found is None or found["id"] == mine:
                continue
            what = f"the {'user' if other is Kind.PERSON else 'group'} {found['id']}"
            if has_alias(found, taken):
                raise RecordRejected(
                    f"the address is an alias of {what}: take the alias away there, or give another address"
                )
            if other is not kind:
                raise RecordRejected(f"the address is that of {what}: give another one")

    async def having(self, key: Key, attribute: str, value: str) -> list[Remote]:
        """Who has a value; of an address, whatever it leads to."""
        if attribute != ADDRESSES[key.kind]:
            return await self.find(Wanted(key, {attribute: value}), thorough=False)
        found = [await self._client.get(kind, value) for kind in Kind]
        return [Remote(str(one["id"])) for one in found if one]

    def keys(self, wanted: Wanted) -> list[tuple[str, str]]:
        """What a record is looked up by, each value in the form in which it is compared."""
        return [(name, normal(name, value)) for name, value in self._values(wanted)]

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects of a kind, with no more than what they are looked up by."""
        async for page in self._client.pages(PATHS[kind], _NAMES[kind], self._form(kind)):
            yield Page(tuple(self._remote(kind, one) for one in page.objects if one.get("id")), page.ends)

    async def size(self, kind: Kind) -> int:
        """How many objects of a kind there are."""
        return len(await self._client.whole(PATHS[kind], _NAMES[kind], self._form(kind, "id")))

    def _values(self, wanted: Wanted) -> list[tuple[str, str]]:
        found = ((name, wanted.attributes.get(name)) for name in self._match[wanted.key.kind])
        return [(name, str(value)) for name, value in found if value not in (None, "")]

    async def _by(self, kind: Kind, name: str, value: str, wanted: Wanted) -> list[Resource]:
        if name == ADDRESSES[kind]:
            return await self._by_address(kind, value, wanted.attributes.get(EXTERNAL_ID))
        asked = {}  # groups cannot be searched by their ids: all of them are looked through
        if kind is Kind.PERSON:
            asked["query"] = "externalId='{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))
        return [one for one in await self._all(kind, asked) if holds(one, kind, name, value)]

    async def _by_address(self, kind: Kind, value: str, own: Any) -> list[Resource]:
        """The object with an address, or, where it is only an alias of it, with this record's id.

        An alias is no account of its own: a leaver's address may be the successor's.
        """
        found = await self._client.get(kind, value)
        has_id = own and found and holds(found, kind, EXTERNAL_ID, own)
        return [found] if found and (has_id or holds(found, kind, ADDRESSES[kind], value)) else []

    async def _all(self, kind: Kind, params: Mapping[str, str]) -> list[Resource]:
        return await self._client.whole(PATHS[kind], _NAMES[kind], {**self._form(kind), **params})

    def _form(self, kind: Kind, fields: str = "") -> dict[str, str]:
        """The parameters of a list. What it has to show of each object is kept short."""
        return {**self._whose, "maxResults": _MOST[kind], "fields": fields or _FIELDS[kind]}

    def _remote(self, kind: Kind, one: Resource) -> Remote:
        values = ((name, value_of(one, kind, name)) for name in self._match[kind])
        keys = {(name, normal(name, str(value))) for name, value in values if value}
        return Remote(
            str(one["id"]),
            open=is_open(one) if kind is Kind.PERSON else None,
            external_id=external_id(kind, one),
            keys=frozenset(keys),
        )


def _found(wanted: Wanted, by: str, found: Resource) -> Remote:
    """What an object that was found tells of itself."""
    kind = wanted.key.kind
    own, carries = str(wanted.attributes.get(EXTERNAL_ID) or ""), external_id(kind, found)
    shown = is_open(found) if kind is Kind.PERSON else None
    return Remote.found(str(found["id"]), shown, own=own, carries=carries, by=by)
