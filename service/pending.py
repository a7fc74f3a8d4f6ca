"""Finds what each target is behind with, and asks the workers to look at it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bridge.backend import Backend
from bridge.model import Entry, Key, Kind, State, Stored
from bridge.queue import URGENT, Job
from bridge.route import Route

_PEOPLE = 1
_TEAMS = 1000  # after all people, so that most members are there when a team is written
_DEEPEST = _TEAMS - _PEOPLE - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How many records a target is behind with, and how many it will not take."""

    pending: int
    failed: int


async def enqueue_pending(
    known: Mapping[Key, Stored], routes: Mapping[str, Route], backend: Backend, now: float
) -> dict[str, Standing]:
    """Put a job for every pending (target, record) on the target's queue; returns each target's standing.

    The same rule finds a changed record, a new target, a changed configuration, a job that was lost and a
    delivery that died: the ledger is behind.
    """
    ranks = rank(known)
    counts = {}
    for name, route in routes.items():
        ledger = backend.ledger(name)
        entries = await ledger.entries()
        linked = await ledger.linked()
        behind = pending(known, entries, route, linked) | (await ledger.unsettled() & known.keys())
        await ledger.add_pending({key: ranks[key] for key in behind})
        due = (key for key in behind if key not in entries or entries[key].retry_at <= now)
        await backend.queue.enqueue(name, jobs(due, known, ranks, entries), now)
        failed = sum(1 for key, entry in entries.items() if entry.state is State.FAILED and key not in behind)
        counts[name] = Standing(len(behind), failed)
    return counts


def pending(
    known: Mapping[Key, Stored], entries: Mapping[Key, Entry], route: Route, linked: Collection[str]
) -> set[Key]:
    """The records that the ledger of a target is behind with."""
    return {
        key
        for key, stored in known.items()
        if route.serves(key.kind) and is_behind(stored, entries.get(key), route.fingerprint, linked)
    }


def is_behind(stored: Stored, entry: Entry | None, fingerprint: str, linked: Collection[str]) -> bool:
    """Whether a ledger entry is older than the record, made under another configuration, or incomplete."""
    if entry is None or entry.state is State.RETRYING:
        return True
    if entry.revision != stored.revision or entry.config != fingerprint:
        return True
    return any(name in linked for name in entry.missing)


def jobs(
    keys: Iterable[Key], known: Mapping[Key, Stored], ranks: Mapping[Key, int], entries: Mapping[Key, Entry]
) -> list[Job]:
    """A job for each record. A repeated attempt has its number in the job's id, as `deliver` gives it."""
    return [
        Job(key, known[key].revision, ranks[key], attempt=entries[key].attempts if key in entries else 0)
        for key in keys
    ]


def rank(known: Mapping[Key, Stored]) -> dict[Key, int]:
    """In which order records are delivered: leavers, then managers before their reports, then teams."""
    ranks: dict[Key, int] = {}
    for key, stored in known.items():
        if stored.leaves:
            ranks[key] = URGENT
        elif key.kind is Kind.TEAM:
            ranks[key] = _TEAMS
        else:
            ranks[key] = _PEOPLE + _depth(key, known)
    return ranks


def _depth(key: Key, known: Mapping[Key, Stored]) -> int:
    """How many managers stand above a person; bounded, for somebody may report to themselves in a circle."""
    depth = 0
    while depth < _DEEPEST:
        manager = known[key].record.data.get("work", {}).get("reportsToId")
        above = Key(Kind.PERSON, manager) if manager else None
        if above is None or above not in known:
            break
        key, depth = above, depth + 1
    return depth
