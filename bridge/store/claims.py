"""What a delivery holds while it works on a record, and what it hears at its end."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import Unreadable
from bridge.exchange import Call
from bridge.model import Entry, Key, Kind, Stored
from bridge.store.former import Former

UNSETTLED = "!"
"""What stands in a mark of doubt before the token of a delivery that may have sent what no entry tells of."""


def references_of(mark: str) -> frozenset[str]:
    """The record keys to which references may have been given, by a mark of doubt (`lua/doubt.lua`)."""
    words = mark.split()
    is_doubt = words[:1] == ["doubt"]
    return (
        frozenset(word for word in words[2:] if not word.startswith(UNSETTLED)) if is_doubt else frozenset()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One record at one target, and all that was true of the two when it was looked at.

    `doubt` is not empty when the target may hold something that the entry does not know of: an earlier
    delivery began and never settled, or wrote after it had lost its lock. `leaving` are people who are being
    forgotten: no reference to them is given any more; `closing`: this is one of them, whose account is to be
    closed. `counted` and `approved` are what a poll, and a person, have let it take away: see
    `bridge.effects.covers`.
    """

    stored: Stored
    entry: Entry | None
    link: str | None
    doubt: str = ""
    leaving: frozenset[str] = frozenset()
    closing: bool = False
    counted: str = ""
    approved: str = ""

    @property
    def key(self) -> Key:
        """The record."""
        return self.stored.record.key

    @property
    def is_person(self) -> bool:
        """Whether the record is a person's: groups have no access of their own."""
        return self.key.kind is Kind.PERSON

    @property
    def was_cut_short(self) -> bool:
        """Whether an earlier delivery began and never settled: its process died, or lost its lock.

        It may have written, also later than anybody has looked.
        """
        words = self.doubt.split()
        return len(words) == 1 or any(word.startswith(UNSETTLED) for word in words)

    @property
    def refs_in_doubt(self) -> frozenset[str]:
        """The records that a delivery without its lock may have given the target references to."""
        return references_of(self.doubt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Case):
    """A case that is locked: nobody else delivers it. `token` is whose the `lock` is.

    `calls`: the last calls of the target that were made for it, sealed (`bridge.store.calls`).
    """

    lock: str
    token: str
    calls: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker took of a target's due records.

    `more`: others are due beside them; `next_at`: when the next one will be, epoch seconds, None when nothing
    waits for a time; `unreadable`: what cannot be read of a record that was due, which was left.
    """

    claims: tuple[Claim, ...] = ()
    more: bool = False
    next_at: float | None = None
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a delivery has to write: the entry, and the link (None: the record has no object there).

    `hold`: from here on no delivery of the record starts, until a poll has counted what it would do; `freed`:
    it has given up at the target what other records may need. `counts` is what limits will count with what
    comes, `approved` what they count no more. `calls` were made of the target, which had
    `former` before.
    """

    claim: Claim
    entry: Entry
    link: str | None
    hold: bool = False
    freed: bool = False
    counts: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    former: Former | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """`again`: something newer came meanwhile and the lock is kept. `released`: records that waited."""

    again: bool
    released: tuple[Key, ...]
