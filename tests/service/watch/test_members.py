"""Members who are taken out of groups in bulk wait for a person, whatever the cause."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bridge.mapping.route import Route
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.polling import Watch, approve, ids, people, start, with_leavers
from workers.targets import load


async def members(run: Delivery) -> Mapping[str, int]:
    """How many members each group has."""
    return {group["externalId"]: len(group.get("members") or ()) for group in await run.groups()}


async def filled(run: Delivery, teams: Mapping[str, list[str]]) -> Watch:
    """20 people and these teams are at the directory."""
    watch = await start(run, 20, *(team(name, *who) for name, who in teams.items()))
    await watch.work()
    assert await members(run) == {name: len(who) for name, who in teams.items()}
    return watch


NOBODY = {"members": "team.members.filter(m, m == 'x')"}
FIVE = {f"t{number}": ids(4, number * 4) for number in range(5)}
BIG = {"big": ids(16), "small": ids(4, 16)}


@pytest.mark.parametrize("gone", [False, True])
async def test_all_groups_emptied_at_once_are_held(backend: Backend, gone: bool) -> None:
    """A field of teams is lost, or the teams are == everybody stays in, one hold; approved, all are empty."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, dict(list(FIVE.items())[:4]))
        said = [] if gone else [team(name) for name in list(FIVE)[:4]]
        await watch.round(*people(ids(20)), *said)
        assert set((await members(run)).values()) == {4}
        hold = await watch.hold()
        assert (hold.id, hold.count) == ("directory-members", 16)
        assert hold.reason.startswith("would take 16 members out of 4 groups (100 % of 16 there)")
        await approve(watch)
        await watch.round()
        assert set((await members(run)).values()) == {0}


async def test_one_group_that_loses_most_is_held(backend: Backend) -> None:
    """12 of 16 leave a team, another one swaps one == the first waits, the other goes on."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        await watch.round(*people(ids(20)), team("big", *ids(4)), team("small", *ids(3, 16), "p000"))
        assert await members(run) == {"big": 16, "small": 4}
        hold = await watch.hold()
        assert (hold.id, hold.keys) == ("directory-members", ("team:big",))
        small = next(group for group in await run.groups() if group["externalId"] == "small")
        assert (await run.user("p000"))["id"] in [one["value"] for one in small["members"]]


async def test_members_who_leave_the_company_do_not_count_twice(backend: Backend) -> None:
    """8 of 16 members leave the company, which is approved == out of the team without another word."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        await watch.poll(*with_leavers(8, of=20), team("big", *ids(8, 8)), team("small", *ids(4, 16)))
        hold = await watch.hold()
        assert (hold.id, hold.keys[-1]) == ("directory-remove", "team:big")
        await approve(watch)
        await watch.round()
        assert await members(run) == {"big": 8, "small": 4}
        assert await backend.holds.all() == []


async def test_members_are_counted_over_the_window(backend: Backend) -> None:
    """4 of 16 leave a team in each of three polls == the first 4 only."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        for left in (4, 8, 12):
            watch.clock.now += 600
            await watch.round(
                *people(ids(20)), team("big", *ids(16 - left, left)), team("small", *ids(4, 16))
            )
        assert await members(run) == {"big": 12, "small": 4}
        assert "with 4 others in the last 24 hours" in (await watch.hold()).reason


async def test_an_approval_is_for_as_many_as_were_seen(backend: Backend) -> None:
    """8 of 16 are approved, then 12 are to go == held again."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        small = team("small", *ids(4, 16))
        await watch.poll(*people(ids(20)), team("big", *ids(8)), small)
        await approve(watch)
        await watch.round(*people(ids(20)), team("big", *ids(4)), small)
        assert (await members(run))["big"] == 16
        assert (await watch.hold()).count == 12


async def test_a_mapping_that_gives_no_members_is_a_cause_too(backend: Backend) -> None:
    """`members` is mapped to an empty list, polled by a bridge that starts anew == nobody is taken out."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        await watch.poller.stand_down()
        snapshot = watch.kenjo.snapshot
        settings = run.deliverer.route.settings.model_copy(update={"map": NOBODY})
        route = Route(TARGET, settings, load("scim").mapping)
        object.__setattr__(run.deliverer, "route", route)
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        watch.kenjo.snapshot = snapshot
        for _ in range(2):
            await watch.round()
        assert await members(run) == {"big": 16, "small": 4}
        assert (await watch.hold()).count == 20


async def test_few_go_on(backend: Backend) -> None:
    """3 of 16 leave a team and 2 come == done without a question."""
    async with delivery(backend, rate=1000) as run:
        watch = await filled(run, BIG)
        mixed = team("big", *ids(13, 3), "p017", "p018")
        await watch.round(*people(ids(20)), mixed, team("small", *ids(4, 16)), person("p099"))
        assert await members(run) == {"big": 15, "small": 4}
        assert await backend.holds.all() == []
