"""What other targets have of a person, for a target that comes after them (`after`, `from`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.errors import AfterTarget
from bridge.mapping.route import Action, Route
from bridge.model import Key, Kind, State, Stored
from bridge.store.claims import Case
from bridge.store.sight import Sight

DONE = (State.APPLIED, State.REMOVED, State.SKIPPED)
"""States in which a target is done with a revision of a record, whatever came of it."""


class Seen(Protocol):
    """The part of another target's ledger that is looked at."""

    async def sight(self, key: Key) -> Sight:
        """How a record stands there."""


@dataclass(frozen=True, slots=True)
class Other:
    """A target that comes first: what it is to get, and its ledger."""

    route: Route
    ledger: Seen

    async def stands(self, stored: Stored) -> State | None:
        """How it stands with this revision of a record, under its settings of now; None: it does not yet."""
        entry = (await self.ledger.sight(stored.record.key)).entry
        if entry is None or entry.revision < stored.revision:
            return None
        route, config = self.route, entry.config
        is_new = config == route.fingerprint or route.only_the_day_passed(stored.record, config)
        return entry.state if is_new else None


class Marks(Protocol):
    """The part of a following target's ledger that is written to."""

    target: str

    async def doubt(self, keys: Collection[Key]) -> None:
        """Let records be read back there, whatever the ledger says."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A target that comes after another one. `takes_id`: it gives people the ids of their accounts there."""

    ledger: Marks
    takes_id: bool

    async def hear(self, key: Key, *, new_id: bool) -> None:
        """A person was delivered. Under another id than before, what was given here is out of date.

        Nobody else is doubted: whom this target is not to have would be searched for here again and again.
        """
        if new_id and self.takes_id:
            await self.ledger.doubt([key])


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The targets that come first, by name, and `ids`: attributes that are a person's id at one of them.

    `foreseen`: a plan, which takes what is to be done at the others for done, and gives words for ids that
    nobody knows yet.
    """

    others: Mapping[str, Other]
    ids: Mapping[str, str]
    foreseen: bool = False

    def after(self, ledgers: Mapping[str, Seen]) -> Elsewhere:
        """The same for a plan that leaves the ledgers of some of them like these."""
        others = {name: Other(one.route, ledgers.get(name, one.ledger)) for name, one in self.others.items()}
        return Elsewhere(others, self.ids, foreseen=True)

    async def check(self, route: Route, case: Case) -> None:
        """Raise AfterTarget unless the others are done with this revision of a person.

        Access is taken without waiting for anybody. Whoever is not for another target is done with there.
        """
        record = case.stored.record
        if record.key.kind is not Kind.PERSON or case.closing:
            return
        is_there = case.link is not None
        if route.intend(case.stored, linked=is_there).action is not Action.UPSERT:
            return
        if is_there and route.access(route.map(record)) is False:
            return
        for name, other in self.others.items():
            state = await other.stands(case.stored)
            if state is State.FAILED:
                raise AfterTarget(f"waits for {name}, which does not take this record as it is", name)
            if state not in DONE:
                raise AfterTarget(f"waits until {name} has this record")

    async def given(self, key: Key) -> dict[str, str | None]:
        """The attributes that are a person's ids at other targets; None where there is no account."""
        if key.kind is not Kind.PERSON:
            return {}
        found: dict[str, str | None] = {}
        for attribute, name in self.ids.items():
            link = (await self.others[name].ledger.sight(key)).link
            found[attribute] = link or (f"(the id at {name})" if self.foreseen else None)
        return found
