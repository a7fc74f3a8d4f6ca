"""A target gives the ids of deleted objects again: what is under a known id may be somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model import DAY, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person
from tests.polling import Watch
from tests.workers.targets.odd_scim import Odd


async def rounds(run: Delivery, watch: Watch, *records: object) -> None:
    """Poll these, and deliver for some minutes."""
    await watch.poll(*records)  # type: ignore[arg-type]
    for _ in range(5):
        await watch.work()
        run.clock.now += 60
        await watch.poll()


async def test_a_deleted_ones_id_is_given_to_another(backend: Backend) -> None:
    """Ana's account is deleted by hand, Ben's gets its id, Ana changes == Ben keeps his, she has another."""
    async with delivery(backend, odd=Odd(numbered=True)) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await rounds(run, watch, person("ana"))
        async with run.direct.delete("/scim/Users/1") as gone:
            assert gone.status == 204
        await rounds(run, watch, person("ana"), person("ben"))
        await rounds(run, watch, person("ana", title="Boss"), person("ben"))
        users = {user["id"]: (user["externalId"], user["title"]) for user in await run.users()}
        assert users == {"1": ("ben", "Clerk"), "2": ("ana", "Boss")}
        assert [(await run.entry(id_)).state for id_ in ("ana", "ben")] == [State.APPLIED] * 2


@pytest.mark.parametrize("removal", [{}, {"left": "delete", "after_days": 2}])
async def test_a_leavers_id_is_given_to_another(backend: Backend, removal: dict[str, Any]) -> None:
    """Ben's account gets the id of Ana's, who leaves, or whose deletion is due == nothing is done to his."""
    ben, mail = person("ben", email="sales@example.com"), {"email": "sales@example.com"}
    ana, left = person("ana", **mail), person("ana", lifecycle="left", **mail)
    async with delivery(backend, odd=Odd(id_is_user_name=True), removal=removal) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await rounds(run, watch, ana)
        if removal:
            await rounds(run, watch, left)
        async with run.direct.delete("/scim/Users/sales%40example.com") as gone:
            assert gone.status == 204
        await rounds(run, watch, left if removal else ana, ben)
        run.clock.now += 3 * DAY
        await rounds(run, watch, left, ben)
        users = [(user["externalId"], user["active"]) for user in await run.users()]
        assert users == [("ben", True)]
