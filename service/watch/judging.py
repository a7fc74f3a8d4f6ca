"""Whether a snapshot can be acted on, and who has gone: that Kenjo's lists lack somebody is no proof."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from redis.exceptions import RedisError

from bridge.commands import command
from bridge.errors import SnapshotHeld, SourceUnavailable
from bridge.model import Filled, Key, Kind, Snapshot, Stored, group_kind
from bridge.printable import counted
from bridge.store import Hold
from bridge.store.backend import Backend
from bridge.store.holds import SNAPSHOT
from bridge.store.raising import raise_hold, withdraw
from service.watch.plausible import SHRINK_COUNT, SHRINK_PERCENT, Doubt, doubts

MOST_QUESTIONS = 50
"""People, and as many groups, of whom Kenjo is asked in one poll; the others wait for the next one."""

_SHOWN = 3


class Asks(Protocol):
    """Whoever can be asked about one record at a time."""

    async def ask(self, keys: Collection[Key]) -> Mapping[Key, bool | None]:
        """Whether Kenjo has these: True, False, or None where that cannot be told.

        Raises SourceUnavailable.
        """


async def leave_alone(backend: Backend) -> None:
    """Raise SourceUnavailable while Kenjo wants to be left alone, whichever process was told so."""
    if seconds := await backend.records.source_is_left_alone():
        raise SourceUnavailable(
            f"Kenjo has asked to be left alone for another {seconds:.0f} s: nothing is asked until then"
        )


@contextlib.asynccontextmanager
async def asking(backend: Backend) -> AsyncIterator[None]:
    """Ask Kenjo, unless it wants to be left alone; if it says so now, no process asks it for that long."""
    await leave_alone(backend)
    try:
        yield
    except SourceUnavailable as error:
        if error.after:
            with contextlib.suppress(RedisError, OSError):  # then only this process knows
                await backend.records.leave_source_alone(error.after)
        raise


@dataclass(frozen=True, slots=True)
class Judgement:
    """A snapshot in which nobody is absent who may still be there; `hold`: why nothing may come of it.

    `approved`: what a person let go, as long as not everybody who is missing has been asked for. `absent`:
    since when those are missed of whom Kenjo does not tell whether they are gone.
    """

    snapshot: Snapshot
    hold: Hold | None = None
    approved: Hold | None = None
    absent: Mapping[Key, float] = dataclasses.field(default_factory=dict)


async def judge(
    snapshot: Snapshot,
    known: Mapping[Key, Stored],
    source: Asks,
    backend: Backend,
    now: float,
    interval: float,
) -> Judgement:
    """Doubt a snapshot, and ask Kenjo for whoever it lacks. Writes nothing. Raises SourceUnavailable.

    `interval` (seconds): who is missed for longer has gone, where Kenjo cannot be asked.
    """
    facts = await backend.records.last_snapshot() or {}
    before = {column: Filled(*numbers) for column, numbers in facts.get("columns", {}).items()}
    former = await backend.holds.get(SNAPSHOT)
    found = await asyncio.to_thread(doubts, await backend.forgotten.unreferred(known), snapshot, before)
    if found and not _was_approved(former, found):
        return Judgement(snapshot, _hold_of(found, now))
    judgement = await _gone(snapshot, known, source, await backend.records.absent(), now, interval)
    if not found or former is None or judgement.snapshot.kept == snapshot.kept:
        return judgement
    missing = {doubt.what: doubt.count for doubt in found}
    return dataclasses.replace(judgement, approved=dataclasses.replace(former, missing=missing))


async def believe(judgement: Judgement, backend: Backend, now: float) -> Snapshot:
    """Accept a plausible snapshot, or one that a person has approved. Raises SnapshotHeld."""
    former, hold = await backend.holds.get(SNAPSHOT), judgement.hold
    if hold is None:
        if judgement.approved is not None:
            await backend.holds.put(judgement.approved)
        elif former is not None:
            await withdraw(former, backend, now)
        await backend.records.note_absent(judgement.absent)
        return judgement.snapshot
    await raise_hold(hold, former, backend, now)
    raise SnapshotHeld(hold.reason + ("" if hold.kind == UNWHOLE else _advice()))


UNWHOLE = "not-whole"
"""The kind of the hold on a snapshot that lacks people whom Kenjo has: there is nothing to approve."""


def _advice() -> str:
    return f" ({command('holds approve', SNAPSHOT)}, if this is right)"


def _was_approved(hold: Hold | None, found: Collection[Doubt]) -> bool:
    """An approval is for what was seen: a snapshot that lacks still more is held again."""
    if hold is None or hold.state != "approved":
        return False
    return all(doubt.count <= hold.missing.get(doubt.what, 0) for doubt in found)


def _hold_of(found: Collection[Doubt], now: float) -> Hold:
    reasons = [doubt.reason for doubt in found]
    if len(reasons) > _SHOWN:
        reasons[_SHOWN:] = [f"and {len(reasons) - _SHOWN} more such fields"]
    missing = {doubt.what: doubt.count for doubt in found}
    limit = f"{SHRINK_COUNT} and {SHRINK_PERCENT} %"
    people = sum(missing.get(kind, 0) for kind in Kind) or max(missing.values())
    return Hold(SNAPSHOT, "", "snapshot", people, limit, "; ".join(reasons), now, missing=missing)


async def _gone(
    snapshot: Snapshot,
    known: Mapping[Key, Stored],
    source: Asks,
    since: Mapping[Key, float],
    now: float,
    interval: float,
) -> Judgement:
    """Tell who has gone from who is only missing: by asking Kenjo, else by a second look."""
    absent = _absent(snapshot, known)
    if not absent:
        return Judgement(dataclasses.replace(snapshot, unnamed=frozenset()))
    asked = [
        key for kind in Kind for key in _in_turn([one for one in absent if one.kind is kind], now, interval)
    ]
    answers = await source.ask(asked)
    there = [key for key in asked if answers.get(key)]
    hidden = [key for key in there if key.kind is Kind.PERSON]
    if hidden and Kind.PERSON not in snapshot.unnamed:  # else the rows that name nobody may be theirs
        return Judgement(snapshot, _not_whole(len(hidden), len(absent), now))
    untold = {key: since.get(key, now) for key in asked if answers.get(key) is None}
    gone = {key for key in asked if answers.get(key) is False}
    gone |= {key for key, at in untold.items() if now - at >= interval and snapshot.tells_of(key)}
    later = {key: since[key] for key in absent if key in since and key not in asked}
    missed = {**later, **{key: at for key, at in untold.items() if key not in gone}}
    new = len(missed) - len(later)
    warnings = [
        *_warning(len(there), "missing from Kenjo's lists, and there when Kenjo is asked for them"),
        *_warning(new, "missing from Kenjo's lists for the first time, and Kenjo does not tell more"),
        *_warning(len(absent) - len(asked), "missing from Kenjo's lists, to be asked for by the next poll"),
    ]
    whole = dataclasses.replace(
        snapshot,
        kept=snapshot.kept | (frozenset(absent) - gone),
        unnamed=frozenset(),
        origin="",  # more was asked than the lists
        warnings=tuple(sorted({*snapshot.warnings, *warnings})),
    )
    return Judgement(whole, absent=missed)


def _absent(snapshot: Snapshot, known: Mapping[Key, Stored]) -> list[Key]:
    """Who was there, and is in no list."""
    return sorted(
        key
        for key, stored in known.items()
        if not stored.gone and key not in snapshot.records and key not in snapshot.kept
        if key.kind is Kind.PERSON or group_kind(key) in snapshot.group_kinds
    )


def _in_turn(absent: Sequence[Key], now: float, interval: float) -> Sequence[Key]:
    """As many as may be asked for, at each poll others: some may be missing from a list for good."""
    if len(absent) <= MOST_QUESTIONS:
        return absent
    first = int(now // interval) * MOST_QUESTIONS % len(absent)
    return [*absent[first:], *absent[:first]][:MOST_QUESTIONS]


def _not_whole(hidden: int, absent: int, now: float) -> Hold:
    reason = (
        f"Kenjo's lists lack {counted(absent, 'record')} that there were before, and Kenjo still has {hidden}"
        " of those people when it is asked for them: the lists are not whole, and nothing changes until they"
        " are"
    )
    return Hold(SNAPSHOT, "", UNWHOLE, hidden, "0", reason, now, missing={"hidden": hidden})


def _warning(number: int, what: str) -> list[str]:
    records = counted(number, "record is", "records are")
    return [f"{records} {what}: the last known values stay"] if number else []
