"""A target whose objects are written to under their names, as entries of a directory are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from bridge.errors import Conflict, RecordRejected
from bridge.exchange import Change, Receipt, Remote, Wanted
from bridge.mapping.route import Route
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from bridge.wire.permit import Permit
from tests.delivery import TARGET, delivery, person, team
from tests.workers.targets.shelf import ADAPTER, Shelf, ShelfTarget

ONE, TWO = Key(Kind.TEAM, "1"), Key(Kind.TEAM, "2")


class NamedTarget(ShelfTarget):
    """A change goes to whoever has the name by then that the object had when it was read.

    `refuses`: the next change of members alone.
    """

    refuses = False

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        found = super().change(wanted, there)
        if found is None or there is None or there.content is None:
            return found
        return dataclasses.replace(found, content={**found.content, "was": there.content["displayName"]})

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        content: dict[str, Any] = dict(change.content or {})
        was, name = content.pop("was", None), content.get("displayName")
        groups = {one["displayName"]: id_ for id_, one in self._shelf.things(Kind.TEAM).items()}
        if name in groups and change.remote_id:
            raise Conflict("the name is taken")
        if self.refuses and change.remote_id and name is None:
            self.refuses = False
            raise RecordRejected("not now")
        addressed = groups[was] if was else change.remote_id
        return await super()._send(dataclasses.replace(change, content=content, remote_id=addressed), permit)


def found(shelf: Shelf) -> dict[str, Any]:
    """The groups by their Kenjo ids."""
    return {one["externalId"]: one for one in shelf.things(Kind.TEAM).values()}


async def test_names_are_swapped_while_somebody_leaves(backend: Backend, tmp_path: Path) -> None:
    """The second group has the name by then that the first one had == who leaves that stays in the second."""
    shelf = Shelf()
    async with delivery(backend) as run:
        given = {"kind": "shelf", "path": tmp_path, "rate": 1000.0, "groups": {"from": ["teams"]}}
        route = Route(TARGET, ADAPTER.settings.model_validate(given), ADAPTER.mapping)
        target = NamedTarget(shelf)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=target)
        await run.deliver(*map(person, ("ana", "ben")))
        await run.deliver(team("1", "ana", "ben", name="A"), team("2", "ana", name="B"))
        await run.know(team("1", "ben", name="B"), team("2", "ana", name="A"))
        send = target._send

        async def in_between(change: Change, permit: Permit) -> Receipt:
            done = await send(change, permit)
            if str((change.content or {}).get("displayName", "")).startswith("kenjo-bridge"):
                target._send = send  # type: ignore[method-assign]
                run.clock.now += 60
                await run.deliverer.deliver(TWO)  # by another worker, as soon as the name is free
            return done

        target.refuses = True
        await run.deliverer.deliver(ONE)
        assert len(found(shelf)["1"]["members"]) == 2
        target._send = in_between  # type: ignore[method-assign]
        for key in (TWO, ONE, TWO, ONE, TWO, ONE):
            run.clock.now += 60
            await run.deliverer.deliver(key)
        people = {one["externalId"]: id_ for id_, one in shelf.things(Kind.PERSON).items()}
        groups = found(shelf)
        assert {id_: one["displayName"] for id_, one in groups.items()} == {"1": "B", "2": "A"}
        assert (groups["1"]["members"], groups["2"]["members"]) == ([people["ben"]], [people["ana"]])
        assert (await run.entry("1", Kind.TEAM)).state is State.APPLIED
