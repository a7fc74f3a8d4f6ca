"""Whether a snapshot of Kenjo can be believed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bridge.model import CALLED, Filled, Key, Kind, Lifecycle, Record, Snapshot, Stored

SHRINK_PERCENT = 20
"""A snapshot with more than this share of people (or teams) fewer than before is not believed ..."""
SHRINK_COUNT = 5
"""... if it lacks at least this many."""

_SEVERAL = 2
"""So many values that are all lost at once, or more than so many of which most are lost, are no accident."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a snapshot is hard to believe: `what` is lacking, so many times, and a sentence."""

    what: str
    count: int
    reason: str


def doubts(
    known: Mapping[Key, Stored], snapshot: Snapshot, before: Mapping[str, Filled] = MappingProxyType({})
) -> list[Doubt]:
    """Why this snapshot should not be acted on; empty when it is plausible.

    `known` is what the store knows, `before` how full the columns of the last accepted snapshot were.
    """
    shrunken = [doubt for kind in Kind if (doubt := _shrunken(known, snapshot, kind))]
    return [*shrunken, *_columns(known, snapshot, before), *_fields(known, snapshot)]


def implausible(known: Mapping[Key, Stored], snapshot: Snapshot) -> str | None:
    """The first of the doubts, with the numbers; None when the snapshot is plausible."""
    return next((doubt.reason for doubt in doubts(known, snapshot)), None)


def missing(snapshot: Snapshot, known: Mapping[Key, Stored], kind: Kind) -> int:
    """How many of the known records of a kind the snapshot lacks. New ones do not make up for them."""
    before = (key for key, stored in known.items() if key.kind is kind and not stored.gone)
    return sum(1 for key in before if key not in snapshot.records and snapshot.tells_of(key))


def _shrunken(known: Mapping[Key, Stored], snapshot: Snapshot, kind: Kind) -> Doubt | None:
    before = sum(1 for key, stored in known.items() if key.kind is kind and not stored.gone)
    lacking, (one, name) = missing(snapshot, known, kind), CALLED[kind]
    if before and lacking == before and (kind is Kind.PERSON or before >= SHRINK_COUNT):
        none = (
            f"none of the {before} {name} that there were" if before > 1 else f"not the only {one} there was"
        )
        return Doubt(kind.value, lacking, f"Kenjo lists {none} before")
    if lacking >= SHRINK_COUNT and lacking * 100 > before * SHRINK_PERCENT:
        reason = f"Kenjo lists {lacking} of the {before} {name} that there were before no more"
        return Doubt(kind.value, lacking, reason)
    return None


def _columns(
    known: Mapping[Key, Stored], snapshot: Snapshot, before: Mapping[str, Filled]
) -> Iterator[Doubt]:
    """Columns of Kenjo's lists that are much emptier than before, but for rows that have gone."""
    absent = missing(snapshot, known, Kind.PERSON)
    for column, was in before.items():
        now = snapshot.filled.get(column)
        if now is None:  # it is not read any more
            continue
        had = _had_something(was, now, absent if column.startswith("employees/") else None)
        lost = had - now.filled
        # Also where few were known, or nobody but one, and those who come have nothing there either.
        nobody = was.filled == was.rows and not now.filled and now.rows >= _SEVERAL
        unnamed = was.named >= _SEVERAL <= now.rows and not now.named
        if lost > 0 and (_emptied(had, lost) or nobody or unnamed):
            rows = f"{lost} of the {had} rows" if had > 1 else "the only row"
            reason = f"{column} is empty now in {rows} that had something there before"
            yield Doubt(column, lost, reason)


def _had_something(was: Filled, now: Filled, absent: int | None) -> int:
    """In how many of the rows that are there still there was something, at the least.

    `absent`: how many people are in no list; None for another list. Where more rows than theirs are missing,
    nobody knows whose they are: then as much is missing as of all rows.
    """
    missing = was.rows - now.rows
    had = was.filled - max(0, missing, absent or 0)
    if absent is None or missing <= absent:
        return had
    return max(had, was.filled * now.rows // was.rows)


def _fields(known: Mapping[Key, Stored], snapshot: Snapshot) -> Iterator[Doubt]:
    """Fields in use that many people (or groups) had, and have no more."""
    pairs = list(_remaining(known, snapshot))
    lost = Counter(name for before, now in pairs if before.data != now.data for name in _lost(before, now))
    if not lost:
        return
    had = Counter(name for before, now in pairs for name in _had(before, now) if name in lost)
    for field in sorted(lost):
        if _emptied(had[field], lost[field]):
            reason = f"{field} is empty or of another type now for {lost[field]} of {had[field]} who had it"
            yield Doubt(field, lost[field], reason)


def _remaining(known: Mapping[Key, Stored], snapshot: Snapshot) -> Iterator[tuple[Record, Record]]:
    """The records that were there and are, as they were and as they are."""
    for key, record in snapshot.records.items():
        stored = known.get(key)
        if stored is None or stored.gone or record.lifecycle in (Lifecycle.INACTIVE, Lifecycle.LEFT):
            continue  # of people who have left, a company may well erase everything
        yield stored.record, record


def _had(before: Record, now: Record) -> Iterator[str]:
    """The fields in use that had a value."""
    former = dict(_values(before))
    yield from (name for name, _ in _values(now) if not _is_empty(former.get(name)))


def _lost(before: Record, now: Record) -> Iterator[str]:
    """Those of them that have none now, or one of another type."""
    former, values = dict(_values(before)), dict(_values(now))
    for name in _had(before, now):
        if _is_empty(values[name]) or (_is_scalar(former[name]) and not _is_scalar(values[name])):
            yield name


def _emptied(had: int, lost: int) -> bool:
    """Whether all values are lost, or most of several; one that is cleared is nothing unusual."""
    return (lost == had and lost >= _SEVERAL) or (lost > _SEVERAL and lost * 2 > had)


def _values(record: Record) -> Iterator[tuple[str, Any]]:
    for section, value in record.data.items():
        if isinstance(value, Mapping):
            yield from ((f"{section}.{name}", one) for name, one in value.items())
        elif section == "name":
            yield "name of groups", value


def _is_empty(value: Any) -> bool:
    return value in (None, "", [], {}, ())


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple)
