"""What delivering a record does to people's access. Pure, and the same for poll, plan and worker.

What counts is not which kind of record changed, or why, but what the person can do afterwards: an account is
closed by a deactivation as well as by a mapping that says `active` no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bridge.errors import RecordRejected
from bridge.mapping.references import references
from bridge.mapping.restoring import intended, mapped
from bridge.mapping.route import Action, Intent, Route
from bridge.model import DAY, Entry, Key, Kind, Outcome, State, Stored


class Verb(StrEnum):
    """The kinds of change that limits count, and LOOK, which only the target can tell."""

    CREATE = "create"  # access is given: a new account, or an inactive one opened again
    UPDATE = "update"
    REMOVE = "remove"  # access is taken, by whatever cause
    DELETE = "delete"  # an inactive account is deleted
    MEMBERS = "members"  # members are taken out of groups
    LOOK = "look"  # nobody knows whether the account is open: it is looked at, and nothing else


def what_of(verb: Verb, kind: Kind) -> str:
    """The name of a kind of change to a kind of record: `remove`, or `remove-groups`."""
    return str(verb) if kind is Kind.PERSON or verb is Verb.MEMBERS else f"{verb}-groups"


def is_closed(entry: Entry | None) -> bool:
    """Whether an account gives no access any more, as far as the ledger knows."""
    if entry is None or entry.open:
        return False
    return entry.open is False or entry.state is State.REMOVED


def verb_of(
    route: Route, stored: Stored, entry: Entry | None, *, linked: bool, now: float = 0.0
) -> Verb | None:
    """The kind of change that delivering this record would be, None when nothing would be changed.

    `now`: epoch seconds, for deletions that are due.
    """
    try:
        intent = intended(route, stored, entry, linked=linked)
        if intent.action is Action.UPSERT:
            return _upsert(route, stored, entry) if linked else Verb.CREATE
    except RecordRejected:
        return None  # will be parked by the delivery, which changes nothing
    if intent.action is Action.SKIP:
        return None
    if is_deletion(intent, entry, now):
        return Verb.DELETE
    if stored.record.key.kind is Kind.PERSON:
        return _closing(entry)
    return None if entry and entry.state is State.REMOVED else Verb.REMOVE


def is_deletion(intent: Intent, entry: Entry | None, now: float) -> bool:
    """Whether an account that was closed long enough ago is to be deleted now."""
    if intent.delete_after is None or entry is None or entry.open:
        return False
    if intent.delete_after == 0:  # at once: an account that is open is a removal
        return is_closed(entry)
    return entry.delete_from > 0 and entry.delete_from + intent.delete_after * DAY <= now


def closes(route: Route, stored: Stored, entry: Entry | None) -> bool:
    """Whether a person whose account is there should find it closed after the delivery."""
    if stored.record.key.kind is not Kind.PERSON:
        return False
    try:
        intent = intended(route, stored, entry, linked=True)
        if intent.action is Action.UPSERT:
            return route.access(route.shielded(stored.record, mapped(route, stored, entry))) is False
    except RecordRejected:
        return False
    return intent.action is Action.DEACTIVATE


def _upsert(route: Route, stored: Stored, entry: Entry | None) -> Verb | None:
    """What an upsert of an account that is there would be. Raises RecordRejected."""
    record = stored.record
    wanted = route.shielded(record, mapped(route, stored, entry))
    if route.lacking(record.key.kind, wanted):
        return None  # will be skipped
    access = route.access(wanted) if record.key.kind is Kind.PERSON else None
    if access is False and not (entry and entry.open is False):
        return _closing(entry)
    if access and entry and entry.open is False:
        return Verb.CREATE
    if entry and entry.revision == stored.revision and entry.state is State.APPLIED:
        if entry.config == route.fingerprint:
            return None  # only to be read back
        # Where expressions use `today`, everybody is looked at each day; that alone is no change.
        return None if route.only_the_day_passed(record, entry.config) else Verb.UPDATE
    return Verb.UPDATE


def _closing(entry: Entry | None) -> Verb | None:
    """What closing an account is: nothing where it is closed already."""
    if is_closed(entry):
        return None
    return Verb.REMOVE if entry and entry.open else Verb.LOOK


def released(
    route: Route, stored: Stored, entry: Entry | None, linked: Collection[str], now: float = 0.0
) -> frozenset[str]:
    """The members whom delivering a group would take out of it, as record keys."""
    key = stored.record.key
    if key.kind is not Kind.TEAM or entry is None or not entry.refs or str(key) not in linked:
        return frozenset()
    given = frozenset(name for name in entry.refs if name in linked)
    try:
        if intended(route, stored, entry, linked=True).action is Action.UPSERT:
            wanted = mapped(route, stored, entry)
            return frozenset() if route.lacking(Kind.TEAM, wanted) else given - references(wanted)
    except RecordRejected:
        return frozenset()
    verb = verb_of(route, stored, entry, linked=True, now=now)
    return given if verb in (Verb.REMOVE, Verb.DELETE) else frozenset()


def takings(kind: Kind, verb: Verb | None, members: int) -> tuple[str, ...]:
    """What a delivery takes away, each as it has to be counted or approved: `remove`, `members:12`."""
    if verb in (Verb.REMOVE, Verb.DELETE):
        return (what_of(verb, kind),)  # what a group loses when it is emptied goes with it
    return (f"{Verb.MEMBERS}:{members}",) if members else ()


def covers(allowed: str, taking: str) -> bool:
    """Whether what was counted or approved, e.g. `remove-groups members:12`, covers a taking."""
    if allowed == ANYTHING:
        return True
    what, _, number = taking.partition(":")
    for one in allowed.split():
        name, _, most = one.partition(":")
        if name == what and int(number or 0) <= int(most or 0):
            return True
    return False


ANYTHING = "*"
"""Covers every taking: for a plan, which takes nothing."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a delivery has done, as the window remembers it: a kind of change, and the records it was done to.

    `name` is `remove person:5f3a`, and of a member who was taken out `members team:77 person:5f3a`; `taking`
    is what an approval of it is called.
    """

    name: str
    taking: str


def effects(
    route: Route, stored: Stored, former: Entry | None, now: Entry, members: Iterable[str]
) -> list[Effect]:
    """What came of a delivery that leaves the entry `now` and took these members out of a group.

    A closed account that was open by the ledger was closed by us, whatever this attempt found: an earlier one
    may have ended without an answer. Only what has a limit is remembered.
    """
    key = stored.record.key
    found = []
    if (verb := _done(key.kind, former, now)) and getattr(route.settings.limits, verb) is not None:
        what = what_of(verb, key.kind)
        found.append(Effect(f"{what} {key}", what))
    if names := sorted(members if route.settings.limits.members else ()):
        emptied = verb in (Verb.REMOVE, Verb.DELETE)
        taking = what_of(Verb.REMOVE, Kind.TEAM) if emptied else f"{Verb.MEMBERS}:{len(names)}"
        found += [Effect(f"{Verb.MEMBERS} {key} {name}", taking) for name in names]
    return found


def _done(kind: Kind, former: Entry | None, now: Entry) -> Verb | None:
    was_open = former.open if former else None
    if now.outcome is Outcome.DELETED:
        return Verb.REMOVE if was_open else Verb.DELETE
    if (was_open and now.open is False) if kind is Kind.PERSON else now.outcome is Outcome.DEACTIVATED:
        return Verb.REMOVE
    if now.outcome is Outcome.CREATED or (was_open is False and now.open):
        return Verb.CREATE
    return Verb.UPDATE if now.outcome is Outcome.UPDATED else None


def leavers(coming: Mapping[Key, Verb], entries: Mapping[Key, Entry]) -> set[str]:
    """People who lose their account, or have lost it: what they lose in groups is no second loss."""
    closing = (Verb.REMOVE, Verb.DELETE, Verb.LOOK)
    going = {str(key) for key, verb in coming.items() if key.kind is Kind.PERSON and verb in closing}
    closed = (str(key) for key, entry in entries.items() if key.kind is Kind.PERSON and is_closed(entry))
    return going.union(closed)
