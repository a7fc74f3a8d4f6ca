"""What is too big a change to be done without asking. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bridge.errors import RecordRejected
from bridge.model import Entry, Key, Kind, State, Stored
from bridge.route import Action, Route
from bridge.succession import successor
from bridge.target_settings import Limit

_NAMES = {Kind.PERSON: "people", Kind.TEAM: "groups"}


class Verb(StrEnum):
    """The kinds of change that limits count."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Excess:
    """More changes of a kind at once than the limit allows: all of them wait.

    `along` are teams that would lose people whose removal waits, and wait with them.
    """

    verb: Verb
    kind: Kind
    keys: frozenset[Key]
    base: int
    limit: Limit
    along: frozenset[Key] = frozenset()

    @property
    def reason(self) -> str:
        """The numbers in a sentence."""
        share = f"{len(self.keys) * 100 / self.base:.0f} % of " if self.base else ""
        return (
            f"would {self.verb} {len(self.keys)} {_NAMES[self.kind]} ({share}{self.base} there),"
            f" more than {self.limit.count} and more than {self.limit.percent:g} %"
        )


def verb_of(route: Route, stored: Stored, entry: Entry | None, *, linked: bool) -> Verb | None:
    """The kind of change that delivering this record would be, None when nothing would be changed."""
    try:
        action = route.intend(stored, linked=linked).action
    except RecordRejected:
        return None  # will be parked by the delivery, which changes nothing
    if action is Action.UPSERT:
        if linked and entry and entry.revision == stored.revision and entry.state is State.APPLIED:
            if entry.config == route.fingerprint:
                return None  # only to be read back
            # Where expressions use `today`, everybody is looked at each day; that alone is no change.
            return None if route.only_the_day_passed(stored.record, entry.config) else Verb.UPDATE
        return Verb.UPDATE if linked else Verb.CREATE
    if action is Action.DEACTIVATE and (entry is None or entry.state is not State.REMOVED):
        return Verb.REMOVE
    return None


def what_of(verb: Verb, kind: Kind) -> str:
    """The name of a kind of change to a kind of record: `remove`, or `remove-groups`."""
    return str(verb) if kind is Kind.PERSON else f"{verb}-groups"


def verbs(
    route: Route,
    pending: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
) -> dict[Key, Verb]:
    """What each pending record would be, if it would be anything."""
    found = {key: verb_of(route, known[key], entries.get(key), linked=str(key) in linked) for key in pending}
    removed = [key for key, verb in found.items() if verb is Verb.REMOVE]
    handed_over = _handed_over(route, removed, known, entries, linked)
    return {key: verb for key, verb in found.items() if verb is not None and key not in handed_over}


def _handed_over(
    route: Route,
    removed: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
) -> set[Key]:
    """Those of the groups that go on under the id of a new one: nobody loses anything by that."""
    gone = [key for key in removed if key.kind is Kind.TEAM and known[key].gone]
    if not gone:
        return set()
    others = [
        (stored, entries.get(key))
        for key, stored in known.items()
        if key.kind is Kind.TEAM and str(key) not in linked
    ]
    return {key for key in gone if successor(route, known[key], others)}


def excesses(
    route: Route,
    coming: Mapping[Key, Verb],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
    approved: Mapping[Key, str],
) -> list[Excess]:
    """Where the pending changes of a target exceed its limits.

    `approved` are changes that somebody let go, named by `what_of`; they count no more. What somebody let go
    as one kind of change counts when it has become another.
    """
    groups: dict[tuple[Verb, Kind], set[Key]] = {}
    for key, verb in coming.items():
        if approved.get(key) != what_of(verb, key.kind):
            groups.setdefault((verb, key.kind), set()).add(key)
    found = []
    for (verb, kind), keys in groups.items():
        limit: Limit | None = getattr(route.settings.limits, verb)
        base = sum(1 for name in linked if name.startswith(f"{kind}:"))
        if limit and len(keys) > limit.count and len(keys) * 100 > limit.percent * base:
            losing = _losing(keys, coming, known, entries) if verb is Verb.REMOVE else set()
            along = {key for key in losing if approved.get(key) != what_of(verb, kind)}
            found.append(Excess(verb, kind, frozenset(keys), base, limit, frozenset(along)))
    return found


def _losing(
    people: Collection[Key],
    pending: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
) -> set[Key]:
    """The pending teams that were given one of these people and have them no more."""
    names = {str(key) for key in people}
    found = set()
    for key in pending:
        if key.kind is Kind.TEAM and key in entries:
            members = {str(Key(Kind.PERSON, id_)) for id_ in known[key].record.data.get("members") or ()}
            if names & (set(entries[key].refs) - members):
                found.add(key)
    return found
