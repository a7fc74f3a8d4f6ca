"""The members of a group: who is in it, and bringing them in and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Applied
from bridge.wire.permit import Permit
from workers.targets.rest.changes import chunks
from workers.targets.rest.client import Client, Forbidden
from workers.targets.rest.compiled import Call, Listing, Members
from workers.targets.rest.fields import at, has, id_of
from workers.targets.rest.pages import pages
from workers.targets.rest.search import Search


@dataclass(frozen=True, slots=True)
class Inside:
    """Who is in a group, by id; `whole`: and nobody else is."""

    ids: frozenset[str] = frozenset()
    whole: bool = True


NOBODY = Inside()


class MemberList:
    """The members of an API's groups."""

    def __init__(self, client: Client, members: Members, groups: Search) -> None:
        self._client = client
        self._members = members
        self._groups = groups

    async def of(self, remote_id: str, group: Any) -> Inside:
        """Who is in a group; `group` is how it was read. Raises what a request raises."""
        whole = True
        if self._members.listing is None:
            found = self._shown(group)
        else:
            found, whole = await self._listed(self._members.listing, remote_id)
        ids = {id_of(one, self._members.id if isinstance(one, dict) else ()) for one in found}
        return Inside(frozenset(ids - {""}), whole)

    async def _listed(self, listing: Listing, remote_id: str) -> tuple[list[Any], bool]:
        found: list[Any] = []
        whole = True
        try:
            async for page in pages(self._client, listing, {"id": remote_id}, self._members.id):
                found += page.items
                whole = page.whole
        except Forbidden as error:
            raise await self._groups.denied(error) from None
        return found, whole

    def _shown(self, group: Any) -> list[Any]:
        """The members in a group as it was read. Raises TryLater where there is no list of them.

        Taken for nobody, it would let everybody stay who is to leave.
        """
        place = self._members.read or ()
        found = at(group, place)
        if found is None and has(group, place):
            return []
        if not isinstance(found, list):
            raise TryLater(f"answered with a group without a list of members at '{'.'.join(place)}'")
        return found

    async def change(
        self,
        applied: Applied,
        add: Sequence[str],
        remove: Sequence[str],
        unseen: Sequence[str],
        permit: Permit,
    ) -> Applied:
        """Bring members in and out, and see who is in the group then.

        `unseen` are to leave a group whose list is not whole: most often they are out already.
        """
        remote_id = applied.remote_id
        await self._send(self._members.add, remote_id, add, self._members.add_at_most, permit)
        await self._send(self._members.remove, remote_id, remove, self._members.remove_at_most, permit)
        for one in unseen:
            with suppress(RecordRejected):
                await self._send(self._members.remove, remote_id, [one], self._members.remove_at_most, permit)
        group = None
        if self._members.listing is None and (group := await self._groups.read(remote_id)) is None:
            raise NotFound("is not there")
        there = (await self.of(remote_id, group)).ids
        return replace(applied, lacking=frozenset(add) - there, staying=frozenset({*remove, *unseen} & there))

    async def _send(
        self, call: Call, remote_id: str, members: Sequence[str], at_most: int, permit: Permit
    ) -> None:
        for some in chunks(members, at_most):
            with suppress(NotFound):  # a member, or the group: who looks at it afterwards sees which
                await self._client.write(call, {"id": remote_id, "members": some}, permit)
