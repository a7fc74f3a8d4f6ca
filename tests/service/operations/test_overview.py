"""One word about everything: made of values."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model import Key, Kind, Record, Stored
from service.operations.board import Sight
from service.operations.overview import State, late_after, overview, worst_places
from service.operations.standing import Stand, Standing

NOW = 1_000_000.0
ANA, BEN, BLUE = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben"), Key(Kind.TEAM, "blue")
RUNNING = {"state": "running", "reason": ""}


def sight(age: float | None = 10, state: dict[str, str] | None = None, **places: Standing) -> Sight:
    """Ana and the blue team at a wiki, where Ana is in step; `places`: where Ana is at other targets."""
    known = {key: Stored(Record(key, {}), 1, False, NOW) for key in (ANA, BLUE)}
    where = {"wiki": Standing.IN_STEP, **places}
    return Sight(
        at=NOW,
        snapshot=None if age is None else {"at": NOW - age},
        known=known,
        stands={name: {ANA: Stand(standing)} for name, standing in where.items()},
        targets=dict.fromkeys(where, state or RUNNING),
    )


def found(sight: Sight, holds: int = 0) -> State:
    return overview(sight, holds, 60, NOW).state


@pytest.mark.parametrize(
    ("sight", "holds", "state"),
    [
        (Sight(), 0, State.EMPTY),
        (sight(age=None), 0, State.EMPTY),
        (sight(age=301), 0, State.BLIND),
        (sight(state={"state": "paused", "reason": "rests"}), 0, State.STOPPED),
        (sight(chat=Standing.FAILING), 0, State.LOOK),
        (sight(chat=Standing.HELD), 0, State.LOOK),
        (sight(), 1, State.LOOK),
        (sight(chat=Standing.WAITING), 0, State.BUSY),
        (sight(chat=Standing.LEFT_OUT), 0, State.FINE),
    ],
)
def test_the_worst_is_said(sight: Sight, holds: int, state: State) -> None:
    """Each state == the word for it; the worst of several wins."""
    assert found(sight, holds) is state


def test_each_is_counted_once_in_the_worst_place() -> None:
    """Somebody in step here and failing there == one who is failing; groups are no people."""
    there = sight(chat=Standing.FAILING, mail=Standing.LEFT_OUT)
    assert worst_places(there) == {ANA: Standing.FAILING}
    seen: Any = overview(there, 0, 60, NOW)
    assert (seen.people, seen.groups, seen.targets, seen.age) == (1, 1, 3, 10)
    assert {place: n for place, n in seen.places.items() if n} == {Standing.FAILING: 1}


def test_who_is_gone_is_counted_no_more() -> None:
    """A leaver whom Kenjo has no more == nobody in the number of people."""
    gone = Sight(at=NOW, snapshot={"at": NOW}, known={BEN: Stored(Record(BEN, {}), 1, True, NOW)})
    assert overview(gone, 0, 60, NOW).people == 0


@pytest.mark.parametrize(("interval", "late"), [(1, 300), (60, 300), (600, 1800)])
def test_three_polls_may_be_missed(interval: float, late: float) -> None:
    """A snapshot is old after three polls, and never before five minutes."""
    assert late_after(interval) == late
