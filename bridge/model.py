"""The values that everything else passes around. All are immutable; none does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What a record describes."""

    PERSON = "person"
    TEAM = "team"  # or another group of people, see GROUP_KINDS


_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}
"""To look up is four times as fast as to call: a poll reads several hundred thousand of them."""

CALLED: Mapping[Kind, tuple[str, str]] = {
    Kind.PERSON: ("person", "people"),
    Kind.TEAM: ("group", "groups"),
}
"""How one record of a kind is called in a sentence, and how several are."""


GROUP_KINDS: Mapping[str, str] = {
    "teams": "team",
    "departments": "department",
    "offices": "office",
    "companies": "company",
    "areas": "area",
}
"""What can become a group at a target: Kenjo's lists, and what a row of each is called. See `group_key`."""


class Key(NamedTuple):
    """The identity of a record: its kind and Kenjo's `_id`. Written `person:5f3a...` in Redis and logs."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read what `str(key)` wrote. Raises ValueError for anything else."""
        kind, _, id_ = text.partition(":")
        return cls(_KINDS.get(kind) or Kind(kind), id_)

    @classmethod
    def of(cls, text: str) -> Key | None:
        """The same; None for a text that names no record."""
        kind, colon, id_ = text.partition(":")
        return cls(Kind(kind), id_) if colon and kind in tuple(Kind) else None


def group_key(kind: str, id_: str) -> Key:
    """The identity of a group: a team has Kenjo's id as it is, all others say what they are: `office.5f3a`.

    A point is in none of Kenjo's ids.
    """
    return Key(Kind.TEAM, id_ if kind == "team" else f"{kind}.{id_}")


def group_kind(key: Key) -> str:
    """What a group is made of: one of the values of GROUP_KINDS."""
    kind, point, _ = key.id.partition(".")
    return kind if point else "team"


class Lifecycle(StrEnum):
    """Where a person stands today, derived from Kenjo's `isActive`, start date and contract end."""

    UPCOMING = "upcoming"
    ACTIVE = "active"
    LEFT = "left"
    INACTIVE = "inactive"


_LIFECYCLES: Mapping[str, Lifecycle] = {state.value: state for state in Lifecycle}


@dataclass(frozen=True, slots=True)
class Record:
    """One person or team as Kenjo has it now, joined, and cut down to the fields in use.

    `data` is JSON: for a person `{"id", "lifecycle", "account": {...}, "work": {...}, ...}`, for a team or
    another group `{"id", "name", "kind", "members": [person ids]}`. Every field in use is present; what Kenjo
    lacks is None.
    """

    key: Key
    data: Mapping[str, Any]

    @property
    def lifecycle(self) -> Lifecycle:
        """The person's lifecycle; a team that exists is active."""
        state = self.data.get("lifecycle", "active")
        return _LIFECYCLES.get(state) or Lifecycle(state)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the store keeps it. `revision` grows with every change, also after A, B, A.

    `at`: when this revision was seen in Kenjo, epoch seconds; `poll`: by which poll (`bridge.tracing`).
    """

    record: Record
    revision: int
    gone: bool = False
    at: float = 0.0
    poll: str = field(default="", compare=False)

    @property
    def leaves(self) -> bool:
        """Whether this person or team should no longer be served anywhere: gone, left or inactive."""
        return self.gone or self.record.lifecycle in (Lifecycle.LEFT, Lifecycle.INACTIVE)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of a Kenjo list that cannot be used. Names the list and, where there is one, the id."""

    list: str
    id: str | None
    reason: str


class Coming(NamedTuple):
    """A first or a last day that is near: `what` is "starts" or "ends"."""

    key: Key
    day: date
    what: str


class Filled(NamedTuple):
    """How full a column of a list is: how many rows there are, have it at all, and have something in it."""

    rows: int
    named: int
    filled: int


HORIZON = 14
"""Days from today within which a first or last day is told beforehand, and to which a first day is recent."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Kenjo says now: every list answered and was parsed.

    `kept` are people whose rows could not be used in this snapshot, or that one list lacks: they are there,
    and keep their last known values. `closed` are those of them of whom Kenjo says all the same that they are
    inactive, or that their contract has ended. `unsure` are fields of people that come from a row which a
    list lacks, or from a manager whom all lists lack. `unnamed` are kinds whose list has a row without an id,
    which may be anybody's: that somebody of that kind is in no list says nothing. `filled` tells by list and
    column how full it is; `group_kinds` are the groups that were asked for at all. `origin` names all that it
    was made from: what has the same one is the same snapshot. "" where more was asked than the lists, and the
    next time may be answered otherwise.
    `coming`: first and last days within `HORIZON` days. `started`: whose first day has come by their office's
    time zone, at most `HORIZON` days ago, unless Kenjo says that they are inactive or have left; also of
    somebody whose other cells cannot be used.
    """

    records: Mapping[Key, Record]
    kept: frozenset[Key] = frozenset()
    closed: Mapping[Key, Lifecycle] = field(default_factory=dict)
    unsure: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    unnamed: frozenset[Kind] = frozenset()
    problems: tuple[RowProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    filled: Mapping[str, Filled] = field(default_factory=dict)
    group_kinds: frozenset[str] = frozenset(GROUP_KINDS.values())
    origin: str = ""
    coming: tuple[Coming, ...] = ()
    started: tuple[Key, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether rows of Kenjo cannot be used, or people keep the last known values for another reason."""
        return bool(self.problems) or any(key.kind is Kind.PERSON for key in self.kept)

    def tells_of(self, key: Key) -> bool:
        """Whether a record that is not in this snapshot is therefore not in Kenjo."""
        if key in self.kept or key.kind in self.unnamed:
            return False
        return key.kind is not Kind.TEAM or group_kind(key) in self.group_kinds

    def count(self, kind: Kind) -> int:
        """How many records of a kind there are."""
        return sum(1 for key in self.records if key.kind is kind)


def next_revision(former: int, now: float) -> int:
    """The revision after `former` (0: none is known), for a change seen `now`, in epoch seconds.

    It is not less than the time, so that a record that Redis has lost and that is read again never gets the
    revision of an entry which outlived it: it would count as delivered.
    """
    return max(former + 1, int(now))


class ChangeKind(StrEnum):
    """How a record differs from what the store knew."""

    APPEARED = "appeared"
    CHANGED = "changed"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record that differs. `fields` are dotted names of what changed, never values."""

    kind: ChangeKind
    record: Record
    fields: tuple[str, ...] = ()


class State(StrEnum):
    """Where one record stands at one target."""

    APPLIED = "applied"  # the target has what the record says
    REMOVED = "removed"  # deactivated or deleted there
    SKIPPED = "skipped"  # not for this target; `reason` says why
    RETRYING = "retrying"  # a passing fault; tried again at `retry_at`
    FAILED = "failed"  # parked; `reason` is what the target said


class Outcome(StrEnum):
    """What a delivery did at the target."""

    CREATED = "created"
    ADOPTED = "adopted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Restored:
    """What somebody has put back at a target, against what Kenjo says: the run that was undone, and by whom.

    `values` by attribute, as `bridge.mapping.restoring` writes them; they count for `stamp`: as long as
    neither the record nor the configuration is another one.
    """

    run: str
    by: str
    stamp: str
    values: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a target's ledger: what the bridge has given the target for one record.

    `revision` is the newest revision dealt with, under the configuration `config`; `digest` is of what was
    last given; `refs` are records that it refers to and `missing` those not at the target yet; `attempts`
    counts passing faults of this record in a row; `unreachable`: the target did not answer at all; `awaits`
    is the record that has at the target what this one needs, and `awaited` how that one stood then
    (`bridge.store.waiting`); `behind` is a target that comes first and does not take the record. Times are
    seconds since the epoch; at `delete_at` a deactivated account is to be deleted (0: never), some days after
    `delete_from`. `accepted`: when a change was accepted that has not been seen since, such as a create
    without an account (0: none); `ticket`: by which the target tells what came of it, and `sent` what it was
    given for (`stamp`). `open`: whether a person's account gives access, as far as the bridge gave or saw it;
    None: that is not known. `made`: when the object was created that is linked (0: it was found, or that is
    not known); without a link, when a create was sent that had no answer. `unique`: by attribute what nobody
    else has and its account was given, or was to be given by a create of which nothing is known yet.
    `restored`: what it has there in place of what Kenjo says.
    """

    revision: int = 0
    config: str = ""
    state: State = State.SKIPPED
    outcome: Outcome = Outcome.SKIPPED
    digest: str = ""
    refs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = ""
    candidates: tuple[str, ...] = ()
    attempts: int = 0
    retry_at: float = 0.0
    unreachable: bool = False
    awaits: str = ""
    awaited: str = ""
    behind: str = ""
    delete_from: float = 0.0
    delete_at: float = 0.0
    failed_since: float = 0.0
    at: float = 0.0
    accepted: float = 0.0
    ticket: str = ""
    sent: str = ""
    open: bool | None = None
    made: float = 0.0
    unique: Mapping[str, str] = field(default_factory=dict, hash=False)
    restored: Restored | None = None

    @property
    def stamp(self) -> str:
        """The revision and the configuration, as one word."""
        return f"{self.revision} {self.config}"

    def gives_more_than(self, former: Entry) -> bool:
        """Whether it refers to somebody to whom `former` did not, such as a new member."""
        return not set(self.refs) <= set(former.refs)

    @property
    def tells_of_an_object(self) -> bool:
        """Whether there is an object at the target, as far as is known: without a link, Redis lost it."""
        is_there = self.state in (State.APPLIED, State.REMOVED) or self.open is not None
        return is_there and self.outcome is not Outcome.DELETED


DAY = 86400.0
"""Seconds."""


def is_due(entry: Entry, now: float) -> bool:
    """Whether a deactivated account is to be deleted now."""
    return entry.state is State.REMOVED and 0.0 < entry.delete_at <= now
