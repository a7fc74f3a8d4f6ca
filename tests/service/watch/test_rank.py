"""In which order records are delivered: leavers, managers before their reports, teams."""

from __future__ import annotations

import time

import pytest

from bridge.model import Key, Kind, Record, Stored
from bridge.store.queue import URGENT
from service.watch.pending import rank
from tests.service.stored import Known, known, person, team

BLUE = Key(Kind.TEAM, "blue")


def ranked(records: Known) -> dict[Key, int]:
    return rank(records.keys(), records)


def order(records: Known) -> list[str]:
    ranks = ranked(records)
    return [str(key) for key in sorted(records, key=lambda key: ranks[key])]


@pytest.mark.parametrize(
    "leaver",
    [
        person("z", "ana", gone=True),
        person("z", "ana", lifecycle="left"),
        person("z", "ana", lifecycle="inactive"),
        team("z", gone=True),
    ],
)
def test_leavers_are_first(leaver: Stored) -> None:
    """Who is gone, has left or is inactive comes before everybody else, wherever they stood."""
    ranks = ranked(known(person("ana"), person("ben", lifecycle="upcoming"), team("blue"), leaver))
    assert [key for key, value in ranks.items() if value == URGENT] == [leaver.record.key]
    assert min(ranks.values()) == URGENT


def test_managers_come_before_reports_and_teams_last() -> None:
    """A manager is there before the people who refer to them, and people before their teams."""
    records = known(team("blue"), person("c", "b"), person("b", "a"), person("d", "c"), person("a"))
    assert order(records) == ["person:a", "person:b", "person:c", "person:d", "team:blue"]


def test_manager_whom_nobody_knows_counts_for_nothing() -> None:
    """A report whose manager is not among the records is like one without, or one without a section."""
    bare = Stored(Record(Key(Kind.PERSON, "cleo"), {"lifecycle": "active"}), 1)
    ranks = ranked(known(person("ana", "nobody"), person("ben"), bare))
    assert len(set(ranks.values())) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_circle_of_managers_ends(size: int) -> None:
    """People who report to themselves in a circle have a rank among people, and so have their reports."""
    circle = [person(str(n), str((n + 1) % size)) for n in range(size)]
    ranks = ranked(known(*circle, person("report", "0"), team("blue")))
    people = [value for key, value in ranks.items() if key.kind is Kind.PERSON]
    assert URGENT < min(people) <= max(people) <= size + 1 < ranks[BLUE]


def test_company_under_a_circle_is_ranked_at_once() -> None:
    """A head who reports to themselves does not make the rank of each of their reports a long walk."""
    records = known(person("head", "head"), *(person(str(n), "head") for n in range(5000)))
    started = time.process_time()
    ranked(records)
    assert time.process_time() - started < 1


def test_longest_chain_stays_before_the_teams() -> None:
    """However many managers stand above each other, people come before teams, and managers never after."""
    chain = known(*(person(str(n), str(n - 1)) for n in range(1010)))
    ranks = [*rank(list(chain)[:900:100] + list(chain)[-20:], chain).values()]
    assert ranks == sorted(ranks)
    assert ranks[-1] < ranked(known(team("blue")))[BLUE]


def test_only_those_asked_for_are_ranked() -> None:
    """Managers count for their reports' ranks though they are not asked for themselves."""
    records = known(person("a"), person("b", "a"), team("blue"))
    assert rank([Key(Kind.PERSON, "b")], records) == {
        Key(Kind.PERSON, "b"): ranked(records)[Key(Kind.PERSON, "b")]
    }
