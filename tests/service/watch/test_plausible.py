"""Which snapshots are not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.model import Filled, Key, Kind, Record, Snapshot
from service.watch.plausible import doubts, implausible, missing
from tests.service.stored import people, teams, there


def snapshot(keys: list[Key], kept: list[Key] | None = None) -> Snapshot:
    return Snapshot({key: Record(key, {}) for key in keys}, frozenset(kept or []))


@pytest.mark.parametrize(
    ("before", "now", "believed"),
    [
        (0, 0, True),
        (0, 500, True),
        (1, 1, True),
        (1, 0, False),
        (4, 0, False),
        (5, 1, True),  # four of five: small companies may do that
        (6, 1, False),
        (24, 19, False),  # five of 24 are more than a fifth
        (25, 20, True),  # five of 25 are just a fifth
        (25, 19, False),
        (1000, 800, True),
        (1000, 799, False),
        (10, 1000, True),
    ],
)
def test_shrunken_source_is_not_believed(before: int, now: int, *, believed: bool) -> None:
    """More than a fifth of the people missing, and at least five, or all of them, holds the snapshot."""
    reason = implausible(there(people(before)), snapshot(people(now)))
    assert (reason is None) is believed


def test_reason_has_the_numbers() -> None:
    """The reason says how many there were and are missing."""
    assert implausible(there(people(30)), snapshot(people(20))) == (
        "Kenjo lists 10 of the 30 people that there were before no more"
    )
    assert implausible(there(people(30)), snapshot(teams(9))) == (
        "Kenjo lists none of the 30 people that there were before"
    )


def test_who_has_left_before_is_not_missed() -> None:
    """Records that are gone already do not count among those that were there."""
    assert implausible(there(people(10), gone=people(90, start=10)), snapshot(people(10))) is None


def test_new_people_do_not_make_up_for_missing_ones() -> None:
    """An exchange of all people is not believed, however many new ones there are."""
    assert implausible(there(people(30)), snapshot(people(90, start=30)))
    assert implausible(there(people(30)), snapshot(people(60, start=7)))
    assert implausible(there(people(30)), snapshot(people(60, start=6))) is None


def test_kept_people_are_there() -> None:
    """Somebody whose row could not be used is not missing; other kept records are no substitute."""
    before = there(people(30), gone=people(20, start=60))
    assert implausible(before, snapshot(people(10), kept=people(20, start=10))) is None
    assert implausible(before, snapshot(people(10), kept=people(20, start=30)))
    assert implausible(before, snapshot(people(10), kept=people(20, start=60)))


def test_teams_are_no_people() -> None:
    """Neither teams nor kept teams make up for missing people, nor people for missing teams."""
    everybody = there(people(30) + teams(30))
    assert implausible(everybody, snapshot(people(10) + teams(30)))
    assert implausible(everybody, snapshot(people(10), kept=teams(30)))
    assert implausible(everybody, snapshot(people(90) + teams(10)))
    assert implausible(everybody, snapshot(people(30) + teams(10), kept=teams(30)[10:])) is None


@pytest.mark.parametrize(
    ("before", "now", "believed"),
    [(4, 0, True), (5, 0, False), (24, 19, False), (25, 20, True), (25, 19, False)],
)
def test_few_teams_may_all_go(before: int, now: int, *, believed: bool) -> None:
    """Teams are counted like people, except that a handful may be dissolved at once."""
    reason = implausible(there(people(30) + teams(before)), snapshot(people(30) + teams(now)))
    assert (reason is None) is believed
    assert reason is None or "groups" in reason


def test_nobody_is_missing_when_a_row_has_no_id() -> None:
    """In a list with a row that may be anybody's nobody counts as missing; in the other one they do."""
    before = there(people(30) + teams(30))
    unnamed = replace(snapshot([]), unnamed=frozenset({Kind.PERSON}))
    assert (missing(unnamed, before, Kind.PERSON), missing(unnamed, before, Kind.TEAM)) == (0, 30)


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        (Filled(1, 1, 1), Filled(10, 10, 0), [1]),
        (Filled(1, 1, 1), Filled(10, 10, 1), []),
        (Filled(3, 3, 1), Filled(10, 10, 0), []),
        (Filled(1, 1, 1), Filled(1, 1, 0), []),
    ],
)
def test_a_column_that_nobody_has_any_more(before: Filled, now: Filled, lost: list[int]) -> None:
    """The one person who was known had it, and of ten nobody has == doubted; one of several is nothing."""
    column = "employees/personals displayName"
    snapshot = Snapshot({}, filled={column: now})
    assert [doubt.count for doubt in doubts({}, snapshot, {column: before})] == lost
