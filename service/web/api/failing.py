"""What targets will not take, and what can be done about it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.operations import adopting, failures
from service.operations.assembly import Bridge, see_target
from service.operations.board import Board
from service.web.api.explained import Step
from service.web.api.naming import with_name
from service.web.api.values import Answer, Asked, MaybeText, MaybeWhen, Name, Named, Paging, Part, part
from service.web.visitors import Visitor


class WhichFailures(Paging):
    """Which failures."""

    target: str = Field("", max_length=100)
    """Only at this target; `kenjo` for rows of Kenjo that cannot be used."""
    state: Literal["failed", "retrying", "unusable"] | None = None
    """`failed`: parked until something changes; `retrying`: tried again by itself; `unusable`: a row of
    Kenjo."""


class Failure(Named):
    """A record that a target will not take, or a row of Kenjo that cannot be used."""

    target: str
    state: Literal["failed", "retrying", "unusable"]
    reason: str
    """The target's words, without values."""
    candidates: list[str]
    """Accounts among which somebody has to choose."""
    attempts: int
    first: MaybeWhen
    last: MaybeWhen
    next: MaybeWhen
    """When it is tried again."""


class Failures(Part):
    """A part of the failures, by target and record."""

    items: list[Failure]
    count: int
    """How many there are."""


class Again(Asked):
    """What to try again: everything that failed, or only this."""

    target: Name | None = None
    record: Name | None = None


class Retried(Answer):
    """How many are tried again."""

    retried: int


class OneFailure(Asked):
    """A record that has failed at a target."""

    target: Name
    record: Name


class Adoption(OneFailure):
    """Whose an account is."""

    account: Name
    """Its id at the target: one of the candidates."""


class Adopted(Named):
    """What comes of it when an account is a record's."""

    target: str
    account: str
    owner: MaybeText
    """The record that the account is taken from, with all that was given to it; null for nobody."""
    why: MaybeText
    """Why that one should have none any more."""
    step: Step | None
    """What the next delivery would do; null where that cannot be told."""
    trouble: MaybeText
    """Why it cannot."""


class Failing:
    """`/failures`."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        self._bridge = bridge
        self._board = board

    async def failures(self, visitor: Visitor, query: WhichFailures) -> Failures:
        """Records that a target will not take, and rows of Kenjo that cannot be used."""
        sight = await self._board.look()
        rows = [
            row
            for row in await failures.failures(self._bridge, sight.entries)
            if query.target in ("", row["target"]) and query.state in (None, row["state"])
        ]
        rows.sort(key=_place)
        after = tuple(query.after.split(" ", 1)) if query.after else None
        found, last = part(rows, _place, after, query.limit)
        names = visitor.sees_values
        items = [Failure.model_validate(with_name(row, sight, names=names)) for row in found]
        return Failures(items=items, count=len(rows), next=" ".join(_place(last)) if last else None)

    async def retry(self, body: Again) -> Retried:
        """Try again now what failed."""
        if body.target:
            see_target(self._bridge, body.target)
        return Retried(retried=await failures.retry(self._bridge, body.target, body.record))

    async def adoption(self, visitor: Visitor, query: Adoption) -> Adopted:
        """What would come of it if an account was a record's. The target is asked; nothing is written."""
        found = await adopting.adoption(self._bridge, query.target, query.record, query.account)
        sight, names = await self._board.look(), visitor.sees_values
        step = found["step"] and with_name(found["step"], sight, names=names)
        return Adopted.model_validate({**with_name(found, sight, names=names), "step": step})

    async def adopt(self, body: Adoption) -> None:
        """Say which account is a record's: the next delivery writes it."""
        await adopting.adopt(self._bridge, body.target, body.record, body.account)

    async def discard(self, body: OneFailure) -> None:
        """Let it be until the record or the configuration changes."""
        await failures.discard(self._bridge, body.target, body.record)


def _place(row: Any) -> tuple[str, str]:
    return str(row["target"]), str(row["record"])
