"""The members of groups: who is in one, putting in and taking out, one request each."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import Conflict, NotFound
from bridge.model import Kind
from bridge.wire.permit import Permit
from workers.targets.google.client import Client, address

MEMBER = "MEMBER"
"""The role that the bridge gives; OWNER and MANAGER are given by people."""

Roles = dict[str, str]
"""The role in a group of each member, by the member's id."""


class Members:
    """The members of one account's groups."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, group_id: str) -> Roles:
        """Who is in a group directly: users, groups, and addresses outside. Raises TryLater."""
        path, params = address(Kind.TEAM, group_id, "members"), {"maxResults": "200", "fields": "id,role"}
        listed = await self._client.whole(path, "members", params)
        return {str(one["id"]): str(one.get("role") or MEMBER) for one in listed}

    async def put_in(self, group_id: str, ids: Iterable[str], permit: Permit) -> frozenset[str]:
        """Make users members; those whom Google does not know, or not yet."""
        path, lacking = address(Kind.TEAM, group_id, "members"), set()
        for one in ids:
            try:
                await self._client.write("POST", path, permit, {"id": one, "role": MEMBER})
            except Conflict:
                continue  # is one already
            except NotFound:
                lacking.add(one)
        return frozenset(lacking)

    async def take_out(self, group_id: str, ids: Iterable[str], permit: Permit) -> None:
        """End memberships; one that is not there is no error."""
        for one in ids:
            try:
                await self._client.write("DELETE", address(Kind.TEAM, group_id, "members", one), permit)
            except NotFound:
                continue
