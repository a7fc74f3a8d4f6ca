"""Bringing one person or group up to date now."""

from __future__ import annotations

from bridge.model import Key, Kind
from service.operations import syncing
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.operations.telling import deliveries_json
from service.web.api.runs import Back, back
from service.web.api.turns import Turns
from service.web.api.values import Answer, Nothing
from service.web.visitors import Visitor


class SyncNow(Answer):
    """What would be done for one record, by target."""

    targets: dict[str, Back]


class AboutSyncs:
    """`/people/{id}/sync`, and the same of groups."""

    def __init__(self, bridge: Bridge, board: Board, turns: Turns) -> None:
        self._bridge = bridge
        self._board = board
        self._turns = turns

    async def person_sync(self, visitor: Visitor, id: str) -> SyncNow:  # noqa: A002 - it is the path's name
        """What would be done for a person, as Kenjo was read last. The targets are asked."""
        return await self._look(visitor, Key(Kind.PERSON, id))

    async def group_sync(self, visitor: Visitor, id: str) -> SyncNow:  # noqa: A002
        """What would be done for a group, likewise."""
        return await self._look(visitor, Key(Kind.TEAM, id))

    async def sync_person(self, body: Nothing, id: str) -> None:  # noqa: A002, ARG002 - it says only "now"
        """Let every target be looked at for a person now, and Kenjo be polled first if a service runs."""
        await syncing.sync_now(self._bridge, Key(Kind.PERSON, id))

    async def sync_group(self, body: Nothing, id: str) -> None:  # noqa: A002, ARG002 - it says only "now"
        """The same for a group."""
        await syncing.sync_now(self._bridge, Key(Kind.TEAM, id))

    async def _look(self, visitor: Visitor, key: Key) -> SyncNow:
        async with self._turns.one():
            found = await syncing.look(self._bridge, key)
        sight, names = await self._board.look(), visitor.sees_values
        return SyncNow(
            targets={
                name: back(deliveries_json(one, values=names), sight, names=names)
                for name, one in found.items()
            }
        )
