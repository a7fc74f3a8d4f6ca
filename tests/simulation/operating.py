"""A person who looks after the bridge from time to time, with the commands that there are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from redis.exceptions import RedisError

from bridge.errors import BridgeError, ConfigurationError
from bridge.model import Key, Kind, Outcome
from bridge.store import Hold
from bridge.store.holds import PUBLICATION
from service.operations import undoing
from service.operations.adopting import adopt
from service.operations.assembly import Bridge
from service.operations.failures import failures, retry
from service.operations.greet import revive
from service.operations.holds import decide
from service.operations.runs import Delivery, runs
from tests.simulation.directory import Directory
from tests.simulation.kenjo import Kenjo
from tests.simulation.things import Thing
from workers.connect import Connected

_GONE = {"lifecycle": "gone"}


def is_right(hold: Hold, kenjo: Kenjo) -> bool:
    """Whether what a hold keeps back is what Kenjo says: else nobody approves it."""
    if not hold.target:
        return not kenjo.world.faulty  # who approves a list has looked at it: then it is whole
    if hold.kind == "members" and kenjo.world.faulty:
        return False
    truth = kenjo.truth()
    # Teams are kept back along with their members.
    keys = [key for key in map(Key.parse, hold.keys) if key.kind is Kind.PERSON or "team" in hold.kind]
    return not any(truth.get(key, _GONE).get("lifecycle", "active") == "active" for key in keys)


def _takes(one: Delivery) -> bool:
    """Whether something was replaced, which may be put back."""
    return one.outcome in (Outcome.UPDATED, Outcome.ADOPTED, Outcome.DEACTIVATED)


Rehearse = Callable[[], Awaitable[object]]
"""`plan`, which writes nothing."""


class Operator:
    """Approves what is right, gives accounts to whom they belong, and has tried again what can work now."""

    def __init__(
        self, bridge: Bridge, kenjo: Kenjo, directories: Mapping[str, Directory], rehearse: Rehearse
    ) -> None:
        self._bridge = bridge
        self._rehearse = rehearse
        self._kenjo = kenjo
        self._directories = directories
        # Drawn apart, so that the other seeds stay what they are.
        self._dice = Random(f"{kenjo.world.seed} undoes")  # noqa: S311 - repeatable on purpose
        self._undoes = self._dice.random() < 0.4

    async def work(self, targets: Mapping[str, Connected]) -> None:
        """Look every ten seconds, for ever."""
        while True:
            await asyncio.sleep(10.0)
            with contextlib.suppress(RedisError, BridgeError):
                await self._decide()
                if any(not one.has_objects for one in self._directories.values()):
                    await self._rehearse()
                await revive(self._bridge, dict(targets))
                await self._undo()
                for row in await failures(self._bridge):
                    if row["state"] == "failed":
                        await self._mend(row)

    async def _undo(self) -> None:
        """Put back what a run took, for no good reason; when there are no faults any more, end that."""
        world, bridge = self._kenjo.world, self._bridge
        if not self._undoes:
            return
        if world.faulty:
            found = [run for run in await runs(bridge, 5) if any(_takes(one) for one in run.deliveries)]
            if not found:
                return
            way = await undoing.back(bridge, self._dice.choice(found).id)
            for target, entries in way.entries.items():
                self._directories[target].referee.undone |= {str(key) for key in entries}
        else:
            ledgers = [await bridge.backend.ledger(target).entries() for target in bridge.routes]
            lasting = {one.restored.run for there in ledgers for one in there.values() if one.restored}
            if not lasting:
                return
            way = await undoing.again(bridge, min(lasting))
        if way.entries:
            keys = [str(key) for entries in way.entries.values() for key in entries]
            world.note(
                "operator", f"{'ends the undo of' if way.again else 'undoes'} {way.run}: {' '.join(keys)}"
            )
            await undoing.carry_out(bridge, way)

    async def _decide(self) -> None:
        for hold in await self._bridge.backend.holds.all():
            if hold.kind == PUBLICATION:
                await self._look_at(hold)
            elif is_right(hold, self._kenjo):
                await self._approve(hold)
            elif not self._kenjo.world.faulty:
                self._mend_rows(hold)

    async def _look_at(self, hold: Hold) -> None:
        """Let a file appear with so many rows less if that is right, else see to what makes it wrong."""
        directory = self._directories[hold.target]
        if directory.lets_go(hold.count):
            self._kenjo.world.note("operator", f"lets {hold.target} lose {hold.count} rows")
            await self._approve(hold)
        elif not self._kenjo.world.faulty:
            for id_ in sorted(self._kenjo.unusable()):
                self._mend_row(id_)

    def _mend_rows(self, hold: Hold) -> None:
        """Put right in Kenjo what keeps somebody in a hold who works here: nobody could approve that."""
        for key in map(Key.parse, hold.keys):
            if key.kind is Kind.PERSON and key.id in self._kenjo.unusable():
                self._mend_row(key.id)

    def _mend_row(self, id_: str) -> None:
        person = self._kenjo.people[id_]
        self._kenjo.world.note("operator", f"mends the row of {id_}")
        if not person.odd:  # somebody who works here has the same address
            person.email = f"{id_}.again@example.com"
        person.odd = {}

    async def _approve(self, hold: Hold) -> None:
        """Let go what was looked at, and nothing that came to it since."""
        approved = self._directories[hold.target].referee.approved if hold.target else set()
        new = set(hold.keys) - approved
        approved |= new  # before: it may be done while the command runs
        try:
            await decide(self._bridge, hold.id, approve=True, by="operator", seen=hold.version)
        except ConfigurationError:
            approved -= new  # has grown, or has gone: looked at again the next time

    async def _mend(self, row: Mapping[str, Any]) -> None:
        directory, record = self._directories[row["target"]], str(row["record"])
        if record in directory.unheard:
            directory.unheard.discard(record)  # first: the next delivery may meet a deaf ear again
            try:
                await retry(self._bridge, directory.name, record)  # what it did not do it may do now
            except BaseException:
                directory.unheard.add(record)
                raise
        if self._kenjo.world.faulty:
            return  # who decides for an account takes the time to see that nothing else goes on
        key, ledger = Key.parse(record), self._bridge.backend.ledger(directory.name)
        if key in await ledger.under_way():
            return  # decided while something is sent, it would not be known which came first
        marked = any(one.attributes.get("externalId") for one in directory.of(key.kind, key.id))
        if "did not show it within" in row["reason"] and directory.is_idle:
            await retry(self._bridge, directory.name, record)  # has looked: nothing is to come any more
            return
        if marked and record not in await ledger.linked():
            return  # theirs is there already, and will be found by its id
        for id_ in row["candidates"]:
            thing = directory.things.get(id_)
            if thing and self._may_be_given(thing, key, directory):
                await self._give(thing, record, directory)
                return

    async def _give(self, thing: Thing, record: str, directory: Directory) -> None:
        chosen = directory.referee.chosen
        self._kenjo.world.note("operator", f"gives {thing.id} to {record}")
        chosen.add((thing.id, record))  # it may be written for the record before the command has ended
        try:
            await adopt(self._bridge, directory.name, record, thing.id)
        except BridgeError as refusal:
            chosen.discard((thing.id, record))
            self._kenjo.world.note("operator", f"was refused: {refusal}")
        else:
            thing.foreign, thing.given, thing.given_at = False, record, self._kenjo.world.now

    def _may_be_given(self, thing: Thing, to: Key, directory: Directory) -> bool:
        """Whether an account is of nobody who works here, and the only one that matches."""
        truth = self._kenjo.truth()
        name = "userName" if to.kind is Kind.PERSON else "displayName"
        twins = [
            one for one in directory.things.values() if one.attributes.get(name) == thing.attributes[name]
        ]
        if len(twins) > 1 or to not in truth:
            return False
        owner = thing.attributes.get("externalId")
        lifecycle = truth.get(Key(to.kind, str(owner)), _GONE).get("lifecycle", "active")
        return thing.foreign or lifecycle != "active"
