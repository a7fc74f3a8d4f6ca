"""All accounts of a target, read once for many look-ups: who is not among them need not be looked up.

Only absence is taken from memory, and only for records that nobody has begun to deliver. Whoever is found
here is looked up as ever, since what stands in a list may be old. An account that the bridge itself has
created since is known by its link or its claim, as long as Redis has kept all that was written: that is asked
first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bridge.errors import BridgeError
from bridge.exchange import Remote, Wanted
from bridge.model import Key, Kind, State
from bridge.store import Ledger
from bridge.store.claims import Case
from bridge.store.unbroken import Unbroken
from workers.targets.base import Target

MANY = 50
"""People to be looked up for whom a target is listed whole."""

NEWS = 5
"""Records among those just taken that nobody has delivered yet, when more wait: it is a large load."""

AGES = 300.0
"""Seconds after which an inventory is read again while a large load goes on."""

SAMPLE = 20
"""Objects that the bridge has given the target already, of which a list has to show most."""

VALID = 900.0
"""Seconds for which it is believed: what somebody else has created there since, it does not know."""

Absent = Callable[[Wanted], bool]
"""Whether it is certain that nothing at the target can be this record's."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of one target has shown, by kind, where the list was whole.

    `keys`: what its objects are found by; `ids`: which there are.
    """

    target: Target
    keys: Mapping[Kind, frozenset[tuple[str, str]]]
    ids: Mapping[Kind, frozenset[str]]

    def lacks(self, wanted: Wanted) -> bool:
        """Whether the list has nothing by which this record would be found."""
        known, sought = self.keys.get(wanted.key.kind), self.target.keys(wanted)
        return known is not None and bool(sought) and known.isdisjoint(sought)

    def shows(self, links: Mapping[str, str]) -> bool:
        """Whether most of the objects are in it that these records have: some servers list only a part."""
        kinds = {name: Key.parse(name).kind for name in links}
        there = sum(id_ in self.ids.get(kinds[name], ()) for name, id_ in links.items())
        return 2 * there >= len(links)


async def listed(target: Target) -> Listed:
    """Read the lists of a target. One that is not whole, or fails, is none: then everybody is looked up."""
    found = {}
    if target.can.lists:
        for kind in Kind if target.can.groups else (Kind.PERSON,):
            with suppress(BridgeError):  # the look-ups that follow say what is wrong
                if (remotes := await _whole(target, kind)) is not None:
                    found[kind] = remotes
    keys = {kind: frozenset().union(*(one.keys for one in remotes)) for kind, remotes in found.items()}
    return Listed(target, keys, {kind: frozenset(one.id for one in found[kind]) for kind in found})


async def believed(target: Target, ledger: Ledger) -> Listed:
    """The lists of a target, or nothing where they lack most of what the bridge has given it already."""
    found = await listed(target)
    ours = await ledger.links(sorted(await ledger.linked())[:SAMPLE])
    return found if found.shows(ours) else Listed(target, {}, {})


async def _whole(target: Target, kind: Kind) -> list[Remote] | None:
    """All objects of a kind; None where the list was not whole."""
    remotes: list[Remote] = []
    whole = False
    async for page in target.inventory(kind):
        whole = page.whole
        remotes += page.remotes
    return remotes if whole else None


class Inventory:
    """The list of one target as one process remembers it. `unbroken` begins to watch over Redis."""

    def __init__(self, target: Target, ledger: Ledger, unbroken: Callable[[], Unbroken]) -> None:
        self._target = target
        self._ledger = ledger
        self._unbroken = unbroken
        self.listed = Listed(target, {}, {})
        self._watch: Unbroken | None = None
        self._read_at = 0.0
        self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read the lists, unless that was tried just before. Raises what Redis raises."""
        now = _now()
        if now - self._tried_at >= AGES:
            self._tried_at = now
            watch = self._unbroken()
            await watch.begin(VALID)
            self.listed = await believed(self._target, self._ledger)
            self._watch, self._read_at = watch, now

    def doubt(self) -> None:
        """The list lacked somebody whom a look-up has found: it is worth nothing."""
        self.listed = Listed(self._target, {}, {})

    def refresh(self) -> None:
        """Read the lists beside what runs, where they are old."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        with suppress(Exception):  # whatever it is: everybody is looked up
            await self.load()

    def end(self) -> None:
        """Read no further."""
        if self._reading:
            self._reading.cancel()

    async def trusted(self) -> Listed | None:
        """The list, for records that were claimed just now; None where it is not to be believed."""
        if self._watch is None or _now() - self._read_at > VALID or not await self._watch.lasts():
            return None
        return self.listed


def is_new(case: Case) -> bool:
    """Whether nobody has begun to deliver a record: nothing of ours can be there that a list lacks."""
    entry = case.entry
    if case.doubt or case.link is not None:
        return False
    if entry is None:
        return True
    given = entry.accepted or entry.refs or entry.tells_of_an_object
    return entry.state is State.SKIPPED and not given


def _now() -> float:
    return asyncio.get_running_loop().time()
