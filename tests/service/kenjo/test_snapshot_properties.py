"""What the snapshot promises for any rows at all."""

import copy
import random
from collections.abc import Collection
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model import Kind
from service.kenjo.fields import ACCOUNTS, SECTIONS, WORKS, lists_for
from tests.service.account import (
    ANA,
    BEN,
    BLUE,
    CEM,
    PERSONALS,
    RED,
    SALES,
    USED,
    account,
    kept,
    people,
    person,
    row,
    snap,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=3
)
ids = st.sampled_from([ANA, BEN, CEM, SALES, RED, BLUE])
days = st.sampled_from(["2026-05-04", "2026-05-05T00:00:00", "2020-01-01T00:00:00.000Z", "", None])
names = st.sampled_from(["Ana", "", None, "ana@acme.example"])
fields = {
    "email": names,
    "firstName": names,
    "jobTitle": names,
    "name": names,
    "startDate": days,
    "contractEnd": days,
    "departmentId": ids,
    "reportsToId": ids,
    "teamIds": st.lists(ids, max_size=3),
}
READ = {
    ACCOUNTS: ("email",),
    PERSONALS: ("firstName",),
    WORKS: ("jobTitle", "startDate", "contractEnd", "departmentId", "reportsToId", "teamIds"),
}
"""The fields that are read in each list; in all others, names."""


@st.composite
def some_rows(draw: st.DrawFn, names: Collection[str] = tuple(fields)) -> list[Any]:
    """A list that knows most of the ids, spoils a field of some, and may have a row too many."""
    found: list[Any] = []
    row_fields = st.fixed_dictionaries(
        {"isActive": st.booleans()}, optional={name: fields[name] for name in names}
    )
    for id_ in draw(st.lists(ids, min_size=4, max_size=6, unique=True)):
        row: dict[str, Any] = {**draw(row_fields), "_id": id_}
        if draw(st.integers(0, 7)) == 7:
            row[draw(st.sampled_from([*names, "isActive"]))] = draw(json)
        found.append(row)
    if draw(st.booleans()):
        found.append(draw(json | st.builds(lambda values, id_: {**values, "_id": id_}, row_fields, ids)))
    return found


any_lists = st.fixed_dictionaries(
    {name: some_rows(READ.get(name, ("name",))) for name in sorted(lists_for(USED))}
)
WHOLE = (*(("person", section) for section in SECTIONS), ("team",))


@settings(max_examples=100, deadline=None)
@given(any_lists)
def test_any_rows_give_a_snapshot(lists: dict[str, list[Any]]) -> None:
    """Whatever rows there are: no exception, everybody with an account is either there or kept."""
    snapshot = snap(lists)
    known = {values.get("_id") for values in lists[ACCOUNTS] if isinstance(values, dict)}
    assert people(snapshot) | kept(snapshot) >= known & {ANA, BEN, CEM, SALES, RED, BLUE}
    assert not people(snapshot) & kept(snapshot)


@settings(max_examples=20, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(sorted(lists_for(WHOLE)), some_rows())))
def test_any_rows_in_whole_sections_give_a_snapshot(lists: dict[str, list[Any]]) -> None:
    """The same with every section used as a whole."""
    snapshot = snap(lists, *WHOLE)
    assert all(set(person(snapshot, id_)) == {"id", "lifecycle", *SECTIONS} for id_ in people(snapshot))


@settings(max_examples=30, deadline=None)
@given(any_lists)
def test_records_have_the_used_fields_and_no_other(lists: dict[str, list[Any]]) -> None:
    """Every used field is present in every record, and nothing else is."""
    for record in snap(lists).records.values():
        if record.key.kind is Kind.TEAM:
            assert set(record.data) == {"id", "name", "members"}
            continue
        assert set(record.data) == {"id", "lifecycle", "account", "personal", "work"}
        assert set(record.data["account"]) == {"email"}
        assert set(record.data["personal"]) == {"firstName"}
        assert set(record.data["work"]) == {"jobTitle", "department", "teams", "manager"}
        assert set(record.data["work"]["manager"] or {"id", "account"}) == {"id", "account"}


@settings(max_examples=30, deadline=None)
@given(any_lists, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(lists: dict[str, list[Any]], rng: random.Random) -> None:
    """Shuffled rows == the same snapshot."""
    shuffled = copy.deepcopy(lists)
    for values in shuffled.values():
        rng.shuffle(values)
    assert snap(shuffled) == snap(lists)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([PERSONALS, WORKS]), ids)
def test_whoever_is_missing_from_one_list_never_vanishes(name: str, id_: str) -> None:
    """Anybody taken out of one list is kept or there, and so is everybody else."""
    lists = account()
    lists[name] = [values for values in lists[name] if values["_id"] != id_]
    snapshot = snap(lists)
    assert people(snapshot) | kept(snapshot) == {ANA, BEN, CEM}


def test_no_personal_value_is_reported() -> None:
    """Planted values in every wrong place appear in no problem and no warning."""
    secret = "Wilhelmina-4711"
    wrong = [secret, {secret: secret}, [secret], {"_id": f"{secret} x", "name": secret}]
    places = (
        "email",
        "isActive",
        "firstName",
        "jobTitle",
        "startDate",
        "departmentId",
        "reportsToId",
        "teamIds",
    )
    for field in places:
        for value in [*wrong[1:3], f"{secret}" * 1000]:
            lists = account()
            for name in (ACCOUNTS, PERSONALS, WORKS):
                row(lists, name, BEN)[field] = value
                lists[name] += wrong
            lists["departments"] += [*wrong, {"_id": RED, "name": {secret: 1}}]
            lists["teams"] += wrong
            snapshot = snap(lists)
            assert snapshot.problems
            assert secret not in f"{snapshot.problems} {snapshot.warnings}"


def test_ten_thousand_people() -> None:
    """10,000 people with seven fields, managers and teams == a record each."""
    everybody = [f"{number:024x}" for number in range(10_000)]
    lists = account() | {
        ACCOUNTS: [{"_id": id_, "email": f"{id_}@acme.example", "isActive": True} for id_ in everybody],
        PERSONALS: [{"_id": id_, "firstName": id_} for id_ in everybody],
        WORKS: [
            {
                "_id": id_,
                "jobTitle": "Rep",
                "startDate": "2020-01-01",
                "departmentId": SALES,
                "teamIds": [RED, BLUE],
                "reportsToId": everybody[number // 10],
            }
            for number, id_ in enumerate(everybody)
        ],
    }
    snapshot = snap(lists)
    assert snapshot.count(Kind.PERSON) == 10_000
