"""Somebody decides on some records of a hold: just that is done, and the others wait however few they are."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.metrics import Metrics
from bridge.model import Key, Kind
from bridge.store import Hold
from bridge.store.backend import Backend
from bridge.store.holds import FIRST_CONTACT, PUBLICATION
from service.operations.assembly import Bridge
from service.operations.holds import decide
from tests.delivery import TARGET, Delivery, delivery, team
from tests.polling import Watch, approve, ids, inactive, interrupted, people, start, with_leavers


async def choose(watch: Watch, *who: str, word: bool = True, hold: Hold | None = None) -> Hold:
    """Petra approves or rejects, of the one hold there is, these people or groups as she saw them."""
    hold = hold or await watch.hold()
    keys = [one if ":" in one else f"person:{one}" for one in who]
    bridge = Bridge(BridgeSettings.model_construct(), watch.backend, {}, Metrics(), None)
    return await decide(bridge, hold.id, approve=word, by="Petra", seen=hold.version, only=keys)


async def rounds(watch: Watch, number: int = 3) -> None:
    """Several polls, each with all the work that it brings."""
    for _ in range(number):
        watch.clock.now += 60
        await watch.round()


async def waiting(watch: Watch) -> dict[tuple[str, ...], str]:
    """The state of each hold, by the records that it holds."""
    return {hold.keys: hold.state for hold in await watch.backend.holds.all()}


async def test_the_others_stay_although_they_are_few(run: Delivery, watch: Watch) -> None:
    """2 of 3 are approved, the limit is 2 == they go, the third stays all polls; approved, it goes."""
    await watch.round(*with_leavers(3))
    decided = await choose(watch, "p000", "p001")
    assert decided.keys == ("person:p000", "person:p001")
    await rounds(watch)
    assert await inactive(run) == ids(2)
    rest = await watch.hold()
    assert (rest.keys, rest.state, rest.count) == (("person:p002",), "open", 1)
    assert rest.reason == "would remove 1 person, set apart from others by a decision"
    assert len(await watch.events("held")) == 1
    await approve(watch)
    await rounds(watch, 2)
    assert await inactive(run) == ids(3)
    assert await watch.backend.holds.all() == []


async def test_a_worker_does_at_once_what_was_approved_and_no_more(run: Delivery, watch: Watch) -> None:
    """No poll comes, and a worker takes all three, asked or not == only the chosen one is closed."""
    await watch.poll(*with_leavers(3))
    await choose(watch, "p001")
    assert await watch.work() == [Key(Kind.PERSON, "p001")]
    for name in ids(3):
        await run.deliverer.deliver(Key(Kind.PERSON, name))
    assert await inactive(run) == ["p001"]


async def test_groups_go_with_the_last_of_their_people(run: Delivery) -> None:
    """One of two who leave a team is approved == that team waits, another that loses only them goes on."""
    watch = await start(run, 10, team("t", "p000", "p002", "p005"), team("u", "p000", "p005"))
    left = (team("t", "p005"), team("u", "p005"))
    await watch.round(*with_leavers(3), *left)
    with pytest.raises(ConfigurationError, match=r"cannot be decided for team:t"):
        await choose(watch, "p000", "team:t")
    await choose(watch, "p000")
    await rounds(watch)
    assert await inactive(run) == ["p000"]
    assert await _sizes(run) == {"t": 3, "u": 1}
    assert (await watch.hold()).keys == ("person:p001", "person:p002", "team:t")
    await choose(watch, "p002")
    await rounds(watch)
    assert await inactive(run) == ["p000", "p002"]
    assert await _sizes(run) == {"t": 1, "u": 1}
    assert await waiting(watch) == {("person:p001",): "open"}


async def test_some_are_rejected(run: Delivery, watch: Watch) -> None:
    """1 of 3 is rejected == nothing is done; the others are approved and go, the one stays rejected."""
    await watch.round(*with_leavers(3))
    rejected = await choose(watch, "p001", word=False)
    await rounds(watch)
    assert await inactive(run) == []
    assert await waiting(watch) == {("person:p001",): "rejected", ("person:p000", "person:p002"): "open"}
    for hold in await watch.backend.holds.all():
        if hold.id != rejected.id:
            await watch.backend.holds.approve(hold, "Petra", watch.clock.now)
    await rounds(watch)
    assert await inactive(run) == ["p000", "p002"]
    assert await waiting(watch) == {("person:p001",): "rejected"}


async def test_whose_cause_has_gone_is_held_no_more(run: Delivery, watch: Watch) -> None:
    """Who was set apart works here after all == the hold is withdrawn; leaving later, they go as one does."""
    await watch.round(*with_leavers(3))
    await choose(watch, "p000", "p001")
    await rounds(watch)
    await watch.round(*people(ids(2), lifecycle="left"), *people(ids(8, start=2)))
    assert await watch.backend.holds.all() == []
    await watch.round(*with_leavers(3))
    assert await inactive(run) == ids(3)


async def test_a_decision_during_a_poll_counts(run: Delivery, watch: Watch) -> None:
    """2 of 3 are approved while a poll is under way that knows nothing of it == the third waits."""
    await watch.round(*with_leavers(3))
    await watch.poller.stand_down()
    during = Watch(
        interrupted(run.backend, lambda: choose(watch, "p000", "p001")), run.deliverer.route, run.clock
    )
    await during.poll(*with_leavers(3))
    await during.poller.stand_down()
    await rounds(watch)
    assert await inactive(run) == ids(2)
    assert await waiting(watch) == {("person:p002",): "open"}


async def test_more_who_leave_are_held_anew(run: Delivery, watch: Watch) -> None:
    """One is set apart, 3 more leave == a hold of those 3; 2 more instead == they go, within the limit."""
    await watch.round(*with_leavers(3))
    await choose(watch, "p000", "p001")
    await rounds(watch)
    await watch.round(*with_leavers(6))
    assert await waiting(watch) == {
        ("person:p002",): "open",
        ("person:p003", "person:p004", "person:p005"): "open",
    }
    await watch.round(*with_leavers(4))
    assert await inactive(run) == ["p000", "p001", "p003"]
    assert await waiting(watch) == {("person:p002",): "open"}


async def test_some_groups_lose_their_members(backend: Backend) -> None:
    """5 groups are emptied, 2 of them approved == just those; the others keep everybody until approved."""
    async with delivery(backend, rate=1000) as run:
        five = {f"t{number}": ids(4, number * 4) for number in range(5)}
        watch = await start(run, 20, *(team(name, *who) for name, who in five.items()))
        await watch.round(*people(ids(20)), *(team(name) for name in five))
        await choose(watch, "team:t0", "team:t3")
        await rounds(watch)
        assert await _sizes(run) == {"t0": 0, "t1": 4, "t2": 4, "t3": 0, "t4": 4}
        rest = await watch.hold()
        assert (rest.kind, rest.count) == ("members", 12)
        assert rest.reason == "would take 12 members out of 3 groups, set apart from others by a decision"
        await approve(watch)
        await rounds(watch, 2)
        assert set((await _sizes(run)).values()) == {0}


@pytest.mark.parametrize("kind", ["snapshot", "not-whole", FIRST_CONTACT, PUBLICATION])
async def test_what_is_about_the_whole_is_not_divided(watch: Watch, kind: str) -> None:
    """Some of a hold that is about all of Kenjo or a target == refused, and nothing is decided."""
    target = TARGET if kind in (FIRST_CONTACT, PUBLICATION) else ""
    hold = Hold("x", target, kind, 3, "", "would do much", 1.0, ("person:p000", "person:p001"))
    await watch.backend.holds.put(hold)
    with pytest.raises(ConfigurationError, match="is about the whole"):
        await choose(watch, "p000")
    assert await watch.hold() == hold


@pytest.mark.parametrize(
    ("who", "why"), [((), "nobody was chosen"), (("p007",), "cannot be decided for person:p007")]
)
async def test_who_is_not_shown_cannot_be_chosen(watch: Watch, who: Collection[str], why: str) -> None:
    """Nobody, or somebody of whom nothing waits == refused, and all wait as before."""
    await watch.poll(*with_leavers(3))
    hold = await watch.hold()
    with pytest.raises(ConfigurationError, match=why):
        await choose(watch, *who)
    assert await watch.hold() == hold


async def test_another_hold_than_was_seen(run: Delivery, watch: Watch) -> None:
    """One more leaves after the look == nobody goes."""
    await watch.poll(*with_leavers(3))
    seen = await watch.hold()
    await watch.poll(*with_leavers(4))
    with pytest.raises(ConfigurationError, match="has changed since"):
        await choose(watch, "p000", hold=seen)
    await rounds(watch)
    assert await inactive(run) == []


async def _sizes(run: Delivery) -> dict[str, int]:
    return {group["externalId"]: len(group.get("members") or ()) for group in await run.groups()}
