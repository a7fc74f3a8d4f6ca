"""Carries one change to Google Workspace: the requests that it takes, and what their answers show."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.errors import Conflict, NotFound, RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.google.attributes import ACTIVE, ADDRESSES, ORG_UNIT
from workers.targets.google.changes import Difference
from workers.targets.google.client import Client, NoOrgUnit, address
from workers.targets.google.members import Members
from workers.targets.google.resource import Resource, alias_among, is_open
from workers.targets.google.search import Search
from workers.targets.google.sessions import Sessions


@dataclass(frozen=True, slots=True)
class New:
    """The content of a change that creates: the resource, and a group's members."""

    resource: Resource
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The content of a change to a user as it was read. `owed`: sessions are to be ended first."""

    current: Resource
    difference: Difference
    owed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The content of a change to a group as it was read: who joins, who leaves, who is not let go.

    `kept`: how many are to leave who have been made owners or managers.
    """

    current: Resource
    difference: Difference
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    kept: int = 0


class Sender:
    """Sends changes to one account."""

    def __init__(self, client: Client, search: Search, members: Members, sessions: Sessions) -> None:
        self._client = client
        self._search = search
        self._members = members
        self._sessions = sessions

    async def send(self, change: Change, permit: Permit) -> Receipt:
        """Send one change. Raises what its requests raise."""
        content = change.content
        if isinstance(content, New):
            return await self._create(change.key.kind, content, permit)
        remote_id = str(change.remote_id)
        if isinstance(content, Group):
            return await self._change_group(remote_id, change.outcome, content, permit)
        if isinstance(content, Account):
            return await self._change_user(change.key, remote_id, change.outcome, content, permit)
        return await self._delete(change.key.kind, remote_id, permit)

    async def _create(self, kind: Kind, new: New, permit: Permit) -> Receipt:
        body = new.resource
        if kind is Kind.PERSON:  # nobody knows this password, and nothing stores it
            body = {**body, "password": secrets.token_urlsafe(48), "changePasswordAtNextLogin": True}
        try:
            created = await self._client.create(kind, body, permit)
        except NotFound as error:
            raise RecordRejected(
                f"{error}; is the domain of the {ADDRESSES[kind]} one of this account's?"
            ) from None
        except NoOrgUnit as error:
            raise _no_org_unit(error, body) from None
        if not created:
            return Accepted("answered a create without an id")
        remote_id = str(created["id"])
        try:
            lacking = await self._members.put_in(remote_id, new.members, permit)
        except (RecordRejected, TryLater):  # raised, the id would be lost, and no look-up shows it yet
            lacking = frozenset(new.members)
        shown = is_open(created) if kind is Kind.PERSON else None
        return Applied(remote_id, Outcome.CREATED, shown, lacking=lacking)

    async def _change_user(
        self, key: Key, remote_id: str, outcome: Outcome, account: Account, permit: Permit
    ) -> Receipt:
        """Close first, and alone: a refusal of another value must not leave a leaver in."""
        found, shown = account.difference, is_open(account.current)
        if account.owed:
            await self._sessions.end(key, remote_id, permit)
        try:
            if ACTIVE in found.changed and found.merged["suspended"]:
                shown = await self._close(key, remote_id, found, permit)
                if shown is not False:
                    return Applied(remote_id, outcome, shown)  # whoever sent it tries again
                found = found.without(ACTIVE)
            if found:
                answer = await self._put(Kind.PERSON, remote_id, account.current, found, permit)
                shown = is_open(answer)
        except NotFound:
            if outcome is not Outcome.DEACTIVATED:
                raise
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        return Applied(remote_id, outcome, shown)

    async def _close(self, key: Key, remote_id: str, found: Difference, permit: Permit) -> bool | None:
        """Suspend a user, and end their sessions once Google shows them as suspended."""
        await self._sessions.owed.add(key, remote_id)
        try:
            answer = await self._client.change(Kind.PERSON, remote_id, found.body([ACTIVE]), permit)
        except RecordRejected as error:
            if isinstance(error, NotFound) or not found.merged.get("isAdmin"):
                raise
            raise RecordRejected(
                f"{error}; this is a super administrator, whom only another one can suspend: take the role"
                " away in the Admin console, or name a super administrator in `admin`"
            ) from None
        shown = is_open(answer)
        if shown is None:
            shown = is_open(await self._client.get(Kind.PERSON, remote_id) or {})
        if shown is False:
            await self._sessions.end(key, remote_id, permit)
        return shown

    async def _put(
        self, kind: Kind, remote_id: str, current: Resource, found: Difference, permit: Permit
    ) -> Resource:
        """Change an object's fields. Raises RecordRejected that says who has its new address already."""
        name = ADDRESSES[kind]
        wanted = str(found.merged[name]) if name in found.changed else ""
        if alias := alias_among(current, wanted):
            # Google takes no alias for a primary address, not even the user's own; a former one is an alias.
            await self._client.write("DELETE", address(kind, remote_id, "aliases", alias), permit)
        body = found.body(found.changed)
        try:
            return await self._client.change(kind, remote_id, body, permit)
        except NoOrgUnit as error:
            raise _no_org_unit(error, body) from None
        except Conflict:
            if wanted:
                await self._search.refuse_if_taken(kind, wanted, remote_id)
            raise

    async def _change_group(self, remote_id: str, outcome: Outcome, group: Group, permit: Permit) -> Receipt:
        """Change a group, first what it gets, then who leaves it, and see that they have left."""
        if group.difference:
            await self._put(Kind.TEAM, remote_id, group.current, group.difference, permit)
        lacking = await self._members.put_in(remote_id, group.join, permit)
        if group.leave:
            await self._members.take_out(remote_id, group.leave, permit)
            await self._see_out(remote_id, group.leave)
        if group.kept:
            raise RecordRejected(
                f"{group.kept} who are to leave the group are its owners or managers, which the bridge makes"
                " nobody: make them members there, or take them out"
            )
        return Applied(remote_id, outcome, lacking=lacking)

    async def _see_out(self, remote_id: str, leave: Iterable[str]) -> None:
        there = await self._members.read(remote_id)
        if any(one in there for one in leave):
            raise TryLater("answered with success, but who was to leave the group is shown in it still")

    async def _delete(self, kind: Kind, remote_id: str, permit: Permit) -> Receipt:
        try:
            await self._client.write("DELETE", address(kind, remote_id), permit)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED)
        finally:
            self._client.forget(remote_id)
        return Applied(remote_id, Outcome.DELETED)


def _no_org_unit(error: NoOrgUnit, body: Resource) -> RecordRejected:
    return RecordRejected(
        f"{error}; there is no organizational unit {body.get(ORG_UNIT)}: create it in the Admin console"
        " (Directory > Organizational units), or change map.orgUnitPath or new_user_org_unit"
    )
