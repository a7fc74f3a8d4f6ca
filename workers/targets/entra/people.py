"""Reads and changes users: created with a password that nobody knows, closed with their sessions."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from bridge.errors import NotFound, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt, Wanted
from bridge.model import Key, Outcome
from bridge.wire.permit import Permit
from workers.targets.entra.attributes import ENABLED, KENJO_ID, MANAGER, UPN, property_of, read, selected
from workers.targets.entra.changes import Edit, New, Restoration, User, edit
from workers.targets.entra.graph import Graph, address
from workers.targets.entra.permissions import DELETION, PEOPLE, SESSIONS
from workers.targets.entra.search import USERS_PATH, is_enabled, readers
from workers.targets.entra.settings import EntraSettings
from workers.targets.notebook import Notebook
from workers.targets.owed_sessions import OwedSessions

_DELETED = "/directory/deletedItems"


class People:
    """The users of one tenant. `properties` are those that are compared."""

    def __init__(
        self, graph: Graph, settings: EntraSettings, notebook: Notebook, properties: tuple[str, ...]
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._readers = readers(settings)
        self._deleters = DELETION if settings.uploads else PEOPLE
        self._owed = OwedSessions(notebook, ended=settings.end_sessions)
        plain = [name for name in properties if name != MANAGER]
        self._shown = {"$select": selected(["id", ENABLED, "onPremisesSyncEnabled", *plain])}
        if MANAGER in properties:
            self._shown["$expand"] = "manager($select=id)"

    async def read(self, key: Key, remote_id: str) -> User | None:
        """A user with all that is compared; None when there is none, or a deleted one."""
        there = await self._graph.find(address(USERS_PATH, remote_id), self._readers, self._shown)
        if there is None:
            return None
        return User(there, is_enabled(there) is False and await self._owed.has(key, remote_id))

    async def create(self, new: New, permit: Permit) -> Receipt:
        """Create a user, and see them. Their manager is set then, as a create does not take one."""
        password = {"password": _password(), "forceChangePasswordNextSignIn": True}
        body = {**new.body, "passwordProfile": password}
        created = await self._graph.write("POST", USERS_PATH, permit, PEOPLE, body)
        if not (remote_id := str(created.get("id") or "")):
            return Accepted("created the user, and answered without an id")
        path = address(USERS_PATH, remote_id)
        shown = await self._graph.find(path, PEOPLE, {"$select": f"id,{ENABLED}"})
        if shown is None:
            return Accepted("created the user, and does not show it yet")
        if new.manager:
            try:
                await self._set_manager(path, new.manager, permit)
            except TryLater as error:
                if error.of_the_target:
                    raise
                return Accepted(f"created the user, whose manager is still to be set: {error}")
        return Applied(remote_id, Outcome.CREATED, is_enabled(shown))

    async def change(self, change: Change, content: Edit, permit: Permit) -> Applied:
        """Send what differs. Sessions end after the account is disabled, so that no new one begins.

        A user who is not there any more: TryLater, and the next reading tells.
        """
        remote_id = str(change.remote_id)
        path = address(USERS_PATH, remote_id)
        if content.ends:
            await self._owed.add(change.key, remote_id)
        if content.body:
            await self._graph.write_seen("PATCH", path, permit, PEOPLE, content.body)
        if content.ends:
            await self._graph.write_seen("POST", f"{path}/revokeSignInSessions", permit, SESSIONS)
        if content.ends or content.body.get(ENABLED) is True:
            await self._owed.remove(change.key)
        if content.manager:
            await self._set_manager(path, content.manager[1], permit)
        touched = ENABLED in content.body or content.ends
        shown = content.there.is_open if isinstance(content.there, User) and not touched else None
        return Applied(remote_id, change.outcome, shown)

    async def _set_manager(self, path: str, manager: str | None, permit: Permit) -> None:
        """Set the manager, or take it away. Raises TryLater for one who is not shown yet."""
        reference = f"{path}/manager/$ref"
        if manager is not None:
            body = {"@odata.id": self._graph.reference(manager)}
            await self._graph.write_seen("PUT", reference, permit, PEOPLE, body)
            return
        with suppress(NotFound):  # there is none any more
            await self._graph.write("DELETE", reference, permit, PEOPLE)

    async def restore(self, change: Change, content: Restoration, permit: Permit) -> Applied:
        """Give a deleted user back, and bring them to what is wanted.

        Raises NotFound when there is none, or one that does not carry this record's id.
        """
        remote_id, wanted = str(change.remote_id), content.wanted
        place = property_of(wanted.key.kind, KENJO_ID, self._settings.kenjo_id_attribute)
        path = address(_DELETED, remote_id)
        params = {"$select": selected(["id", place])}
        deleted = await self._graph.get(f"{path}/microsoft.graph.user", self._readers, params)
        own = wanted.attributes.get(KENJO_ID)
        if not own or read(deleted, place) != own:
            raise NotFound("was deleted in Entra ID, and does not carry this record's Kenjo id")
        await self._graph.write("POST", f"{path}/restore", permit, self._deleters, _comes_back_as(wanted))
        if self._settings.uploads:
            raise TryLater("restored the user; what Kenjo says of them is uploaded next")
        return await self._bring(change, wanted, permit)

    async def _bring(self, change: Change, wanted: Wanted, permit: Permit) -> Applied:
        shown = await self.read(wanted.key, str(change.remote_id))
        if shown is None:
            raise TryLater("restored the user, and does not show it yet")
        found, _ = edit(wanted, shown, self._settings)
        if not found:
            return Applied(str(change.remote_id), change.outcome, shown.is_open)
        return await self.change(change, found, permit)

    async def delete(self, remote_id: str, permit: Permit) -> Applied:
        """Delete a user, for 30 days in a way that can be undone."""
        try:
            await self._graph.write("DELETE", address(USERS_PATH, remote_id), permit, self._deleters)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        return Applied(remote_id, Outcome.DELETED)


def _comes_back_as(wanted: Wanted) -> dict[str, Any]:
    """Under the name that is wanted, as somebody else may have the former name and addresses by now.

    They keep them. Source: Microsoft Graph v1.0, "Restore deleted item", request body.
    """
    name = wanted.attributes.get(UPN)
    return {"autoReconcileProxyConflict": True, **({"newUserPrincipalName": name} if name else {})}


def _password() -> str:
    """A password that nobody will know: 256 random bits, and a sign of each class that policies ask for."""
    return f"{secrets.token_urlsafe(32)}aA1!"
