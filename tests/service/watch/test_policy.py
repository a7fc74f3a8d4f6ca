"""Which changes wait for a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.effects import Verb, verb_of, what_of
from bridge.model import Entry, Kind, Record, State, Stored
from service.watch.policy import Excess, excesses, verbs
from tests.bridge.routes import person, route, team
from tests.service.stored import people, teams

REMOVED = Entry(state=State.REMOVED)
OPEN = Entry(state=State.APPLIED, open=True)


@pytest.mark.parametrize(
    ("stored", "linked", "entry", "verb"),
    [
        (Stored(person(), 1), False, None, Verb.CREATE),
        (Stored(person(), 1), True, None, Verb.UPDATE),
        (Stored(person(), 1), True, REMOVED, Verb.UPDATE),
        (Stored(person("left"), 1), True, OPEN, Verb.REMOVE),
        (Stored(person("left"), 1), True, replace(OPEN, state=State.RETRYING), Verb.REMOVE),
        (Stored(person("left"), 1), True, None, Verb.LOOK),
        (Stored(person("left"), 1), True, Entry(state=State.RETRYING), Verb.LOOK),
        (Stored(person("left"), 1), True, replace(OPEN, open=False), None),
        (Stored(person("left"), 1), True, REMOVED, None),
        (Stored(person("left"), 1), False, None, None),
        (Stored(person(jobTitle=None), 1), True, None, None),  # the scope cannot be evaluated
    ],
)
def test_verb_is_what_a_delivery_would_do(
    stored: Stored, entry: Entry | None, verb: Verb | None, *, linked: bool
) -> None:
    """Creating, changing and removing count; what is skipped, parked or removed already does not."""
    target, key = route(scope="person.work.jobTitle.size() > 0"), stored.record.key
    assert verb_of(target, stored, entry, linked=linked) is verb
    entries, links = {key: entry} if entry else {}, [str(key)] if linked else []
    assert verbs(target, [key], {key: stored}, entries, links) == ({key: verb} if verb else {})


def over(pending: int, linked: int, approved: int = 0, kind: str = "remove", **limits: Any) -> list[Excess]:
    """What is over the limits when so many of the linked people leave, some of them approved."""
    leavers = people(pending)
    left = {key: Stored(Record(key, {"lifecycle": "left"}), 1) for key in leavers}
    links = {str(key) for key in people(linked)} | {str(key) for key in teams(1000)}
    coming = dict.fromkeys(leavers, Verb.REMOVE)
    return excesses(route(**limits), coming, left, {}, links, dict.fromkeys(leavers[:approved], kind))


@pytest.mark.parametrize(
    ("limits", "pending", "linked", "held"),
    [
        ({}, 5, 5, False),
        ({}, 6, 6, True),
        ({}, 6, 60, False),
        ({}, 6, 59, True),
        ({}, 100, 1000, False),
        ({}, 101, 1000, True),
        ({"remove": {"count": 3, "percent": 0}}, 3, 10, False),
        ({"remove": {"count": 3, "percent": 0}}, 4, 10, True),
        ({"remove": {"count": 0, "percent": 30}}, 3, 10, False),
        ({"remove": {"count": 0, "percent": 30}}, 4, 10, True),
        ({"remove": {"count": 0, "percent": 0}}, 1, 10, True),
    ],
)
def test_removals_over_both_limits_are_held(
    limits: dict[str, Any], pending: int, linked: int, *, held: bool
) -> None:
    """More than the count (5), and more than the share (a tenth) of those there, wait: all of them."""
    found = over(pending, linked, limits=limits)
    assert [(e.verb, e.kind, e.keys, e.along) for e in found] == (
        [(Verb.REMOVE, Kind.PERSON, frozenset(people(pending)), frozenset())] if held else []
    )


def test_excess_tells_its_numbers() -> None:
    """The reason of a hold has the count, the share, what is there and the limit."""
    (excess,) = over(6, 40)
    assert excess.reason == "would remove 6 people (15 % of 40 there), more than 5 and more than 10 %"


def test_approved_changes_count_no_more() -> None:
    """What a person has let go neither waits nor makes others wait, if it was let go as what it is now."""
    assert over(11, 20, approved=6) == []
    (excess,) = over(12, 20, approved=6)
    assert excess.keys == frozenset(people(12)[6:])
    for kind in ("update", "remove-groups"):
        (excess,) = over(11, 20, approved=6, kind=kind)
        assert excess.keys == frozenset(people(11))


def test_limits_are_per_kind_of_change_and_record() -> None:
    """Without a limit anything goes; creations, changes, and people and teams are counted for themselves."""
    assert over(50, 50, limits={"remove": None}) == []
    keys = people(4) + teams(4)
    there = {key: Stored(person() if key.kind is Kind.PERSON else team(), 1) for key in keys}
    strict = route(limits={"create": {"count": 3}, "update": {"count": 3}})
    for linked, expected in (
        (keys[:2] + keys[4:6], set()),
        (keys[:4], {(Verb.UPDATE, Kind.PERSON), (Verb.CREATE, Kind.TEAM)}),
    ):
        links = {str(key) for key in linked}
        coming = verbs(strict, keys, there, {}, links)
        assert len(coming) == 8
        assert {(e.verb, e.kind) for e in excesses(strict, coming, there, {}, links, {})} == expected


@pytest.mark.parametrize("approved", ["", "remove-groups", "remove"])
def test_teams_wait_with_the_people_whom_they_lose(approved: str) -> None:
    """A team that lost somebody whose removal waits waits too, unless it was let go with them."""
    leavers, (losing, keeping, other, new) = people(6), teams(4)
    records = {key: Stored(Record(key, {"lifecycle": "left"}), 1) for key in leavers}
    for key in (losing, keeping, other, new):
        members = ["0"] if key == keeping else []
        records[key] = Stored(Record(key, {"name": key.id, "members": members}), 1)
    refs = {losing: ("person:0",), keeping: ("person:0",), other: ("person:99",)}
    entries = {key: Entry(refs=given) for key, given in refs.items()} | dict.fromkeys(leavers, OPEN)
    links = {str(key) for key in records}
    coming = verbs(route(), list(records), records, entries, links)
    (excess,) = excesses(route(), coming, records, entries, links, {losing: approved})
    assert excess.keys == frozenset(leavers)
    assert excess.along == (frozenset() if approved == "remove" else {losing})


def test_kinds_of_change_have_names() -> None:
    """A kind of change to people is named by its verb alone, and one to teams says so."""
    assert (what_of(Verb.REMOVE, Kind.PERSON), what_of(Verb.REMOVE, Kind.TEAM)) == ("remove", "remove-groups")
