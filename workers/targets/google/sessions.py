"""Shutting a leaver out of what is open already: sessions, what was let into the account, app passwords."""

from __future__ import annotations

from contextlib import suppress

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.model import Key, Kind
from bridge.wire.permit import Permit
from workers.targets.google.client import Client, Forbidden, Invalid, address
from workers.targets.google.resource import Resource
from workers.targets.owed_sessions import OwedSessions


class Sessions:
    """Ends sessions at one account; does nothing where the settings do not want it."""

    def __init__(self, client: Client, owed: OwedSessions) -> None:
        self._client = client
        self.owed = owed

    async def end(self, key: Key, remote_id: str, permit: Permit) -> None:
        """Sign a suspended user out, and take back what apps were let in with. Raises what requests raise.

        Raises RecordRejected where the administrator may not do it: the account is closed all the same.
        """
        if not self.owed.ended:
            return
        try:
            await self._end(remote_id, permit)
        except NotFound as error:
            raise TryLater(str(error)) from None  # whoever reads it next sees whether it is gone
        except (Forbidden, RecordRejected) as error:
            raise RecordRejected(
                f"the account is suspended, but its sessions could not be ended ({error}): the administrator"
                " needs the privilege User Security Management; or set end_sessions to false"
            ) from None
        await self.owed.remove(key)

    async def _end(self, remote_id: str, permit: Permit) -> None:
        with suppress(Invalid):  # what cannot be signed out is not signed in: it is suspended
            await self._client.write("POST", address(Kind.PERSON, remote_id, "signOut"), permit)
        for part, name in (("tokens", "clientId"), ("asps", "codeId")):
            for one in await self._let_in(remote_id, part):
                with suppress(NotFound):  # it has ended meanwhile
                    path = address(Kind.PERSON, remote_id, part, str(one.get(name)))
                    await self._client.write("DELETE", path, permit)

    async def _let_in(self, remote_id: str, part: str) -> list[Resource]:
        items = (await self._client.read(address(Kind.PERSON, remote_id, part))).get("items")
        return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
