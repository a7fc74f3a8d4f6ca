"""What changed between the store and a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.diff import apply, diff, revised
from bridge.model import ChangeKind, Key, Kind, Record, Snapshot, Stored

quick = settings(max_examples=60, deadline=None)

Known = dict[Key, Stored]

KEYS = [Key(Kind.PERSON, id_) for id_ in "abcd"] + [Key(Kind.TEAM, id_) for id_ in "ab"]
NAMES = ["id", "work", "account", "title", "email"]

scalars = st.none() | st.booleans() | st.integers(2, 5) | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
rows = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)


@st.composite
def known_records(draw: st.DrawFn) -> Known:
    keys = draw(st.sets(st.sampled_from(KEYS)))
    return {
        key: Stored(Record(key, draw(rows)), draw(st.integers(1, 9)), gone=draw(st.booleans()))
        for key in keys
    }


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    keys = draw(st.sets(st.sampled_from(KEYS)))
    kept = frozenset(draw(st.sets(st.sampled_from(KEYS)))) - keys
    unnamed = frozenset(draw(st.sets(st.sampled_from(Kind), max_size=1)))
    return Snapshot({key: Record(key, draw(rows)) for key in keys}, kept, unnamed=unnamed)


def may_be_there(key: Key, snapshot: Snapshot) -> bool:
    return key in snapshot.kept or key.kind in snapshot.unnamed


def present(known: Known) -> dict[Key, Record]:
    return {key: stored.record for key, stored in known.items() if not stored.gone}


def one(data: Mapping[str, Any], *, gone: bool = False) -> Known:
    return {KEYS[0]: Stored(Record(KEYS[0], data), 1, gone)}


def now(data: Mapping[str, Any]) -> Snapshot:
    return Snapshot({KEYS[0]: Record(KEYS[0], data)})


@quick
@given(known_records(), snapshots())
def test_changes_lead_to_the_snapshot(known: Known, snapshot: Snapshot) -> None:
    """Applying the changes gives the snapshot's records, and those that were there and may still be."""
    kept = {key: record for key, record in present(known).items() if may_be_there(key, snapshot)}
    assert apply(known, diff(known, snapshot)) == {**kept, **snapshot.records}


@quick
@given(known_records(), snapshots())
def test_without_kept_records_only_the_snapshot_is_left(known: Known, snapshot: Snapshot) -> None:
    """A snapshot in which every row was usable is the result, whatever was known before."""
    whole = Snapshot(snapshot.records)
    assert apply(known, diff(known, whole)) == whole.records


@quick
@given(known_records(), snapshots())
def test_second_look_finds_nothing(known: Known, snapshot: Snapshot) -> None:
    """Once the changes are applied, the same snapshot has none."""
    after = {key: Stored(record, 1) for key, record in apply(known, diff(known, snapshot)).items()}
    assert diff(after, snapshot) == []


@quick
@given(known_records(), snapshots())
def test_each_record_changes_once_and_by_its_kind(known: Known, snapshot: Snapshot) -> None:
    """A record has one change at most: appeared, changed or vanished, according to whether it was there."""
    changes = diff(known, snapshot)
    assert len({change.record.key for change in changes}) == len(changes)
    for change in changes:
        was_there = change.record.key in present(known)
        assert was_there is (change.kind is not ChangeKind.APPEARED)
        assert (change.record.key in snapshot.records) is (change.kind is not ChangeKind.VANISHED)


@quick
@given(known_records(), snapshots())
def test_kept_record_never_vanishes(known: Known, snapshot: Snapshot) -> None:
    """Nothing at all is said of a record that Kenjo has but gave no usable row for."""
    assert snapshot.kept.isdisjoint(change.record.key for change in diff(known, snapshot))


@quick
@given(known_records(), snapshots())
def test_nobody_vanishes_when_a_row_has_no_id(known: Known, snapshot: Snapshot) -> None:
    """In a list with a row that may be anybody's nobody can be said to be missing; other kinds may."""
    vanished = [change.record.key for change in diff(known, snapshot) if change.kind is ChangeKind.VANISHED]
    assert not any(key.kind in snapshot.unnamed for key in vanished)
    absent = present(known).keys() - snapshot.records.keys()
    assert set(vanished) == {key for key in absent if not may_be_there(key, snapshot)}


@quick
@given(known_records(), snapshots())
def test_revised_records_are_those_after_the_changes(known: Known, snapshot: Snapshot) -> None:
    """As values, changes raise revisions by one, mark as gone what vanished, and leave the rest alone."""
    changes = diff(known, snapshot)
    after = {**known, **revised(known, changes, 0.5)}
    assert present(after) == apply(known, changes)
    changed = {change.record.key for change in changes}
    for key, stored in after.items():
        if key in changed:
            assert (stored.revision, stored.at) == (known[key].revision + 1 if key in known else 1, 0.5)
        else:
            assert stored is known[key]


@quick
@given(known_records(), snapshots())
def test_fields_are_dotted_names_of_what_differs(known: Known, snapshot: Snapshot) -> None:
    """Putting the new values at the named places of the old record gives the new one."""
    for change in diff(known, snapshot):
        if change.kind is ChangeKind.CHANGED:
            old = known[change.record.key].record.data
            for field in change.fields:
                old = patched(old, change.record.data, field.split("."))
            assert without_none(old) == without_none(change.record.data)


def patched(old: Mapping[str, Any], new: Mapping[str, Any], path: list[str]) -> Mapping[str, Any]:
    """`old` with the value that `new` has at the path; fails when the path is not one of names."""
    name, *rest = path
    assert name in old or name in new
    return {**old, name: patched(old[name], new[name], rest) if rest else new.get(name)}


def without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    return value


def test_fields_hold_names_and_no_values() -> None:
    """A changed value, list or section is named, without its old and its new value, and nothing else is."""
    same = {"id": "a", "none": None, "account": {"language": "de"}}
    before = {"work": {"title": "planted-old", "tags": ["planted-old"]}, "email": None}
    after = {"work": {"title": "planted-new", "tags": ["planted-new"]}, "email": {"of": "planted-new"}}
    (change,) = diff(one({**same, **before}), now({**same, **after}))
    assert change.fields == ("email", "work.tags", "work.title")


def test_only_changed_records_have_fields() -> None:
    """A record that appeared or vanished differs as a whole, so no field is named."""
    (appeared,) = diff({}, now({"id": "a"}))
    (vanished,) = diff(one({"id": "a"}), Snapshot({}))
    assert (appeared.kind, appeared.fields) == (ChangeKind.APPEARED, ())
    assert (vanished.kind, vanished.fields) == (ChangeKind.VANISHED, ())


def test_vanished_record_is_the_one_last_known() -> None:
    """Of what has gone the last known values are passed on, so that they are still there for the leaver."""
    (change,) = diff(one({"id": "a", "title": "x"}), Snapshot({}))
    assert change.record.data == {"id": "a", "title": "x"}


def test_who_comes_back_unchanged_appears() -> None:
    """A record that is gone and returns with the same values is a change."""
    (change,) = diff(one({"id": "a"}, gone=True), now({"id": "a"}))
    assert change.kind is ChangeKind.APPEARED


def test_gone_record_does_not_vanish_again() -> None:
    """What has gone already and is still missing is no change."""
    assert diff(one({"id": "a"}, gone=True), Snapshot({})) == []


def test_there_and_back_is_two_changes() -> None:
    """From A to B and from B to A are both changes, so that A, B, A takes two new revisions."""
    a, b = {"title": "A"}, {"title": "B"}
    assert [change.kind for change in diff(one(a), now(b)) + diff(one(b), now(a))] == [ChangeKind.CHANGED] * 2
