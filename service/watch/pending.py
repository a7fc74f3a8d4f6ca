"""Finds what each target is behind with, and asks the workers for what need not wait for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bridge.effects import Verb, released, takings
from bridge.mapping.route import Route
from bridge.model import DAY, Entry, Key, Kind, State, Stored, is_due
from bridge.store.backend import Backend
from bridge.store.queue import READ_BACK, URGENT, Due
from bridge.store.waiting import is_over, stance
from service.watch.parts import waiting_parts
from service.watch.policy import Excess, Window, excesses, heirs, members_excess, verbs

_What = TypeVar("_What")

_PEOPLE = 1
_TEAMS = 1000  # after all people, so that most members are there when a team is written
_DEEPEST = _TEAMS - _PEOPLE - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one target stands: the records that it is behind with, and what is over its limits.

    `coming` is what each of them would be, `releases` whom each group would lose, `begun` the removals of
    which nobody knows whether they are done, and which are counted; `failed` counts records that it will not
    take; `was_held` are the keys that were kept back before this look, `leaving` the people whose access is
    still to be taken, held and failing ones included; `parts` the ids of the parts of holds that there were.
    """

    route: Route
    entries: Mapping[Key, Entry]
    pending: frozenset[Key]
    coming: Mapping[Key, Verb]
    releases: Mapping[Key, frozenset[str]]
    begun: frozenset[Key]
    excesses: tuple[Excess, ...]
    failed: int
    was_held: frozenset[str]
    leaving: frozenset[Key] = frozenset()
    parts: frozenset[str] = frozenset()

    @property
    def held(self) -> frozenset[Key]:
        """The records that wait for a person."""
        return frozenset(key for excess in self.excesses for key in excess.keys | excess.along)

    @property
    def waiting(self) -> frozenset[Key]:
        """The records that the target is behind with by itself, and not for a person's sake."""
        return self.pending - self.held - self.read_back

    @property
    def counted(self) -> dict[Key, str]:
        """What of each record has been counted, and may be taken away now: see `bridge.effects.covers`."""
        found = {}
        for key in (self.coming.keys() | self.releases.keys()) - self.held:
            verb = Verb.REMOVE if key in self.begun else self.coming.get(key)
            if taking := takings(key.kind, verb, len(self.releases.get(key, ()))):
                found[key] = " ".join(taking)
        return found

    def outdated(self, counted: Collection[Key]) -> frozenset[Key]:
        """Those of whom something was to be taken away by an earlier look, and is not by this one."""
        return frozenset(self.pending.intersection(counted) - self.counted.keys())

    @property
    def read_back(self) -> frozenset[Key]:
        """The records that the target should have as they are: somebody only wants to be sure."""
        done = (State.APPLIED, State.REMOVED)
        rest = self.pending - self.coming.keys()
        return frozenset(key for key in rest if key in self.entries and self.entries[key].state in done)


async def assess(known: Mapping[Key, Stored], route: Route, backend: Backend, now: float) -> Standing:
    """Compare a target's ledger with the records. Reads only.

    The same rule finds a changed record, a new target, a changed configuration, a job that was lost and a
    delivery that died: the ledger is behind.
    """
    ledger = backend.ledger(route.name)
    # Read before the links: whatever is held for this look to judge is then linked in it.
    was_held = await backend.holds.held(route.name)
    entries, linked = await ledger.entries(), await ledger.linked()
    unsettled = {key for key in await ledger.unsettled() if key in known and route.serves(key.kind)}
    behind = frozenset(await asyncio.to_thread(pending, known, entries, route, linked, now) | unsettled)
    coming = verbs(route, behind, known, entries, linked, now)
    passed_on = heirs(route, [key for key in behind if str(key) in linked], known, entries, linked)
    given, there = _as_given(entries, passed_on), linked.union(map(str, passed_on.values()))
    releases = {
        key: names
        for key in behind - passed_on.keys()
        if (names := released(route, known[key], given.get(key), there, now))
    }
    approved = await backend.holds.approved(route.name)
    # Read after the approvals: who approves some writes first what is left.
    parts = [hold for hold in await backend.holds.all() if hold.part and hold.target == route.name]
    apart = waiting_parts(parts, coming, releases, known, given, approved)
    window = Window(await ledger.done(window_since(route, now)))
    over = excesses(route, _without(apart, coming), known, entries, linked, approved, window)
    losing = members_excess(route, coming, _without(apart, releases), given, linked, approved, window)
    return Standing(
        route=route,
        entries=entries,
        pending=behind,
        coming=coming,
        releases=releases,
        begun=frozenset(key for key in window.removed(entries) if coming.get(key) is Verb.LOOK),
        excesses=(*over, *([losing] if losing else ()), *apart),
        failed=sum(1 for key, entry in entries.items() if entry.state is State.FAILED and key not in behind),
        was_held=frozenset(was_held),
        leaving=frozenset(
            key
            for key in {key for key, verb in coming.items() if verb is Verb.REMOVE}
            | _stuck(known, entries, linked)
            if key.kind is Kind.PERSON
        ),
        parts=frozenset(part.id for part in parts),
    )


def _stuck(known: Mapping[Key, Stored], entries: Mapping[Key, Entry], linked: Collection[str]) -> set[Key]:
    """The leavers whom the target will not take as they are, and whose account may be open."""
    return {
        key
        for key, entry in entries.items()
        if entry.state is State.FAILED and entry.open is not False
        if str(key) in linked and key in known and known[key].leaves
    }


def _without(apart: Collection[Excess], found: Mapping[Key, _What]) -> Mapping[Key, _What]:
    """What counts for limits: what waits by somebody's word does not."""
    waiting = {key for excess in apart for key in excess.keys}
    return {key: what for key, what in found.items() if key not in waiting}


def _as_given(entries: Mapping[Key, Entry], passed_on: Mapping[Key, Key]) -> Mapping[Key, Entry]:
    """The entries, with the members of a group that goes on under another id where they are to be."""
    moved = {new: entries[old] for old, new in passed_on.items() if old in entries}
    return {**{key: entry for key, entry in entries.items() if key not in passed_on}, **moved}


def window_since(route: Route, now: float) -> float:
    """From when on limits count what was done at a target, epoch seconds."""
    return now - route.settings.limits.window * 3600


async def enqueue_pending(
    standing: Standing,
    known: Mapping[Key, Stored],
    backend: Backend,
    now: float,
    chosen: Collection[Key] | None = None,
) -> None:
    """Let every record that is behind, may start, is chosen and not held be looked at."""
    name = standing.route.name
    ranks = await asyncio.to_thread(rank, standing.pending, known)
    for key in standing.read_back:
        ranks[key] += READ_BACK
    ledger = backend.ledger(name)
    await ledger.add_pending(ranks)
    # What was settled since the ledger was read, or is not for this target any more, is not pending.
    await ledger.drop_pending([key for key in await ledger.pending() if key not in standing.pending])
    due = [
        Due(key, ranks[key])
        for key in standing.pending - standing.held
        if chosen is None or key in chosen
        if _may_start(standing.entries.get(key), now)
    ]
    await backend.queue.add(name, due, now)


async def ask_again(name: str, backend: Backend, now: float, chosen: Collection[Key] | None = None) -> None:
    """Let what is pending, may start, is chosen and not held be looked at, without a poll."""
    ledger, held = backend.ledger(name), await backend.holds.held(name)
    ranks = {
        key: rank
        for key, rank in (await ledger.pending()).items()
        if str(key) not in held and (chosen is None or key in chosen)
    }
    entries = await ledger.entries(ranks)
    due = [Due(key, rank) for key, rank in ranks.items() if _may_start(entries.get(key), now)]
    await backend.queue.add(name, due, now)


def pending(
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    route: Route,
    linked: Collection[str],
    now: float,
) -> set[Key]:
    """The records that the ledger of a target is behind with.

    Also those that are parked because of another record which has moved since.
    """
    fingerprint = route.fingerprint
    return {
        key
        for key, stored in known.items()
        if route.serves(key.kind)
        if is_behind(stored, entries.get(key), fingerprint, linked, now)
        or _is_free(entries[key], known, entries, linked)
    }


def is_behind(
    stored: Stored, entry: Entry | None, fingerprint: str, linked: Collection[str], now: float
) -> bool:
    """Whether an entry is older than the record, made under another configuration, incomplete, or due.

    Also whether it tells of an object to which there is no link: Redis has lost that, and it is looked for.
    """
    if entry is None or entry.state is State.RETRYING:
        return True
    if entry.tells_of_an_object and str(stored.record.key) not in linked:
        return True
    if entry.revision != stored.revision or entry.config != fingerprint or is_due(entry, now):
        return True
    return any(name in linked for name in entry.missing)


def _is_free(
    entry: Entry, known: Mapping[Key, Stored], entries: Mapping[Key, Entry], linked: Collection[str]
) -> bool:
    """Whether the record that a parked one awaits stands otherwise than when that was parked."""
    if not entry.awaits:
        return False
    other = Key.parse(entry.awaits)
    now = stance(known.get(other), entries.get(other), linked=entry.awaits in linked)
    return is_over(entry, now)


def rank(keys: Collection[Key], known: Mapping[Key, Stored]) -> dict[Key, int]:
    """In which order records are delivered: leavers, then managers before their reports, then teams."""
    ranks: dict[Key, int] = {}
    for key in keys:
        if known[key].leaves:
            ranks[key] = URGENT
        elif key.kind is Kind.TEAM:
            ranks[key] = _TEAMS
        else:
            ranks[key] = _PEOPLE + _depth(key, known)
    return ranks


def _may_start(entry: Entry | None, now: float) -> bool:
    """Whether a retry is due; one that lies days ahead was written before the clock was set back."""
    return entry is None or entry.retry_at <= now or entry.retry_at > now + DAY


def _depth(key: Key, known: Mapping[Key, Stored]) -> int:
    """How many managers stand above a person; a circle ends where it closes."""
    passed = {key}
    while len(passed) <= _DEEPEST:
        manager = known[key].record.data.get("work", {}).get("reportsToId")
        above = Key(Kind.PERSON, manager) if manager else None
        if above is None or above not in known or above in passed:
            break
        passed.add(above)
        key = above
    return len(passed) - 1
