"""Carries one change to a SCIM server: the requests that it takes, and what their answers show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.errors import Conflict, NotFound, RecordRejected, TryLater, Unseen
from bridge.exchange import Accepted, Applied, Change, Receipt, Wanted
from bridge.model import Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.scim.attributes import ACTIVE, Slot, get
from workers.targets.scim.changes import Difference, new_resource
from workers.targets.scim.client import ScimClient, address
from workers.targets.scim.resource import Resource, is_open
from workers.targets.scim.search import Search, is_anothers
from workers.targets.scim.settings import ScimSettings
from workers.targets.scim.writing import Writer


@dataclass(frozen=True, slots=True)
class New:
    """The content of a change that creates: the places with a value, and a group's members."""

    wanted: Wanted
    places: Mapping[Slot, object]
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of a change to an object as it was read; `ours` are to be a group's members afterwards."""

    current: Resource
    difference: Difference
    ours: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hidden:
    """The content of a change to a user whom the server does not show."""

    places: Mapping[Slot, object]


class Sender:
    """Sends changes to one server."""

    def __init__(self, client: ScimClient, search: Search, writer: Writer, settings: ScimSettings) -> None:
        self._client = client
        self._search = search
        self._writer = writer
        self._members = writer.members
        self._settings = settings

    async def send(self, change: Change, permit: Permit) -> Receipt:
        """Send one change. Raises what its requests raise."""
        content = change.content
        if isinstance(content, New):
            return await self._create(content, permit)
        remote_id = str(change.remote_id)
        path = address(change.key.kind, remote_id)
        if isinstance(content, Hidden):
            return await self._revive(remote_id, content, permit)
        if change.outcome is Outcome.DELETED:
            deleted = await self._delete(path, permit)
            return Applied(remote_id, Outcome.DELETED if deleted else Outcome.UNCHANGED)
        try:
            if change.key.kind is Kind.TEAM:
                return await self._change_group(change, content, permit)
            answer = await self._writer.change(path, content.current, content.difference, permit)
        except NotFound:
            if change.outcome is not Outcome.DEACTIVATED:
                raise
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        shown = is_open(answer)
        if shown is None and ACTIVE not in content.difference.changed:
            shown = is_open(content.current)
        # Where the id is the userName, it changes with it.
        return Applied(str(get(answer, "id") or remote_id), change.outcome, shown)

    async def _create(self, new: New, permit: Permit) -> Receipt:
        kind, members = new.wanted.key.kind, new.members
        first = members[: self._settings.members_per_request]
        resource = new_resource(kind, new.places, first)
        created, remote_id = await self._client.create(kind, resource, permit)
        if not get(created, "id"):
            try:
                remote_id = await self._search.created(new.wanted, remote_id)
            except Unseen as unseen:
                return Accepted(str(unseen))
        elif is_anothers(created, new.wanted):
            raise Conflict("answered a create with an object that carries another external id")
        if not members:
            return Applied(remote_id, Outcome.CREATED, is_open(created))
        path = address(kind, remote_id)
        if rest := members[len(first) :]:
            change = Difference(kind, {**resource, "id": remote_id}, add=tuple(rest))
            created = await self._writer.change(path, {}, change, permit)
        try:
            group = await self._members.look(path, created)
        except NotFound:
            return Accepted("created the group, and does not show it yet")
        lacking = await self._members.lacking(remote_id, group, members)
        return Applied(remote_id, Outcome.CREATED, lacking=lacking)

    async def _revive(self, remote_id: str, hidden: Hidden, permit: Permit) -> Applied:
        """Change a user whom the server does not show. Raises NotFound when that is not possible."""
        path, places = address(Kind.PERSON, remote_id), hidden.places
        whole = {**new_resource(Kind.PERSON, places), "id": remote_id}
        try:
            answer = await self._writer.revive(Kind.PERSON, path, places, whole, permit)
        except (RecordRejected, TryLater) as error:
            if isinstance(error, TryLater) and error.of_the_target:
                raise
            raise NotFound(f"answered 404; {error}") from None
        return Applied(str(get(answer, "id") or remote_id), Outcome.UPDATED, is_open(answer))

    async def _change_group(self, change: Change, seen: Seen, permit: Permit) -> Applied:
        """Change a group, first what it gets, then who leaves it, and see what came of it."""
        remote_id, group, found = str(change.remote_id), seen.current, seen.difference
        path = address(Kind.TEAM, remote_id)
        if found.changed or found.add:
            answer = await self._writer.change(path, group, found, permit)
            remote_id = str(get(answer, "id") or remote_id)
            group = await self._members.look(path, answer)
        flat = self._settings.patch_of(Kind.TEAM) == "flat"
        if flat and self._members.may_be_in(group, found.remove):
            raise RecordRejected(
                "this server takes no single member out of a group (patch: flat); take them out there by hand"
            )
        lacking = await self._members.lacking(remote_id, group, found.add)
        staying: frozenset[str] = frozenset()
        if found.remove and not flat:
            staying = await self._members.take_out(remote_id, group, found.remove, seen.ours, permit)
        return Applied(remote_id, change.outcome, staying=staying, lacking=lacking)

    async def _delete(self, path: str, permit: Permit) -> bool:
        try:
            await self._client.write("DELETE", path, permit)
        except NotFound:
            return False
        except TryLater as error:
            if error.unreachable or not await self._is_gone(path):
                raise
            return False  # a server that answers a second DELETE with 500
        return True

    async def _is_gone(self, path: str) -> bool:
        try:
            await self._client.read(path)
        except NotFound:
            return True
        return False
