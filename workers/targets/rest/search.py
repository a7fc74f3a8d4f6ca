"""Finds and lists objects of one API. Absence is believed only where a list was whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Page, Remote, Wanted
from bridge.spelling import spellings
from workers.targets.rest.client import Client, Forbidden, said
from workers.targets.rest.compiled import Listing, Objects
from workers.targets.rest.fields import Field, at, has
from workers.targets.rest.pages import Item, pages


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a list; `whole`: all that there is."""

    items: list[Item]
    whole: bool


class Search:
    """Looks up the objects of one kind. `fields` are what of them is read."""

    def __init__(self, client: Client, objects: Objects, match: list[str], fields: list[str]) -> None:
        self._client = client
        self._objects = objects
        self._match = [field for name in match if (field := objects.fields.get(name))]
        self._values: dict[str, Any] = {"fields": fields}
        self._whole = _Shared(self)

    async def find(self, wanted: Wanted) -> tuple[str, list[Item]]:
        """The attribute with the first hit, and the hits; none: "" and [].

        Raises RecordRejected where nothing could be looked up, or no answer proves that nobody is there.
        """
        proven = False
        for field in self._match:
            value = wanted.attributes.get(field.name)
            if value in (None, ""):
                continue
            looked = await self._by(field, str(value))
            if hits := [item for item in looked.items if field.is_same_key(item, str(value))]:
                return field.name, hits
            proven = proven or looked.whole
        if not proven:
            raise RecordRejected("the target cannot be searched for this object: it may exist already")
        return "", []

    def keys(self, wanted: Wanted) -> list[tuple[str, str]]:
        """What a record is looked up by, each value in the form in which it is compared."""
        given = ((field, wanted.attributes.get(field.name)) for field in self._match)
        return [(field.name, field.key(value)) for field, value in given if value not in (None, "")]

    async def _by(self, field: Field, value: str) -> Looked:
        request = self._objects.find.get(field.name)
        if request is None:
            return await self._whole.read()
        looked = Looked([], whole=False)
        for spelling in spellings(value) if field is not self._objects.external_id else [value]:
            try:
                looked = await self._all(request, {"value": spelling})
            except NotFound:
                looked = Looked([], whole=True)
            except Forbidden as error:
                raise await self.denied(error) from None
            if any(field.is_same_key(item, value) for item in looked.items):
                break
        return looked

    async def all(self) -> Looked:
        """The whole list."""
        return await self._all(self._objects.listing, {})

    async def _all(self, listing: Listing, values: dict[str, Any]) -> Looked:
        items: list[Item] = []
        whole = False
        async for page in pages(self._client, listing, {**self._values, **values}, self._objects.id):
            items += page.items
            whole = page.whole
        return Looked(items, whole)

    async def inventory(self) -> AsyncIterator[Page]:
        """All objects, with no more than what they are looked up by."""
        async for page in pages(self._client, self._objects.listing, self._values, self._objects.id):
            yield Page(tuple(self.remote(item) for item in page.items), page.whole)

    def remote(self, item: Item) -> Remote:
        """An object as it is listed."""
        shown = ((field, field.shown(item)) for field in self._match)
        keys = frozenset((field.name, field.key(value)) for field, value in shown if value is not None)
        return Remote(self.id_of(item), self.is_open(item), external_id=self.external_id(item), keys=keys)

    def id_of(self, item: Item) -> str:
        """The tool's id of an object."""
        return str(at(item, self._objects.id))

    def external_id(self, item: Item) -> str:
        """Kenjo's id as an object carries it; "" for none."""
        field = self._objects.external_id
        return str(field.shown(item) or "").strip() if field else ""

    def is_open(self, item: Any) -> bool | None:
        """Whether an object shows that it is in use."""
        shown = self._objects.access.shown(item) if self._objects.access else None
        return shown if isinstance(shown, bool) else None

    async def size(self) -> int:
        """How many there are, as the first page says, else as they are counted."""
        count = 0
        async for page in pages(self._client, self._objects.listing, self._values, self._objects.id):
            if page.total is not None:
                return page.total
            count += len(page.items)
        return count

    async def first(self) -> Item | None:
        """One object, if there is any."""
        async for page in pages(self._client, self._objects.listing, self._values, self._objects.id):
            if page.items:
                return page.items[0]
        return None

    async def denied(self, error: Forbidden) -> RecordRejected:
        """What it means that one object may not be read: that it is refused by itself, as others may be.

        Raises Forbidden where they may not either.
        """
        await self.first()
        return RecordRejected(f"{error}: the credentials may read others, and not this one")

    async def read(self, remote_id: str) -> Item | None:
        """One object; None where it is not there."""
        if self._objects.read is None:
            looked = await self._whole.read()
            found = next((item for item in looked.items if self.id_of(item) == remote_id), None)
            if found is None and not looked.whole:
                raise TryLater("the list of all objects was not whole, so nothing is known of this one")
            return found
        try:
            answer = await self._client.read(self._objects.read.call, {**self._values, "id": remote_id})
        except NotFound:
            return None
        except Forbidden as error:
            raise await self.denied(error) from None
        item = self.shown(at(said(answer), self._objects.read.items), remote_id)
        if item is None:
            raise TryLater("answered without the object that was asked for; is the address right?")
        return item

    def shown(self, found: Any, remote_id: str) -> Item | None:
        """An object in an answer; None for anything else, such as an error that is told with 200.

        Taken for the object it would be one without any value, and a tool that takes whole objects would be
        sent no more than what differs.
        """
        if not isinstance(found, dict):
            return None
        if has(found, self._objects.id):
            return found if self.id_of(found) == remote_id else None
        return found if any(has(found, one.read) for one in self._objects.fields.values()) else None


class _Shared:
    """One reading of a whole list serves all who asked before it began."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._next: asyncio.Task[Looked] | None = None
        self._running = asyncio.Lock()

    async def read(self) -> Looked:
        """The list, as it was read after this was called."""
        if self._next is None:
            self._next = asyncio.create_task(self._read())
        return await asyncio.shield(self._next)

    async def _read(self) -> Looked:
        async with self._running:
            self._next = None  # who asks from now on waits for another one
            return await self._search.all()
