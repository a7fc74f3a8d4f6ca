"""Chooses what nobody else has, such as a user name, for somebody without an account. Reads only.

A value is taken where another record of ours has been given it, or an account at the target has it. What a
record was to be given before, by a create of which nothing is known, is its first choice: the account may be
there, and a second one is never risked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.commands import command
from bridge.errors import NeedsPerson, RecordRejected
from bridge.exchange import Remote, Wanted
from bridge.mapping.route import Route
from bridge.model import Entry
from bridge.spelling import folded
from bridge.store.claims import Case
from workers.delivery.inventory import Absent, is_new
from workers.delivery.view import View
from workers.targets.base import Target

Refused = Collection[tuple[str, str]]
"""Attributes with values that the target has refused as taken although no look-up shows by whom."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A choice that is taken, and by whom, in words without values."""

    value: str
    by: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a record is to be given of what nobody else has, after what was `passed`."""

    attribute: str
    value: str
    passed: tuple[Passed, ...] = ()


@dataclass(frozen=True, slots=True)
class Choosing:
    """Chooses for one record. `entry` is how it stands by now, `case` how it stood when it was claimed."""

    route: Route
    target: Target
    view: View
    case: Case
    entry: Entry
    absent: Absent | None = None
    refused: Refused = ()

    @property
    def noted(self) -> dict[str, str]:
        """What a create was to give, by attribute."""
        return {
            attribute: value
            for attribute, value in self.entry.unique.items()
            if attribute in self.route.unique.expressions
        }

    async def own(self, attributes: Mapping[str, Any]) -> list[Remote]:
        """What such a create has made, found by what it was to give. Raises NeedsPerson.

        Nobody can tell whose an account is that has the value and no id, and that came while a create was
        under way.
        """
        if not (noted := self.noted):
            return []
        found = await self.target.find(Wanted(self.case.key, {**attributes, **noted}))
        if any(match.ours or match.by not in noted for match in found):
            return [match for match in found if match.ours] or found
        for match in found:
            if may_have_given(self.case, match.by, noted[match.by]) and not await self._is_anothers(match):
                raise self._ask(match)
        return []

    async def choose(self) -> tuple[Choice, ...]:
        """The first choice that is free, of each attribute. Raises RecordRejected when all are taken."""
        return tuple([await self._first_free(attribute) for attribute in self.route.unique.expressions])

    async def _first_free(self, attribute: str) -> Choice:
        passed: list[Passed] = []
        for value in self._values(attribute):
            by = await self._taken(attribute, value)
            if not by:
                return Choice(attribute, value, tuple(passed))
            passed.append(Passed(value, by))
        if not passed:
            raise self.route.unique.nothing(attribute)
        raise RecordRejected(
            f"all values for {attribute} are taken: add an expression to targets.{self.route.name}.unique"
            f".{attribute}, such as one with the personnel number"
        )

    def _values(self, attribute: str) -> Iterator[str]:
        if noted := self.noted.get(attribute, ""):
            yield noted
        for value in self.route.unique.values(self.case.stored.record, attribute):
            if folded(value) != folded(noted):
                yield value

    async def _taken(self, attribute: str, value: str) -> str:
        """By whom a value is taken, in words without values; "" when it is free."""
        key = self.case.key
        if (attribute, folded(value)) in self.refused:
            return "somebody whom the target does not show"
        if (holder := await self.view.holder(attribute, value)) not in (None, key):
            return str(holder)
        wanted = Wanted(key, {attribute: value})
        if self.absent and is_new(self.case) and self.absent(wanted):
            return ""
        found = await self.target.having(key, attribute, value)
        return f"the account {found[0].id}" if found else ""

    async def _is_anothers(self, match: Remote) -> bool:
        owner = await self.view.owner(self.case.key.kind, match.id)
        return match.other_id or owner not in (None, self.case.key)

    def _ask(self, match: Remote) -> NeedsPerson:
        key = self.case.key
        adopt = command("failures adopt", self.route.name, key, match.id)
        return NeedsPerson(
            f"the account {match.id} has the {match.by} that this record was being given when an answer was"
            f" lost; if it is this record's: {adopt}; if it is not,"
            f" {command('failures retry', key)} gives the next {match.by}",
            [match.id],
        )


def may_have_given(case: Case, attribute: str, value: str) -> bool:
    """Whether an earlier delivery of a record was about to give a value, so that its account may have it."""
    former = case.entry.unique if case.entry else {}
    return folded(former.get(attribute, "")) == folded(value)
