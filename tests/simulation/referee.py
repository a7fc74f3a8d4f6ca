"""Watches what happens at a directory, and knows what was promised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.config.target_settings import Limit
from bridge.model import Key, Kind, State
from bridge.store.deliveries import LOCK_TTL
from tests.simulation.kenjo import Kenjo, Reading
from tests.simulation.process import Delivery, Process
from tests.simulation.store import Store
from tests.simulation.things import Thing
from tests.simulation.world import World

LIMITS = (Limit(count=5, percent=10), Limit(count=1, percent=30))
"""How many may be removed within the window; there are so few people that only the second one's percentage
matters."""

WINDOW = 24 * 3600.0
"""Seconds for which the limits look back: only a machine that sleeps outlives them."""

IN_FLIGHT = 1.0
"""Seconds after a Retry-After came, in which the other workers may not know of it yet."""

COUNTED = 60.0
"""Seconds that may pass between a poll that counts who is in use and what is done for it."""


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

    `things`: what is there; `newest`: by record, which reading of Kenjo its newest write was from; `closed`:
    by record, when its account was closed without a person's word, and how often Redis had lost data by then;
    `approved`: whose removal a person has let go, and `let_go`: when they were closed; `chosen`: objects that
    a person has given to a record, `inherited` those that passed to it from a team that was no more;
    `ignored`: by object, who asked in vain to open or close it; `doubled`: records with a second object by a
    create that left long after its check; `undone`: records for which somebody has put back what a run took;
    `tries`: requests to write, refused or not; `most`: how many accounts there were in use, at most.
    """

    world: World
    kenjo: Kenjo
    store: Store
    limit: Limit
    things: dict[str, Thing] = field(default_factory=dict)
    tries: int = 0
    most: int = 0
    newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    quiet: Quiet | None = None
    closed: dict[str, tuple[float, int]] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    let_go: dict[str, float] = field(default_factory=dict)
    chosen: set[tuple[str, str]] = field(default_factory=set)
    inherited: set[tuple[str, str]] = field(default_factory=set)
    ignored: dict[str, Delivery] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)

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

    def called_done(self, process: str, record: str, state: str, *, misconfigured: bool) -> None:
        """A ledger says of a record that it is applied or removed.

        Only under the settings of the write that was ignored: under others something else may be wanted.
        """
        now = process, record, self.store.losses, misconfigured
        for id_, by in self.ignored.items():
            is_open = self.things[id_].is_open
            ours = (by.process, by.record, by.losses, by.misconfigured) == now
            if ours and is_open is (state == State.REMOVED):
                said = "open" if is_open else "closed"
                self.world.violate("SEEN", f"{record} is called {state}, and {id_} is {said}")

    def created(self, thing: Thing, others: list[Thing], by: Delivery | None) -> None:
        """A new object."""
        twins = [one.id for one in others if one is not thing and one.key == thing.key and not one.foreign]
        if not twins:
            return
        sentence = f"{thing.key} has {thing.id} beside {', '.join(twins)}"
        if by is None:
            self.world.violate("NO DUPLICATES", sentence)
        elif self._late("NO DUPLICATES", sentence, by):
            self.doubled.add(thing.key)

    def changed(self, thing: Thing, former: dict[str, Any], by: Delivery | None, *, emptied: bool) -> None:
        """A write has taken effect on an object, which had `former` attributes; `emptied`: a group was."""
        if by is None:
            self.world.violate("OWNERSHIP", f"{thing.id} written outside of any delivery")
            return
        self._ownership(thing, former, by)
        self._order(by)
        self._values(thing, former, by)
        was_open = bool(former.get("active"))
        # One that was there and did not show whether it gives access was in use, see `_is_in_use`.
        unknown = thing.kind is Kind.PERSON and bool(former) and "active" not in former
        said = "active" in thing.attributes  # a write of other values leaves it unknown
        if (was_open or unknown) and said and not thing.is_open:
            self._count_closed(thing, by)
        if thing.is_open:
            self.closed.pop(thing.key, None)
        if emptied or (was_open and not thing.is_open):
            self._removal(thing, by)
        elif thing.is_open and not was_open:
            self._activation(thing, by)

    def _ownership(self, thing: Thing, former: dict[str, Any], by: Delivery) -> None:
        """What is somebody else's is written only when a person has given it to this record."""
        id_ = former.get("externalId")
        owner = f"{thing.kind}:{id_}" if id_ else by.record
        if (thing.id, by.record) in self.chosen:
            thing.foreign = False
        elif thing.foreign:
            self.world.violate("OWNERSHIP", f"{thing.id}, which is not ours, was written for {by.record}")
        elif (thing.id, by.record) in self.inherited:
            pass  # it passed when its team was no more, whatever has come back since
        elif owner != by.record and thing.losses == self.store.losses and not self._is_orphan(owner):
            # That it has passed from one record of ours to another may be lost with Redis.
            self._late("OWNERSHIP", f"{thing.id}, which is {owner}'s, was written for {by.record}", by)
        thing.owner, thing.losses = by.record, by.losses
        if thing.given == by.record and thing.attributes.get("externalId") == Key.parse(by.record).id:
            thing.given = ""

    def passes(self, owner: str, heir: str) -> None:
        """The ledger gives a record what another one has."""
        if owner and owner != heir and self._is_orphan(owner):
            self.inherited |= {(one.id, heir) for one in self.things.values() if one.key == owner}

    def _late(self, promise: str, what: str, by: Delivery) -> bool:
        """Whether nobody is to blame: what was sent while its lock was good cannot be called back."""
        late = self.world.now - by.checked
        sentence = f"{what}, {late:.1f} s after its check"
        if late < LOCK_TTL:
            self.world.violate(promise, sentence)
            return False
        self.world.note("referee", f"allowed: {sentence}")
        return True

    def _is_orphan(self, owner: str) -> bool:
        """Whether a group's team is no more, so that one of the same name may have it."""
        key, known = Key.parse(owner), self.store.versions.get(owner, 0)
        # As far as the bridge knows: it may have come back since.
        said = self.kenjo.readings[known - 1].truth if known else self.kenjo.truth()
        return key.kind is Kind.TEAM and not (key in said and key in self.kenjo.truth())

    def _order(self, by: Delivery) -> None:
        # Of the record that was delivered: an object that was handed over still carries the old one's id.
        losses, newest = self.newest.get(by.record, (0, 0))
        if losses == by.losses == self.store.losses and by.version < newest:
            self._late("NEVER BACKWARDS", f"{by.record}: reading {by.version} over {newest}", by)
        self.newest[by.record] = (by.losses, by.version)

    def _is_in_use(self, thing: Thing) -> bool:
        """Whether an account gives access, or was to, or may, as far as the bridge was told."""
        # One that a person has given to a record, and that was not written since, is to give access.
        may = "active" not in thing.attributes or thing.id in self.ignored or bool(thing.given)
        return not thing.foreign and (thing.is_open or (thing.kind is Kind.PERSON and may))

    def _count_closed(self, thing: Thing, by: Delivery) -> None:
        """How many accounts were closed together, and are so still, and nobody was asked.

        What was sent before Redis lost its data is forgotten with all that was done by then.
        """
        key, now, losses = thing.key, self.world.now, self.store.losses
        if key in self.approved:
            self.approved.discard(key)
            self.let_go[key] = now
            return
        self.closed[key] = now, by.losses
        lately = [one for one, (at, lost) in self.closed.items() if lost == losses and now - at < WINDOW]
        in_use = sum(1 for one in self.things.values() if self._is_in_use(one))
        let_go = sum(1 for at in self.let_go.values() if now - at < COUNTED)
        self.most = max(self.most, in_use + len(lately) + let_go)
        if len(lately) > self.limit.count and len(lately) * 100 > self.limit.percent * self.most:
            self.world.violate("HELD", f"{len(lately)} of {self.most} were closed, nobody was asked")

    def _removal(self, thing: Thing, by: Delivery) -> None:
        """Somebody was deactivated, or a group emptied, for what a reading of Kenjo said of that record.

        Whether the object is that record's is another question, see `_ownership`.
        """
        if not by.version or by.misconfigured:
            return
        reading, key = self.kenjo.readings[by.version - 1], Key.parse(by.record)
        if key.id not in reading.told_gone and _says(reading, key) == "active":
            self._wrong(thing.key, "removed", by, "it was there")

    def _activation(self, thing: Thing, by: Delivery) -> None:
        """Somebody was given access for what a reading of Kenjo said."""
        if not by.version or thing.key in self.undone:
            return
        said = _says(self.kenjo.readings[by.version - 1], Key.parse(thing.key))
        if said != "active":
            self._wrong(thing.key, "activated", by, f"it was {said}")

    def _values(self, thing: Thing, former: dict[str, Any], by: Delivery | None) -> None:
        """Nothing is ever given that Kenjo has never said of this record.

        What was sent for another record, before a person gave the object to this one, may be done only now.
        """
        key = Key.parse(thing.key)
        was_of = Key.parse(by.record) if by and thing.given_at > by.began else key
        for name in ("userName", "title", "alias", "displayName"):
            value = thing.attributes.get(name)
            if value == former.get(name) or self._was_said(was_of, name, value) or thing.key in self.undone:
                continue  # an undo may put back what an account had before it was anybody's
            if not self._was_said(key, name, value):
                self.world.violate("WHOLE", f"{key} was given {name} {value!r}, which Kenjo never said")
        for id_ in set(thing.attributes.get("members") or ()) - set(former.get("members") or ()):
            if by and self.things[id_].given_at > by.began:
                continue
            person = self.things[id_].key
            if person and Key.parse(person).id not in self.kenjo.said[key, "members"]:
                self.world.violate("WHOLE", f"{person} was put into {key}, where Kenjo never had them")

    def _was_said(self, key: Key, name: str, value: Any) -> bool:
        """Whether Kenjo ever had a value of a record; what nobody has may stand in while two swap theirs."""
        if value in self.kenjo.said[key, name]:
            return True
        unique = name == "userName" or (name == "displayName" and key.kind is Kind.TEAM)
        return unique and value is not None and not self.kenjo.is_somebodys(name, value)

    def members_taken_out(self, group: Thing, members: list[Thing], by: Delivery | None) -> None:
        """Members of a group were taken out for what a reading of Kenjo said."""
        if by is None or not by.version or by.losses != self.store.losses or by.misconfigured:
            return
        reading, key = self.kenjo.readings[by.version - 1], Key.parse(group.key)
        if key.id in reading.unusable:
            return
        said = _members(reading, key) - reading.unusable
        said -= {id_ for id_ in reading.lacks & said if not self._was_in(key, id_, by.version)}
        for one in members:
            if one.given or one.given_at > by.since:
                continue  # given away while the group was delivered: it is looked at again, see hand_over.lua
            if one.key and (id_ := Key.parse(one.key).id) in said and not self._was_confirmed(key, id_, by):
                self._wrong(one.key, f"taken out of {group.key}", by, "it was in there")

    def _was_confirmed(self, group: Key, id_: str, by: Delivery) -> bool:
        """Whether a later reading that was accepted says, of its own knowledge, that somebody is not in it.

        The group's record stays as it was then, and so does its version.
        """
        later = (self.kenjo.readings[one - 1] for one in self.store.accepted if one > by.version)
        return any(id_ not in one.lacks | one.unusable and id_ not in _members(one, group) for one in later)

    def _was_in(self, group: Key, id_: str, version: int) -> bool:
        """Whether the last whole reading before had a person in a group: whom this one lacks stays.

        Not whoever Kenjo said is gone, and no reading has listed since.
        """
        if self._is_known_gone(id_, version):
            return False
        before = (one for one in reversed(self.kenjo.readings[: version - 1]) if not one.fault)
        last = next((one for one in before if id_ not in one.lacks | one.unusable), None)
        return last is None or id_ in _members(last, group)

    def _is_known_gone(self, id_: str, version: int) -> bool:
        for one in reversed(self.kenjo.readings[:version]):
            if id_ in one.told_gone:
                return True
            if Key(Kind.PERSON, id_) in one.truth and id_ not in one.lacks:
                return False
        return False

    def _wrong(self, key: str, what: str, by: Delivery, truth: str) -> None:
        """Something was done that Kenjo gave no reason for."""
        fault = self.kenjo.readings[by.version - 1].fault or "whole"
        self.world.violate("WHOLE", f"{key} {what} by reading {by.version} ({fault}), when {truth}")


def _members(reading: Reading, group: Key) -> set[str]:
    """Who was in a group when a reading was made."""
    return set(reading.truth.get(group, {}).get("members", ()))


def _says(reading: Reading, key: Key) -> str:
    """Where a record stood when a reading was made; a team that is there is active."""
    data = reading.truth.get(key)
    return "gone" if data is None else str(data.get("lifecycle", "active"))
