"""What a delivery holds while it works on a record, and what it hears at its end."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.model import Entry, Key, Stored


@dataclass(frozen=True, slots=True)
class Claim:
    """A locked (target, record) and what was true when it was locked.

    `doubt` is not empty when the target may hold something that the entry does not know of: an earlier
    delivery began and never settled, or wrote after it had lost its lock. `leaving` are people who are being
    forgotten: no reference to them is given any more; `closing`: this is one of them, whose account is to be
    closed. `counted` and `approved` are what a poll, and a person, have let it take away: see
    `bridge.effects.covers`.
    """

    lock: str
    token: str
    stored: Stored
    entry: Entry | None
    link: str | None
    doubt: str
    leaving: frozenset[str] = frozenset()
    closing: bool = False
    counted: str = ""
    approved: str = ""

    @property
    def refs_in_doubt(self) -> frozenset[str]:
        """The records that a delivery without its lock may have given the target references to."""
        return frozenset(self.doubt.split()[2:])


@dataclass(frozen=True, slots=True)
class Settled:
    """`again`: something newer came meanwhile and the lock is kept. `released`: records that waited."""

    again: bool
    released: tuple[Key, ...]
