"""A target as it would be after the steps of a plan so far, for those that come later and look there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from bridge.exchange import Change, Greeting, Page, Remote, Wanted, to_come
from bridge.mapping.route import Route
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import NoWrites, Permit
from workers.delivery.clashes import gives_way, holders, yielding
from workers.delivery.decision import Decision
from workers.delivery.matching import Matching
from workers.delivery.view import View
from workers.targets.base import Target


@dataclass(frozen=True, slots=True)
class Planned:
    """One object as a step leaves it: `values` by which it is found then, None for one that is gone.

    `told` are the attributes that the step is about; the object keeps its other values.
    """

    key: Key
    remote: Remote
    told: frozenset[str] = frozenset()
    values: Mapping[str, str] | None = None


class Foreseen(Target):
    """What a target shows, with what `note` has heard. Nothing is written to it.

    Look-ups find what is to be created or renamed, under its new values only. `shown` is what the target
    itself has shown of each record that was looked up.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self.can = target.can
        self.shown: dict[Key, list[Remote]] = {}
        self._planned: dict[tuple[Kind, str], Planned] = {}
        self._by_value: dict[tuple[Kind, str, str], dict[str, Planned]] = {}
        self._of: dict[Key, Planned] = {}

    async def check(self) -> Greeting:
        """The target's own answer."""
        return await self._target.check()

    async def size(self) -> int:
        """The target's own answer."""
        return await self._target.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """What would be found then; see `Target.find`. Raises what the target raises."""
        sought = dict(self._target.keys(wanted))
        shown = await self._target.find(wanted, thorough=thorough)
        self.shown.setdefault(wanted.key, shown)
        while shown and not (kept := [one for one in shown if not self._has_lost(wanted, one, sought)]):
            after = list(sought)[list(sought).index(shown[0].by) + 1 :]
            rest = {name: wanted.attributes[name] for name in after if name in wanted.attributes}
            shown = await self._target.find(Wanted(wanted.key, rest)) if rest else []
        shown = kept if shown else []
        names = list(sought)
        until = names.index(shown[0].by) + 1 if shown and shown[0].by in names else len(names)
        for name in names[:until]:
            if coming := self._coming(wanted, name, sought[name]):
                there = {one.id: one for one in coming} | {one.id: one for one in shown if one.by == name}
                return list(there.values())
        return shown

    async def having(self, key: Key, attribute: str, value: str) -> list[Remote]:
        """Who would have a value then; see `Target.having`."""
        shown = await self._target.having(key, attribute, value)
        return [*shown, *self._coming(Wanted(key, {}), attribute, value)]

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By what the target looks a record up."""
        return self._target.keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """The target's own lists."""
        async for page in self._target.inventory(kind):
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """The object as it is now: whoever changes it reads it before."""
        return await self._target.read(key, remote_id)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What would have to be sent."""
        return self._target.change(wanted, there)

    async def send(self, changes: Sequence[Change], permit: Permit) -> NoReturn:  # noqa: ARG002 - none is
        """Raises WriteRefused."""
        await NoWrites().ask()
        raise AssertionError

    def meets(self, wanted: Wanted) -> bool:
        """Whether a look-up of a record would find what another one's step leaves."""
        return any(self._coming(wanted, name, value) for name, value in self._target.keys(wanted))

    def note(self, key: Key, decision: Decision) -> None:
        """Remember how a step leaves its object."""
        self.forget(key)
        change, wanted = decision.change, decision.wanted
        if change is None or wanted is None:
            return
        remote = Remote(decision.link or to_come(key), other_id=True, external_id=key.id)
        if change.outcome is Outcome.DELETED:
            self._keep(Planned(key, remote))
        elif not wanted.removal:
            values = dict(self._target.keys(wanted))
            self._keep(Planned(key, remote, frozenset(wanted.attributes), values))

    def forget(self, key: Key) -> None:
        """What a record's step was to leave is decided anew."""
        if (former := self._of.pop(key, None)) is None:
            return
        del self._planned[key.kind, former.remote.id]
        for name, value in (former.values or {}).items():
            del self._by_value[key.kind, name, value][former.remote.id]

    def _keep(self, planned: Planned) -> None:
        kind, id_ = planned.key.kind, planned.remote.id
        self._of[planned.key] = self._planned[kind, id_] = planned
        for name, value in (planned.values or {}).items():
            self._by_value.setdefault((kind, name, value), {})[id_] = planned

    def _has_lost(self, wanted: Wanted, one: Remote, sought: Mapping[str, str]) -> bool:
        """Whether an object will not have the value any more by which it was found."""
        planned = self._planned.get((wanted.key.kind, one.id))
        if planned is None or one.by not in sought:
            return False
        if planned.values is None:
            return True
        return one.by in planned.told and planned.values.get(one.by) != sought[one.by]

    def _coming(self, wanted: Wanted, name: str, value: str) -> list[Remote]:
        """What other records' steps leave with this value."""
        there: Collection[Planned] = self._by_value.get((wanted.key.kind, name, value), {}).values()
        found = sorted((one for one in there if one.key != wanted.key), key=lambda one: one.key)
        return [Remote(one.remote.id, True, other_id=True, external_id=one.key.id, by=name) for one in found]


async def see_accepted(route: Route, view: View, there: Foreseen, decision: Decision) -> None:
    """See that no other object has a value that only one can have. Raises Taken, AfterAnother."""
    change, wanted, link = decision.change, decision.wanted, decision.link
    if not change or not wanted or not link or wanted.removal:
        return
    exclusive = route.exclusive(wanted.key.kind)
    names = sorted(exclusive.intersection(one.attribute for one in change.fields))
    if others := await holders(there, wanted, link, names):
        matching = Matching(route, view, wanted)
        raise gives_way(*await yielding(matching, others, "the target takes it of one account only"))
