"""What can be wrong with Kenjo's lists although each of them answers 200."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from bridge.model import Key, Kind
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.kenjo import Reading

Rows = list[dict[str, Any]]
Lists = dict[str, Rows]

PEOPLE = ("employees/accounts", "employees/works", "employees/personals")
"""The lists that name people."""

SHRUNKEN = 5
"""A list that lacks as many as these, and more than a fifth, is cut by anybody's judgement."""

COLUMNS = {
    "employees/accounts": ("email", "isActive"),
    "employees/works": ("contractEnd", "teamIds", "jobTitle"),
    "employees/personals": ("displayName",),
}
"""Columns that many people have a value in."""

ODD: dict[str, dict[str, Any]] = {
    "employees/accounts": {"email": 17},
    "employees/works": {"contractEnd": "30.11.2026", "startDate": "soon", "jobTitle": ["Clerk"]},
    "employees/personals": {"displayName": {"first": "Ana"}},
}
"""Cells that nobody can read."""

HALF = "half an emoji: \ud83d"
"""Text that is no text (RFC 8259 section 8.2)."""


def spoil(world: World, reading: Reading, known: set[str]) -> None:
    """Do to a reading's lists what this seed's odds say, one thing at most."""
    odds = world.odds
    faults: list[tuple[float, Callable[[World, Reading, set[str]], None]]] = [
        (odds.truncated, _truncate),
        (odds.kept, _break_rows),
        (odds.cut, _cut),
        (odds.one_list, _cut_one_list),
        (odds.column, _lose_column),
        (odds.odd, _odd_cells),
    ]
    for chance, fault in faults:
        if world.chance(chance):
            fault(world, reading, known)
            return


def _truncate(world: World, reading: Reading, known: set[str]) -> None:
    """All lists lack five or more of those who are known."""
    spared = reading.lacked_before if world.odds.forbidden else frozenset()
    people = [key for key in reading.truth if key.kind is Kind.PERSON and key.id not in spared]
    there = [key.id for key in people if str(key) in known]
    size = world.random.randint(SHRUNKEN, max(SHRUNKEN, len(there)))
    if len(there) >= size:
        _lack(reading, world.random.sample(there, size))


def _cut(world: World, reading: Reading, _known: set[str]) -> None:
    """All lists lack the same people, however many."""
    # Who is absent in two snapshots is gone, where Kenjo tells nothing of a single person.
    spared = reading.lacked_before if world.odds.forbidden else frozenset()
    there = [key.id for key in reading.truth if key.kind is Kind.PERSON and key.id not in spared]
    if there:
        _lack(reading, world.random.sample(there, world.random.randint(1, len(there))))


def _lack(reading: Reading, ids: Collection[str]) -> None:
    for name in PEOPLE:
        reading.lists[name] = [row for row in reading.lists[name] if row["_id"] not in ids]
    reading.lacks = frozenset(ids)
    reading.fault = f"lacks {' '.join(sorted(ids))}"


def _cut_one_list(world: World, reading: Reading, _known: set[str]) -> None:
    """One list lacks people whom the others have."""
    name = world.random.choice(PEOPLE)
    rows = reading.lists[name]
    lost = world.random.sample([row["_id"] for row in rows], world.random.randint(1, len(rows)))
    reading.lists[name] = [row for row in rows if row["_id"] not in lost]
    reading.unusable |= frozenset(lost)
    reading.fault = f"{name} lacks {' '.join(sorted(lost))}"


def _lose_column(world: World, reading: Reading, known: set[str]) -> None:
    """A column that many have is in no row any more, or in hardly any."""
    if not known:
        return  # nobody can miss what was never seen
    name = world.random.choice(PEOPLE)
    column = world.random.choice(COLUMNS[name])
    full = [row for row in reading.lists[name] if row[column] not in (None, [])]
    if len(full) < SHRUNKEN:
        return
    spared = world.random.choice((0, 0, 1)) if len(full) > 2 * SHRUNKEN else 0
    how = world.random.choice(("absent", "null", "empty"))
    for row in full[spared:]:
        if how == "absent":
            del row[column]
        else:
            row[column] = None if how == "null" or column == "isActive" else ""
        if column == "isActive":
            reading.unusable |= {row["_id"]}
    reading.fault = f"{column} is {how} in {len(full) - spared} rows"


def _odd_cells(world: World, reading: Reading, _known: set[str]) -> None:
    """Some cells cannot be read, or not even their text can."""
    name = world.random.choice(PEOPLE)
    rows = world.random.sample(reading.lists[name], world.random.randint(1, 2))
    column, value = world.random.choice(sorted(ODD[name].items()))
    if world.random.random() < 0.3:
        value = HALF
    for row in rows:
        row[column] = value
    reading.unusable |= {row["_id"] for row in rows}
    reading.fault = f"{name}: {column} of {' '.join(sorted(row['_id'] for row in rows))} is odd"


def _break_rows(world: World, reading: Reading, _known: set[str]) -> None:
    """Two rows, of people or teams, say nothing of use; some do not even say whose they are."""
    keys: list[Key] = world.random.sample(list(reading.truth), 2)
    for key in keys:
        name = "teams" if key.kind is Kind.TEAM else world.random.choice(PEOPLE)
        for row in reading.lists[name]:
            if row["_id"] == key.id:
                row.update(world.random.choice(({"_id": None}, {"name": 17, **_UNREADABLE})))
    reading.unusable |= {key.id for key in keys}
    reading.fault = f"no usable row of {' '.join(map(str, keys))}"


_UNREADABLE = {"isActive": "perhaps", "startDate": "soon", "displayName": [[17]]}
