"""Reads and changes security groups and who is in them. A person is never deleted here.

A member is taken out by DELETE of `members/{id}/$ref`: the same without `/$ref` would delete the person
("Remove member").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from bridge.errors import Conflict, NotFound, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt
from bridge.model import Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.entra.attributes import MEMBERS, Object, property_of, selected
from workers.targets.entra.changes import Edit, Group, New
from workers.targets.entra.graph import PAGE, AlreadyMember, Graph, address
from workers.targets.entra.permissions import GROUPS
from workers.targets.entra.search import GROUPS_PATH, unique
from workers.targets.entra.settings import EntraSettings

AT_ONCE = 20
"""Members that one request adds at most ("Add members")."""

_BIND = "members@odata.bind"
_KIND = ("groupTypes", "mailEnabled", "isAssignableToRole", "onPremisesSyncEnabled")


class Groups:
    """The groups of one tenant. `names` are the mapped attributes that are compared."""

    def __init__(self, graph: Graph, settings: EntraSettings, names: Sequence[str]) -> None:
        self._graph = graph
        places = [
            property_of(Kind.TEAM, name, settings.kenjo_id_attribute) for name in names if name != MEMBERS
        ]
        self._shown = {"$select": selected(["id", *_KIND, *places])}

    async def read(self, remote_id: str) -> Group | None:
        """A group with all its direct members; None when there is none."""
        there = await self._graph.find(address(GROUPS_PATH, remote_id), GROUPS, self._shown)
        return None if there is None else Group(there, await self._members(remote_id))

    async def _members(self, remote_id: str) -> frozenset[str]:
        path = f"{address(GROUPS_PATH, remote_id)}/members"
        params = {"$select": "id", "$top": str(PAGE)}
        try:
            found = [one async for page, _ in self._graph.pages(path, GROUPS, params) for one in page]
        except NotFound as error:
            raise TryLater(f"{error}: the group is not shown everywhere yet") from None
        return frozenset(str(one["id"]) for one in found)

    async def create(self, new: New, permit: Permit) -> Receipt:
        """Create a group under its uniqueName: a second create makes no second one, whatever is shown.

        Raises Conflict when there is one already; it then has what was sent, and is found by that name.
        """
        first, rest = new.members[:AT_ONCE], new.members[AT_ONCE:]
        body = {**new.body, _BIND: [self._graph.reference(one) for one in first]} if first else new.body
        prefers = {"Prefer": "create-if-missing"}
        try:
            created = await self._graph.write("PATCH", unique(new.kenjo_id), permit, GROUPS, body, prefers)
        except AlreadyMember as error:  # so there is a group, with members
            raise Conflict(str(error)) from None
        if not (remote_id := str(created.get("id") or "")):
            raise Conflict("answered 204: there is a group with this uniqueName already")
        try:
            await self._add(remote_id, rest, permit)
            lacking = frozenset(new.members) - (
                await self._members(remote_id) if new.members else frozenset()
            )
        except TryLater as error:
            if error.of_the_target:
                raise
            return Accepted(f"created the group, and does not show it whole yet: {error}")
        return Applied(remote_id, Outcome.CREATED, lacking=lacking)

    async def change(self, change: Change, content: Edit, permit: Permit) -> Applied:
        """Change a group, first what it gets, then who leaves it, and see what came of it."""
        remote_id = str(change.remote_id)
        path = address(GROUPS_PATH, remote_id)
        if content.body:
            await self._graph.write_seen("PATCH", path, permit, GROUPS, content.body)
        await self._add(remote_id, content.add, permit)
        for member in content.remove:
            await self._take_out(path, member, permit)
        if not (content.add or content.remove):
            return Applied(remote_id, change.outcome)
        there = await self._members(remote_id)
        staying, lacking = there & set(content.remove), set(content.add) - there
        return Applied(remote_id, change.outcome, staying=frozenset(staying), lacking=frozenset(lacking))

    async def _add(self, remote_id: str, members: Sequence[str], permit: Permit) -> None:
        """Add members. Where one of several is in the group already, nobody is added: then one by one."""
        path = address(GROUPS_PATH, remote_id)
        for part in _parts(members):
            try:
                body: Object = {_BIND: [self._graph.reference(one) for one in part]}
                await self._graph.write_seen("PATCH", path, permit, GROUPS, body)
            except AlreadyMember:
                for one in part:
                    await self._add_one(path, one, permit)

    async def _add_one(self, path: str, member: str, permit: Permit) -> None:
        with suppress(AlreadyMember):
            body = {"@odata.id": self._graph.reference(member)}
            await self._graph.write_seen("POST", f"{path}/members/$ref", permit, GROUPS, body)

    async def _take_out(self, path: str, member: str, permit: Permit) -> None:
        with suppress(NotFound):  # out already; who is in it still is seen afterwards
            await self._graph.write("DELETE", f"{address(f'{path}/members', member)}/$ref", permit, GROUPS)

    async def delete(self, remote_id: str, permit: Permit) -> Applied:
        """Delete a group; a security group cannot be restored."""
        try:
            await self._graph.write("DELETE", address(GROUPS_PATH, remote_id), permit, GROUPS)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED)
        return Applied(remote_id, Outcome.DELETED)


def _parts(members: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(members), AT_ONCE):
        yield members[start : start + AT_ONCE]
