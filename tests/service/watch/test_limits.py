"""How much may change at a target at once, and what waits when it is more."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bridge.model import DAY
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person, team
from tests.polling import Watch, approve, ids, inactive, people, start, with_leavers


async def test_removals_over_the_limit_wait_and_all_else_goes_on(run: Delivery, watch: Watch) -> None:
    """3 of 10 leave, one changes, one comes == nobody deactivated, the change and the newcomer delivered."""
    await watch.round(*with_leavers(3, of=9), person("p009", title="Lead"), person("new"))
    assert await inactive(run) == []
    assert (await run.user("p009"))["title"] == "Lead"
    assert (await run.user("new"))["active"] is True
    hold = await watch.hold()
    assert (hold.id, hold.target, hold.kind, hold.count) == ("directory-remove", "directory", "remove", 3)
    assert (hold.limit, hold.since, hold.state) == ("2 and 20 %", watch.clock.now, "open")
    assert hold.keys == ("person:p000", "person:p001", "person:p002")
    assert hold.reason == "would remove 3 people (30 % of 10 there), more than 2 and more than 20 %"


async def test_everybody_of_a_hold_waits(run: Delivery, watch: Watch) -> None:
    """All 10 leave == none of them is deactivated, over several polls, and one hold says 10, once."""
    with capture_logs() as logs:
        for _ in range(3):
            watch.clock.now += 60
            await watch.poll(*with_leavers(10))
            assert await watch.work() == []
    assert await inactive(run) == []
    assert (await watch.hold()).count == 10
    assert [log["id"] for log in logs if log["event"] == "held"] == ["directory-remove"]
    assert len(await watch.events("held")) == 1


@pytest.mark.parametrize(("leavers", "waits"), [(5, False), (6, True)])
async def test_the_limit_is_more_than_both(backend: Backend, leavers: int, waits: bool) -> None:
    """As many as the default limit leave == deactivated; one more == held (test_policy has other limits)."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 10)
        await watch.round(*with_leavers(leavers))
        assert await inactive(run) == ([] if waits else ids(leavers))
        assert len(await backend.holds.all()) == waits


async def test_limits_of_creates(backend: Backend) -> None:
    """3 people come where 2 may == none of them is created, a leaver and a change are delivered."""
    async with delivery(backend, limits={"create": {"count": 2, "percent": 20}}, rate=1000) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        for count in (2, 4):  # two at once may always come
            await watch.round(*people(ids(count)))
            watch.clock.now += DAY
        await watch.round(person("p000", lifecycle="left"), person("p001", title="Lead"), *people(ids(5, 2)))
        assert {user["externalId"] for user in await run.users()} == set(ids(4))
        assert await inactive(run) == ["p000"]
        assert (await run.user("p001"))["title"] == "Lead"
        hold = await watch.hold()
        assert (hold.kind, hold.keys) == ("create", ("person:p004", "person:p005", "person:p006"))
        await approve(watch)
        await watch.round()
        assert len(await run.users()) == 7


async def test_limits_of_updates(backend: Backend) -> None:
    """3 of 10 change where 2 may == none of the changes is delivered, a newcomer is; an approval delivers."""
    async with delivery(backend, limits={"update": {"count": 2, "percent": 20}}, rate=1000) as run:
        watch = await start(run, 10)
        changed = [*people(ids(3), title="Lead"), *people(ids(7, 3)), person("new")]
        await watch.round(*changed)
        assert [user["title"] for user in await run.users()] == ["Clerk"] * 11
        assert (await watch.hold()).kind == "update"
        await approve(watch)
        await watch.round()
        assert [user["title"] for user in await run.users()].count("Lead") == 3


async def test_limits_of_teams_are_their_own(backend: Backend) -> None:
    """2 of 3 teams go while one person leaves == the teams keep their members, the person is deactivated."""
    async with delivery(backend, limits={"remove": {"count": 1, "percent": 0}}, rate=1000) as run:
        three = [team(f"t{number}", "p005") for number in range(3)]
        watch = await start(run, 10, *three)
        await watch.work()  # the members that were missing at first
        await watch.round(*with_leavers(1), three[0])
        assert await inactive(run) == ["p000"]
        assert [len(group["members"]) for group in await run.groups()] == [1, 1, 1]
        hold = await watch.hold()
        assert (hold.id, hold.kind, hold.count) == ("directory-remove-groups", "remove-groups", 2)
        await approve(watch)
        await watch.round()
        assert sorted(len(group.get("members") or []) for group in await run.groups()) == [0, 0, 1]


async def test_teams_that_would_lose_held_people_wait_along(run: Delivery) -> None:
    """3 of a team's 4 people leave, over the limit == the team as it was; another team is changed."""
    both = ids(4)
    watch = await start(run, 10, team("t", *both), team("u", "p005"))
    await watch.work()
    await watch.round(*with_leavers(3), team("t", "p003", "p006"), team("u", "p005", "p006"))
    assert await members(run, "t") == both
    assert await members(run, "u") == ["p005", "p006"]
    hold = await watch.hold()
    assert (hold.count, hold.keys[-1]) == (3, "team:t")
    await approve(watch)
    await watch.round()
    assert await members(run, "t") == ["p003", "p006"]
    assert await inactive(run) == ids(3)


async def members(run: Delivery, team_id: str) -> list[str]:
    names = {user["id"]: user["externalId"] for user in await run.users()}
    (group,) = [group for group in await run.groups() if group["externalId"] == team_id]
    return sorted(names[member["value"]] for member in group.get("members") or [])
