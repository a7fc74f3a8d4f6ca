"""What the bridge and a target tell each other. All values are immutable; none does I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.model import Key, Outcome

Removal = Literal["deactivate", "delete"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands in a mapped result for another record, until it is resolved to that record's remote id."""

    key: Key


_TO_COME = "will be created: "


def to_come(key: Key) -> str:
    """What stands in a plan for the remote id of an object that is still to be made. It is never sent."""
    return f"{_TO_COME}{key}"


def is_to_come(value: Any) -> bool:
    """Whether a remote id is one of those, whatever form a target's ids have."""
    return isinstance(value, str) and value.startswith(_TO_COME)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target should hold for one record: mapped attributes with references resolved to remote ids.

    An attribute that is None is to be cleared. `released` are remote ids that the bridge gave as references
    (group members) before and wants no more; other members that it finds there are not its own. `removal`:
    nothing should be held any more; a group is deactivated by taking the released members out. Of a leaver
    there are no attributes, unless the target follows them (`Abilities.follows`).
    """

    key: Key
    attributes: Mapping[str, Any]
    released: frozenset[str] = field(default_factory=frozenset)
    removal: Removal | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """An object at a target. `id` is the target's own; `content` is for its adapter, and None if not shown.

    `open`: whether it gives access, None where that cannot be seen. `external_id` is what it carries, ""
    for nothing. Of one that was found for a record: `ours`: it carries this record's external id, which only
    the bridge gives. `other_id`: it carries another one that is not empty. `by` is the mapped attribute by
    which it was found. `keys`, in a list: attributes and values by which it can be looked up.
    """

    id: str
    open: bool | None = field(default=None, compare=False)
    ours: bool = field(default=False, compare=False)
    other_id: bool = field(default=False, compare=False)
    external_id: str = field(default="", compare=False)
    by: str = field(default="", compare=False)
    keys: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False, repr=False)
    content: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def found(cls, remote_id: str, is_open: bool | None, *, own: str, carries: str, by: str) -> Remote:
        """An object that was found `by` an attribute for the record whose external id is `own`.

        `carries`: the external id that it has, "" for none.
        """
        ours, other_id = carries != "" and carries == own, carries not in ("", own)
        return cls(remote_id, is_open, ours=ours, other_id=other_id, external_id=carries, by=by)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of all objects of a kind, as a target lists them.

    `whole`: this is the last page, and nothing says that one has been left out. `keys` of each object are
    what `Target.keys` would look it up by.
    """

    remotes: tuple[Remote, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute that a write would change; None: nothing there. A list's members come one by one."""

    attribute: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What would be sent to a target for one record, to be looked at and to be sent alike.

    `outcome` is what is done once it is applied, `remote_id` the object (None: a new one); `content` is the
    adapter's own. `tell` makes the `fields`, which only those ask for who look at a change.
    """

    key: Key
    outcome: Outcome
    remote_id: str | None
    content: Any = field(default=None, compare=False, repr=False)
    tell: Callable[[], Iterable[FieldChange]] = field(default=tuple, compare=False, repr=False)

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What differs, under the names of the mapping."""
        return tuple(self.tell())


@dataclass(frozen=True, slots=True)
class Applied:
    """The receipt of a change that was applied: the object's id there, and what the target then shows.

    `open`: whether the account gives access after it; None where the target's answer shows nothing of it
    (`Target.read` looks). `staying`: members who were to leave a group and are in it still, `lacking`:
    those whom it was given and does not have.
    """

    remote_id: str
    outcome: Outcome
    open: bool | None = None
    staying: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receipt of a change that was accepted, while nothing shows yet that it was done.

    Of a create only look-ups follow: a second one would make a second object. `ticket`: by which
    `Target.confirm` tells what has come of it, "" where only looking does; `after`: seconds after which that
    is worth asking.
    """

    reason: str
    ticket: str = ""
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """The receipt of a change that failed; what `error` is tells what happens next (`bridge.errors`)."""

    error: Exception


Receipt = Applied | Accepted | Refused


@dataclass(frozen=True, slots=True)
class Call:
    """What a target was asked for one record, and how it answered. Nothing in it is a value of anybody.

    `at`: epoch seconds at which it was sent; `seconds`: how long the answer took. `what` is method and path,
    or the operation; `answer` the status with the target's words, or why there is none.
    """

    at: float
    seconds: float
    what: str
    answer: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What a target has published last of all that it was given.

    `at`: epoch seconds at which that was read (0: nothing was published yet); `name`: what it is called
    there; `rows`: how many objects it tells of. `seen`: when it was last seen that nothing is to be published
    beyond it; `mark`: by which the target knows what has changed since. `files`: what the bridge has
    published and not taken away again, with when. `trouble`: why the last try failed. `doubt`: a word that is
    there while something else may be at the target, so that it is published anew; "" else.
    """

    at: float = 0.0
    seen: float = 0.0
    name: str = ""
    rows: int = 0
    mark: str = ""
    files: Mapping[str, float] = field(default_factory=dict)
    trouble: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be published now, to be judged and to be published alike.

    `at`, `name`, `rows`, `mark` are the publication's. `written`: by object a fingerprint of what it tells,
    "" where it tells nothing. `replaces`: how many rows something has whose place it takes, and that the
    bridge does not remember to have published; None: there is nothing like that.
    `content` is the adapter's own, and None where that is published already.
    """

    at: float
    name: str
    rows: int
    mark: str
    written: Mapping[str, str] = field(repr=False)
    replaces: int | None = None
    content: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a target says of itself to `check`: one line of `facts`, and sentences for what is wrong."""

    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
