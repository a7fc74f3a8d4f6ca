"""What the poller does not believe before a person has: snapshots in which too many are missing."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import SnapshotHeld
from bridge.mapping.route import Route
from bridge.model import Key, Kind, Record
from bridge.store.backend import Backend
from tests.delivery import Clock, person
from tests.polling import Watch, approve, ids, people, teams
from workers.targets import load


def scim_route() -> Route:
    adapter = load("scim")
    settings = {"kind": "scim", "base_url": "http://127.0.0.1:1", "token": "t"}
    return Route("directory", adapter.settings.model_validate(settings), adapter.mapping)


@pytest.fixture
def blind(backend: Backend) -> Watch:
    """A poller whose target nobody serves."""
    return Watch(backend, scim_route(), Clock())


async def held(watch: Watch, *records: Record, kept: Any = ()) -> str:
    """The reason for which a snapshot is held."""
    with pytest.raises(SnapshotHeld) as caught:
        await watch.poll(*records, kept=kept)
    return str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "count", "numbers"),
    [
        ((1, 0), (0, 0), 1, "not the only person there was before"),
        ((24, 0), (19, 0), 5, "5 of the 24 people"),
        ((3, 24), (3, 19), 5, "5 of the 24 groups"),
    ],
)
async def test_an_implausible_snapshot_changes_nothing(
    blind: Watch, before: tuple[int, int], after: tuple[int, int], count: int, numbers: str
) -> None:
    """Nobody, or 5 and over 20 % fewer == nothing committed or asked for, one hold with the numbers."""
    await blind.poll(*people(ids(before[0])), *teams(before[1]))
    await blind.take()
    known, seen = await blind.backend.records.known(), await blind.backend.records.last_snapshot()
    blind.clock.now += 60
    blind.kenjo.say(*people(ids(after[0]), title="Changed"), *teams(after[1]))
    assert numbers in await held(blind)
    assert await blind.backend.records.known() == known
    assert await blind.backend.records.last_snapshot() == seen
    assert await blind.take() == []
    hold = await blind.hold()
    assert (hold.id, hold.target, hold.kind, hold.state) == ("kenjo", "", "snapshot", "open")
    assert (hold.count, hold.limit, hold.since) == (count, "5 and 20 %", blind.clock.now)
    assert numbers in hold.reason


async def test_a_plausible_snapshot_is_believed(blind: Watch) -> None:
    """Exactly 20 % fewer people, and at most 4 fewer groups == committed without asking (test_plausible)."""
    await blind.poll(*people(ids(25)), *teams(4))
    assert len((await blind.poll(*people(ids(20)))).changes) == 9
    assert sum(stored.gone for stored in (await blind.backend.records.known()).values()) == 9
    assert "kenjo" not in {hold.id for hold in await blind.backend.holds.all()}


async def test_people_without_a_usable_row_are_present(blind: Watch) -> None:
    """18 of 24 people and 2 more without a usable row == believed; and only 1 more == held, 5 are missing."""
    await blind.poll(*people(ids(24)))
    assert "5 of the 24 people" in await held(blind, *people(ids(18)), kept=ids(1, start=18))
    assert len((await blind.poll(*people(ids(18)), kept=ids(2, start=18))).changes) == 4


async def test_a_hold_speaks_once(blind: Watch) -> None:
    """An empty, a half and an empty snapshot again == one warning, one event, one hold since the first."""
    await blind.poll(*people(ids(20)))
    blind.kenjo.say()
    with capture_logs() as logs:
        for count in (0, 0, 10, 0):
            blind.clock.now += 60
            blind.kenjo.say(*people(ids(count)))
            await held(blind)
    assert [log["id"] for log in logs if log["event"] == "held"] == ["kenjo"]
    (event,) = await blind.events("held")
    assert (event["hold"], event["count"]) == ("kenjo", 20)
    hold = await blind.hold()
    assert (hold.count, hold.since) == (20, blind.clock.now - 180)


async def test_a_hold_ends_with_the_next_plausible_snapshot(blind: Watch) -> None:
    """Nobody, then everybody with one change == no hold, said once, and the change is committed."""
    await blind.poll(*people(ids(20)))
    blind.kenjo.say()
    await held(blind)
    with capture_logs() as logs:
        for _ in range(2):
            await blind.poll(*people(ids(19)), person("p019", title="Lead"))
    assert await blind.backend.holds.all() == []
    assert [log["event"] for log in logs].count("no longer held") == 1
    assert [event["hold"] for event in await blind.events("withdrawn")] == ["kenjo"]
    stored = (await blind.backend.records.known())[Key(Kind.PERSON, "p019")]
    assert stored.record.data["work"]["jobTitle"] == "Lead"


async def test_an_approved_snapshot_is_believed_once(blind: Watch) -> None:
    """20 of 40 people, approved == believed; afterwards 10 of those 20 == held anew."""
    await blind.poll(*people(ids(40)))
    await held(blind, *people(ids(20)))
    await approve(blind)
    assert len((await blind.poll()).changes) == 20
    assert await blind.backend.holds.all() == []
    await held(blind, *people(ids(10)))
    assert (await blind.hold()).state == "open"


async def test_an_approval_is_for_what_was_seen(blind: Watch) -> None:
    """20 of 40 people are approved, then only 19 come == held again and said again; 21 == believed."""
    await blind.poll(*people(ids(40)))
    await held(blind, *people(ids(20)))
    await approve(blind)
    await held(blind, *people(ids(19)))
    hold = await blind.hold()
    assert (hold.state, hold.count, hold.by) == ("open", 21, "")
    assert len(await blind.events("held")) == 2
    await approve(blind)
    assert len((await blind.poll(*people(ids(21)))).changes) == 19


@pytest.mark.parametrize(
    ("before", "approved", "then"),
    [
        ((40, 10), (20, 10), (20, 0)),  # fewer people, and then no teams
        ((3, 10), (3, 5), (3, 2)),  # fewer teams, and then fewer still
        ((40, 10), (20, 10), (30, 0)),  # fewer people, and then more of them and no teams
    ],
)
async def test_an_approval_is_of_people_or_teams(
    blind: Watch, before: tuple[int, int], approved: tuple[int, int], then: tuple[int, int]
) -> None:
    """So many people and teams are approved, then more of either are missing than were == held again."""
    snapshots = ([*people(ids(some)), *teams(groups)] for some, groups in (before, approved, then))
    await blind.poll(*next(snapshots))
    await held(blind, *next(snapshots))
    await approve(blind)
    await held(blind, *next(snapshots))
    assert (await blind.hold()).state == "open"


async def test_a_rejected_snapshot_stays_held(blind: Watch) -> None:
    """Rejected == still held and rejected however many people come, nothing said again; ends by itself."""
    await blind.poll(*people(ids(40)))
    await held(blind, *people(ids(20)))
    await blind.backend.holds.reject(await blind.hold(), "Petra", blind.clock.now)
    with capture_logs() as logs:
        for count in (20, 18, 0):
            blind.kenjo.say(*people(ids(count)))
            await held(blind)
            hold = await blind.hold()
            assert (hold.state, hold.by, hold.count) == ("rejected", "Petra", 40 - count)
    assert logs == []
    await blind.poll(*people(ids(40)))
    assert await blind.backend.holds.all() == []
