"""Lists of names whose ids attributes take, such as departments: read ahead, and filled where asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from bridge.errors import RecordRejected, TargetHalted
from bridge.spelling import folded
from bridge.wire.permit import Permit
from workers.targets.rest.client import Client, Forbidden, said
from workers.targets.rest.compiled import Names
from workers.targets.rest.fields import at
from workers.targets.rest.pages import pages

AGES = 300.0
"""Seconds after which a list is read again."""


class NameLists:
    """The lists of one API, as this process remembers them."""

    def __init__(self, client: Client, lists: Mapping[str, Names]) -> None:
        self._client = client
        self._lists = lists
        self._ids: dict[str, dict[str, Any]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def learn(self) -> None:
        """Read the lists, unless that was done just before. Raises what a request raises."""
        if self._is_old():
            async with self._lock:
                if self._is_old():
                    for name in self._lists:
                        await self._seen(name)
                    self._read_at = time.monotonic()

    def _is_old(self) -> bool:
        return bool(self._lists) and time.monotonic() - self._read_at >= AGES

    async def _seen(self, name: str) -> None:
        try:
            await self._read(name)
        except Forbidden as error:
            raise TargetHalted(
                f"the list {name} cannot be read: {error}: give the credentials the permission there"
            ) from None

    async def _read(self, name: str) -> None:
        names = self._lists[name]
        ids: dict[str, Any] = {}
        shown: dict[str, str] = {}
        async for page in pages(self._client, names.listing, {}, names.id):
            for entry in page.items:
                id_, text = at(entry, names.id), at(entry, names.name)
                if id_ is not None and isinstance(text, str):
                    ids.setdefault(folded(text), id_)
                    shown[str(id_)] = text
        self._ids[name], self._names[name] = ids, shown

    def id_of(self, name: str, text: str) -> Any:
        """The id of an entry as the tool gives it; None where the list has none of this name."""
        return self._ids.get(name, {}).get(folded(text))

    def name_of(self, name: str, id_: Any) -> str:
        """The name of an entry, else its id."""
        return self._names.get(name, {}).get(str(id_), str(id_))

    def knows(self, name: str) -> bool:
        """Whether a list has been read."""
        return name in self._ids

    async def asked(self, name: str, text: str) -> Any:
        """The id of an entry of a list that is read first if need be; None where it has none of this name."""
        await self.learn()
        return self.id_of(name, text)

    async def made(self, name: str, text: str, permit: Permit) -> Any:
        """The id of an entry, which is made if the list has none of this name; one at a time."""
        async with self._lock:
            await self._read(name)
            if (found := self.id_of(name, text)) is not None:
                return found
            create = self._lists[name].create
            if create is None:
                raise RecordRejected(f"the profile says nothing of how an entry of {name} is made")
            answer = await self._client.write(create.call, {"name": text}, permit)
            id_ = at(said(answer), create.id) if create.id else None
            if id_ is None:  # it is found by its name
                await self._read(name)
                id_ = self.id_of(name, text)
            if id_ is None:
                raise RecordRejected(f"the new entry of {name} is not shown")
            self._ids[name][folded(text)] = id_
            self._names[name][str(id_)] = text
            return id_
