"""Watches what happens at a directory, and knows what was promised."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bridge.model import Key, Kind
from bridge.store.ledger import LOCK_TTL
from bridge.target_settings import Limit
from tests.simulation.kenjo import Kenjo, Reading
from tests.simulation.process import Delivery, Process
from tests.simulation.store import Store
from tests.simulation.world import World

LIMIT = Limit(count=5, percent=10)
"""How many may be removed at once; there are so few people that the percentage never matters."""

SLACK = 2
"""How many more may follow one by one: their accounts were not known of when the others were counted."""

SETTLED = 10.0
"""Seconds after which a new account is known to the poll that counts removals."""

IN_FLIGHT = 1.0
"""Seconds after a Retry-After came, in which the other workers may not know of it yet."""


@dataclass
class Thing:
    """An object at a directory. `foreign`: not for the bridge to touch; `owner`: whom it was written for."""

    id: str
    kind: Kind
    attributes: dict[str, Any]
    born: float
    foreign: bool = False
    owner: str = ""

    @property
    def key(self) -> str:
        """The record that it is of: by its externalId, else by who adopted it."""
        id_ = self.attributes.get("externalId")
        return f"{self.kind}:{id_}" if id_ else self.owner


@dataclass(frozen=True)
class Quiet:
    """A time for which a directory asked to be left alone; `told` got the answer, which has to tell Redis."""

    since: float
    until: float
    told: Process
    losses: int

    def is_known(self, losses: int) -> bool:
        """Whether all can know: who was told had no trouble to write it to Redis, which has not lost it."""
        end = self.since + IN_FLIGHT
        return losses == self.losses and not any(self.since <= at <= end for at in self.told.troubles)


@dataclass
class Referee:
    """Judges one directory's requests.

    `things`: what is there; `newest`: by record, which reading of Kenjo its newest write was from; `removed`:
    by reading, who was removed for it; `approved`: whose removal a person has let go; `tries`: requests to
    write, refused or not.
    """

    world: World
    kenjo: Kenjo
    store: Store
    things: dict[str, Thing] = field(default_factory=dict)
    tries: int = 0
    newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    quiet: Quiet | None = None
    removed: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    approved: set[str] = field(default_factory=set)

    def answered_wait(self, seconds: float, to: Process) -> None:
        """A worker has been told to leave the directory alone."""
        now = self.world.now
        if self.quiet is None or now + seconds > self.quiet.until:
            self.quiet = Quiet(now, now + seconds, to, self.store.losses)

    def request(self, what: str, looked: float) -> None:
        """A request leaves a worker, which looked in Redis whether it may when it was `looked`."""
        quiet = self.quiet
        if quiet and quiet.since + IN_FLIGHT < looked < quiet.until and quiet.is_known(self.store.losses):
            left = quiet.until - looked
            self.world.violate("BOUNDED", f"{what} {left:.1f} s before the Retry-After has passed")

    def created(self, thing: Thing, others: list[Thing]) -> None:
        """A new object."""
        twins = [one.id for one in others if one is not thing and one.key == thing.key and not one.foreign]
        if twins:
            self.world.violate("NO DUPLICATES", f"{thing.key} has {thing.id} beside {', '.join(twins)}")

    def changed(self, thing: Thing, former: dict[str, Any], by: Delivery | None, *, removal: bool) -> None:
        """A write has taken effect on an object, which had `former` attributes before."""
        if by is None:
            self.world.violate("OWNERSHIP", f"{thing.id} written outside of any delivery")
            return
        thing.owner = by.record
        if thing.foreign:
            self.world.violate("OWNERSHIP", f"{thing.id}, which is not ours, was written")
        self._order(thing, by)
        self._values(thing, former)
        if removal:
            self._removal(thing, by)
        elif thing.attributes.get("active") and not former.get("active"):
            self._activation(thing, by)

    def _order(self, thing: Thing, by: Delivery) -> None:
        losses, newest = self.newest.get(thing.key, (0, 0))
        if losses == by.losses == self.store.losses and by.version < newest:
            late = self.world.now - by.checked
            # Nobody can call back a request that was sent while its lock was good: it is repaired later.
            sentence = f"{thing.key}: reading {by.version} over {newest}, {late:.1f} s after its check"
            if late < LOCK_TTL:
                self.world.violate("NEVER BACKWARDS", sentence)
            else:
                self.world.note("referee", f"allowed: {sentence}")
        self.newest[thing.key] = (by.losses, by.version)

    def _removal(self, thing: Thing, by: Delivery) -> None:
        """Somebody was deactivated, or a group emptied, for what a reading of Kenjo said."""
        if not by.version:
            return
        reading = self.kenjo.readings[by.version - 1]
        if thing.born < reading.at - SETTLED:
            self._count_removal(thing.key, by.version)
        key = Key.parse(thing.key)
        said = reading.truth.get(key)
        if (
            said is not None
            and said.get("lifecycle", "active") == "active"
            and key.id not in reading.told_gone
        ):
            what = f"reading {by.version} ({reading.fault or 'whole'})"
            self.world.violate("WHOLE", f"{thing.key} removed by {what}, when it was there")

    def _activation(self, thing: Thing, by: Delivery) -> None:
        """Somebody was given access for what a reading of Kenjo said."""
        if not by.version:
            return
        reading = self.kenjo.readings[by.version - 1]
        if (said := _says(reading, Key.parse(thing.key))) != "active":
            what = f"reading {by.version} ({reading.fault or 'whole'})"
            self.world.violate("WHOLE", f"{thing.key} activated by {what}, when it was {said}")

    def _values(self, thing: Thing, former: dict[str, Any]) -> None:
        """Nothing is ever given that Kenjo has never said of this record."""
        key = Key.parse(thing.key)
        for name in ("userName", "title", "alias", "displayName"):
            value = thing.attributes.get(name)
            if value != former.get(name) and value not in self.kenjo.said[key, name]:
                self.world.violate("WHOLE", f"{thing.key} was given {name} {value!r}, which Kenjo never said")
        for id_ in set(thing.attributes.get("members") or ()) - set(former.get("members") or ()):
            self._member(key, id_)

    def _count_removal(self, key: str, version: int) -> None:
        removed = self.removed[version]
        before = len(removed)
        if key not in self.approved and Key.parse(key).kind is Kind.PERSON:
            removed.add(key)
        if before < len(removed) == LIMIT.count + SLACK + 1:
            self.world.violate("HELD", f"reading {version} removed {len(removed)} people, nobody was asked")

    def _member(self, team: Key, id_: str) -> None:
        """An account was put into a group."""
        person = self.things[id_].key
        if person and Key.parse(person).id not in self.kenjo.said[team, "members"]:
            self.world.violate("WHOLE", f"{person} was put into {team}, where Kenjo never had them")

    def members_taken_out(self, group: Thing, members: list[Thing], by: Delivery | None) -> None:
        """Members of a group were taken out for what a reading of Kenjo said."""
        if by is None or not by.version or by.losses != self.store.losses:
            return
        reading = self.kenjo.readings[by.version - 1]
        key = Key.parse(group.key)
        if key.id in reading.unusable:
            return
        said = set(reading.truth.get(key, {}).get("members", ())) - reading.unusable
        for one in members:
            if one.key and Key.parse(one.key).id in said:
                self.world.violate(
                    "WHOLE", f"{one.key} taken out of {group.key}, where reading {by.version} has it"
                )


def _says(reading: Reading, key: Key) -> str:
    """Where a record stood when a reading was made; a team that is there is active."""
    data = reading.truth.get(key)
    return "gone" if data is None else str(data.get("lifecycle", "active"))
