"""What changed between the store and a snapshot."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.diff import apply, diff, revised
from bridge.model import ChangeKind, Key, Kind, Record, Snapshot, Stored

quick = settings(max_examples=60, deadline=None)

Known = dict[Key, Stored]

KEYS = [Key(Kind.PERSON, id_) for id_ in "abcd"] + [Key(Kind.TEAM, id_) for id_ in "ab"]
OFFICE = Key(Kind.TEAM, "office.a")

EDITS: list[tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ({}, {"title": "B"}, ("title",)),
    ({"title": "A"}, {"title": "B"}, ("title",)),
    ({"title": "A"}, {}, ("title",)),
    ({"title": None}, {"title": False}, ("title",)),
    ({"title": 2}, {"title": "2"}, ("title",)),
    ({"title": None}, {}, ()),
    ({"work": {"title": "A", "tags": ["x"]}}, {"work": {"title": "A", "tags": ["y"]}}, ("work.tags",)),
    ({"work": {"tags": ["x", "y"]}}, {"work": {"tags": ["y", "x"]}}, ("work.tags",)),
    ({"work": {"title": "A"}}, {"work": {}, "email": "e"}, ("email", "work.title")),
    (
        {"work": {"of": {"a": 2, "b": 3}}},
        {"work": {"of": {"a": 4, "c": 5}}},
        ("work.of.a", "work.of.b", "work.of.c"),
    ),
    ({"work": {"title": "A"}}, {"work": None}, ("work",)),
    ({"work": "A"}, {"work": {"title": "A"}}, ("work",)),
]
"""What a record was, what it is, and the names of what differs."""


@dataclass
class Story:
    """What is known of some records and what Kenjo says now, told from what happened to each of them."""

    known: Known = field(default_factory=dict)
    records: dict[Key, Record] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    unnamed: set[Kind] = field(default_factory=set)
    happened: dict[Key, ChangeKind] = field(default_factory=dict)
    there: dict[Key, Record] = field(default_factory=dict)

    @property
    def snapshot(self) -> Snapshot:
        """What Kenjo says; nobody has asked it for offices."""
        kinds = frozenset({"team", "department"})
        return Snapshot(
            self.records, frozenset(self.kept), unnamed=frozenset(self.unnamed), group_kinds=kinds
        )

    def was(self, key: Key, data: Mapping[str, Any], *, gone: bool = False) -> None:
        self.known[key] = Stored(Record(key, data), 3, gone=gone)

    def says(self, key: Key, data: Mapping[str, Any], change: ChangeKind | None = None) -> None:
        self.records[key] = self.there[key] = Record(key, copy.deepcopy(data))
        if change:
            self.happened[key] = change

    def stays(self, key: Key) -> None:
        self.there[key] = self.known[key].record


def befall(story: Story, key: Key, fate: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Let something happen to a record."""
    match fate:
        case "hired":
            story.says(key, new, ChangeKind.APPEARED)
        case "came back":
            story.was(key, new, gone=True)
            story.says(key, new, ChangeKind.APPEARED)
        case "as before":
            story.was(key, old)
            story.says(key, old)
        case "edited":
            story.was(key, old)
            story.says(key, new, ChangeKind.CHANGED)
        case "left":
            story.was(key, old)
            story.happened[key] = ChangeKind.VANISHED
        case "left long ago":
            story.was(key, old, gone=True)
        case "cannot be read":
            story.was(key, old)
            story.kept.add(key)
            story.stays(key)
        case "may be the row without an id":
            story.was(key, old)
            story.stays(key)


FATES = ["hired", "came back", "as before", "edited", "left", "left long ago", "cannot be read"]
UNSURE = [fate for fate in FATES if fate != "left"] + ["may be the row without an id"]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story(unnamed=draw(st.sets(st.sampled_from(Kind))))
    for key in draw(st.sets(st.sampled_from(KEYS))):
        fate = draw(st.sampled_from(UNSURE if key.kind in story.unnamed else FATES))
        befall(story, key, fate, *draw(st.sampled_from(EDITS))[:2])
    if draw(st.booleans()):
        story.was(OFFICE, {"name": "Berlin"})
        story.stays(OFFICE)
    return story


def one(data: Mapping[str, Any], *, gone: bool = False) -> Known:
    return {KEYS[0]: Stored(Record(KEYS[0], data), 1, gone)}


def now(data: Mapping[str, Any]) -> Snapshot:
    return Snapshot({KEYS[0]: Record(KEYS[0], data)})


@quick
@given(stories())
def test_what_happened_is_told(story: Story) -> None:
    """Each record that something happened to has one change, of that kind, and no other record has any."""
    changes = diff(story.known, story.snapshot)
    assert len(changes) == len(story.happened)
    assert {change.record.key: change.kind for change in changes} == story.happened


@quick
@given(stories())
def test_changes_lead_to_what_is_there(story: Story) -> None:
    """Applied, the changes give what Kenjo says, and those that may be there; then there are no more."""
    after = apply(story.known, diff(story.known, story.snapshot))
    assert after == story.there
    assert diff({key: Stored(record, 1) for key, record in after.items()}, story.snapshot) == []


@quick
@given(stories())
def test_revised_records_are_those_after_the_changes(story: Story) -> None:
    """As values, changes raise revisions by one, mark as gone what vanished, and leave the rest alone."""
    values = revised(story.known, diff(story.known, story.snapshot), 0.5)
    assert values.keys() == story.happened.keys()
    for key, stored in values.items():
        assert (stored.revision, stored.at) == (4 if key in story.known else 1, 0.5)
        assert stored.gone is (key not in story.there)
        assert stored.record == (story.there.get(key) or story.known[key].record)


@pytest.mark.parametrize(("old", "new", "fields"), EDITS)
def test_fields_are_dotted_names_of_what_differs(
    old: dict[str, Any], new: dict[str, Any], fields: tuple[str, ...]
) -> None:
    """A value, list or section that differs is named, without its values, and nothing that is the same."""
    same = {"id": "a", "none": None, "account": {"language": "de"}}
    (change,) = diff(one({**same, **old}), now({**same, **new}))
    assert (change.kind, change.fields) == (ChangeKind.CHANGED, fields)


def test_only_changed_records_have_fields() -> None:
    """A record that appeared or vanished differs as a whole, so no field is named."""
    (appeared,) = diff({}, now({"id": "a"}))
    (vanished,) = diff(one({"id": "a"}), Snapshot({}))
    assert (appeared.kind, appeared.fields) == (ChangeKind.APPEARED, ())
    assert (vanished.kind, vanished.fields) == (ChangeKind.VANISHED, ())
