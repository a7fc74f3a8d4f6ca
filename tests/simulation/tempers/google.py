"""A directory like Google Workspace, whose new objects are not there for a while.

A create answers with an id, and that id answers 404 to whoever reads or changes it then; look-ups and lists
lack it, too. Only addresses are unique: a second account with one Kenjo id is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Applied, Change, Receipt, Remote
from bridge.model import Key, Kind
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from tests.simulation.adapter import Body, ModelTarget, adapter
from tests.simulation.directory import Directory, Reply
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing
from workers.targets.base import Abilities, Tools

LONGEST = 8.0
"""Seconds for which a new object is not there: less than the bridge has the patience for."""


class GoogleDirectory(Directory):
    """`_from`: the moment from which an object is shown."""

    kind = "google"
    keys: ClassVar[Mapping[Kind, tuple[str, ...]]] = {
        Kind.PERSON: ("userName", "alias"),
        Kind.TEAM: ("displayName",),
    }
    strict = True  # else nothing could be promised: who made the account is told by nothing that is shown

    def __init__(self, *args: Any, **named: Any) -> None:
        self._from: dict[str, float] = {}
        super().__init__(*args, **named)

    def _add(
        self, kind: Kind, attributes: dict[str, Any], *, by_hand: bool = False, foreign: bool = False
    ) -> Thing:
        thing = super()._add(kind, attributes, by_hand=by_hand, foreign=foreign)
        if not by_hand:
            self._from[thing.id] = self.world.now + self.world.random.choice((0.0, 1.0, 3.0, LONGEST))
        return thing

    def _is_there(self, id_: str) -> bool:
        return self._from.get(id_, 0.0) <= self.world.now

    def _is_found(self, thing: Thing) -> bool:
        return self._is_there(thing.id) and super()._is_found(thing)

    def _at(self, kind: Kind, name: str) -> Thing | None:
        thing = super()._at(kind, name)
        return thing if thing and self._is_there(thing.id) else None

    def _on(self, thing: Thing, method: str, path: str, body: Any, by: Delivery | None) -> Reply:
        """A member who is not there is no member: 404, as for the group."""
        if path.endswith("/members"):
            if not self._is_there(body["add"][0]):
                return Reply(404)
            return super()._change(thing, body, by)
        return super()._on(thing, method, path, body, by)


class GoogleTarget(ModelTarget):
    """Remembers what this process has made: that is not gone because it is not there yet."""

    can = Abilities(lists=True, late=True)

    def __init__(self, http: Http, tools: Tools) -> None:
        super().__init__(http, tools)
        self._made: dict[str, float] = {}

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """Read one object. Raises TryLater for one that was made just now."""
        found = await super().read(key, remote_id)
        if found is None:
            self._see_that_it_is_old(remote_id)
        return found

    async def _create(self, kind: Kind, body: Body, permit: Permit) -> Receipt:
        """Members come one by one, afterwards."""
        members = body.get("members") or []
        receipt = await super()._create(kind, {**body, "members": []} if members else body, permit)
        assert isinstance(receipt, Applied)
        self._made[receipt.remote_id] = _now()
        try:
            lacking = await self._put_in(receipt.remote_id, members, permit)
        except (RecordRejected, TryLater):
            lacking = frozenset(members)  # the id is known: raised, it would be lost
        return Applied(receipt.remote_id, receipt.outcome, receipt.open, lacking=lacking)

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        if not change.content.get("add"):
            return await self._changed(change, remote_id, permit)
        join = change.content["add"]
        rest = {**change.content, "add": []}
        if any(rest.values()):
            await self._changed(replace(change, content=rest), remote_id, permit)
        return Applied(remote_id, change.outcome, lacking=await self._put_in(remote_id, join, permit))

    async def _changed(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        try:
            return await super()._change(change, remote_id, permit)
        except NotFound:
            self._see_that_it_is_old(remote_id)
            raise

    async def _put_in(self, group: str, members: list[str], permit: Permit) -> frozenset[str]:
        """Make accounts members one by one; those whom the directory does not know, or not yet."""
        lacking = set()
        for one in members:
            try:
                await self._http.write("POST", f"/team/{group}/members", permit, body={"add": [one]})
            except NotFound:
                lacking.add(one)
        return frozenset(lacking)

    def _see_that_it_is_old(self, remote_id: str) -> None:
        if remote_id in self._made and _now() - self._made[remote_id] < 600.0:
            raise TryLater("is not there yet: it was made a moment ago")


def _now() -> float:
    return asyncio.get_running_loop().time()


TEMPER = Temper(GoogleDirectory, adapter(GoogleTarget))
