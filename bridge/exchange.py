"""What the bridge and a target tell each other. All values are immutable; none does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.model import Key, Outcome


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands in a mapped result for another record, until it is resolved to that record's remote id."""

    key: Key


@dataclass(frozen=True, slots=True)
class Match:
    """An object at a target that may be a record's. `remote_id` is the target's own id.

    `ours`: it carries this record's external id, which only the bridge gives. `other_id`: it carries another
    one that is not empty. `external_id` is what it carries, "" for nothing, and `by` the mapped attribute by
    which it was found. `active`: whether it gives access, None where that cannot be seen.
    """

    remote_id: str
    ours: bool = field(default=False, compare=False)
    active: bool | None = field(default=None, compare=False)
    other_id: bool = field(default=False, compare=False)
    external_id: str = field(default="", compare=False)
    by: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target should hold for one record: mapped attributes with references resolved to remote ids.

    An attribute that is None is to be cleared. `released` are remote ids that the bridge gave as references
    (group members) before and wants no more; other members that it finds there are not its own.
    """

    key: Key
    attributes: Mapping[str, Any]
    released: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of a write: the object's id there, what was done, and what the target then shows.

    `open`: whether the account gives access after it; None where the target's answer shows nothing of it
    (`Target.shows` looks). `staying`: members who were to leave a group and are in it still, `lacking`:
    those whom it was given and does not have.
    """

    remote_id: str
    outcome: Outcome
    open: bool | None = None
    staying: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute that a write would change; None: nothing there. A list's members come one by one."""

    attribute: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a target says of itself to `check`: one line of `facts`, and sentences for what is wrong."""

    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
