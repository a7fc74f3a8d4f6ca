"""A model of a directory at the other end: accounts and groups behind a small HTTP-like API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bridge.model import Key, Kind
from tests.simulation.company import FOREIGN_ALIAS, REFUSED
from tests.simulation.kenjo import Kenjo
from tests.simulation.process import Delivery
from tests.simulation.referee import Referee
from tests.simulation.things import Thing
from tests.simulation.world import World

KEYS = {Kind.PERSON: ("externalId", "userName", "alias"), Kind.TEAM: ("externalId", "displayName")}
"""What no two objects may share, where the directory is strict about it; nobody looks up an alias."""


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of an answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Directory:
    """One directory.

    `down`: it never answers, all the time; `halted`: it refuses the token for now; `unheard`: records of
    which it did not do what it said that it did; `unknown`: the references that were there when Redis lost
    the ledger, by object; `unlinked`: the objects that were there when it lost everything; `unfinished`:
    those without a link when it lost records; `first`: the directory that it comes after.

    What differs from kind to kind is in `tests.simulation.tempers`. `kind` is its name there; `keys`: what no
    two objects may share; `strict`: it never takes a second object with the same keys, whatever the odds are;
    `is_shared`: others write there, too; `has_objects`: what it holds is judged as accounts and groups,
    else `flaws` says all that is wrong.
    """

    kind: ClassVar[str] = "scim"
    keys: ClassVar[Mapping[Kind, tuple[str, ...]]] = KEYS
    strict: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False
    has_objects: ClassVar[bool] = True

    def __init__(
        self, world: World, name: str, kenjo: Kenjo, referee: Referee, *, down: bool = False
    ) -> None:
        self.world = world
        self.name = name
        self.referee = referee
        self.kenjo = kenjo
        self.down = down
        self.halted = False
        self.first: Directory | None = None
        self.things = referee.things
        self.unheard: set[str] = set()
        self.unknown: dict[str, dict[str, Any]] = {}
        self.unlinked: set[str] = set()
        self.unfinished: set[str] = set()
        self._count = 0
        self._furnish(kenjo)
        referee.store.on_hand_over.append(self._passes)

    def _passes(self, lock: str, owner: str, heir: str) -> None:
        """An object has passed from one record to another, here or at another target."""
        if f":target:{self.name}:" in lock:
            self.referee.passes(owner, heir)

    def _furnish(self, kenjo: Kenjo) -> None:
        """Accounts from before the bridge: one of nobody, one to be adopted, two that match one person."""
        self._add(
            Kind.PERSON, {"userName": "cto@example.com", "alias": FOREIGN_ALIAS}, by_hand=True, foreign=True
        )
        active = [key.id for key, data in kenjo.truth().items() if data.get("lifecycle") == "active"]
        for id_ in active[:1]:
            self._add(Kind.PERSON, {"userName": kenjo.people[id_].email, "title": "Old"}, by_hand=True)
        if self.world.random.random() < 0.3:
            for id_ in active[1:2] * 2:
                self._add(Kind.PERSON, {"userName": kenjo.people[id_].email}, by_hand=True, foreign=True)
        if self.world.odds.strangers:
            marks: tuple[dict[str, Any], ...] = ({"active": False}, {"externalId": "hr-77", "active": True})
            for id_, mark in zip(active[2:4], marks, strict=False):
                attributes = {"userName": kenjo.people[id_].email, **mark}
                self._add(Kind.PERSON, attributes, by_hand=True, foreign=True)

    def _add(
        self, kind: Kind, attributes: dict[str, Any], *, by_hand: bool = False, foreign: bool = False
    ) -> Thing:
        self._count += 1
        id_ = f"{'a' if kind is Kind.PERSON else 'g'}{self._count}"
        born = -60.0 if by_hand else self.world.now
        thing = self.things[id_] = Thing(id_, kind, attributes, born, foreign)
        return thing

    def of(self, kind: Kind, external_id: str) -> list[Thing]:
        """The objects of a record that are not foreign."""
        key = f"{kind}:{external_id}"
        return [one for one in self.things.values() if one.key == key and not one.foreign]

    def perhaps(self, kind: Kind, external_id: str) -> set[str]:
        """The ids of a record's objects, with one that may be adopted without having been written yet."""
        addresses = self.kenjo.said[Key(kind, external_id), "userName"]
        by_hand = (one for one in self.things.values() if not one.foreign and not one.key)
        adoptable = {one.id for one in by_hand if one.attributes.get("userName") in addresses}
        return {one.id for one in self.of(kind, external_id)} | adoptable

    def remember(self) -> None:
        """Redis has lost data: nobody knows any more who gave what is here now."""
        for thing in self.things.values():
            self._forget(thing)

    def forget_references(self) -> None:
        """The ledger was lost: nobody knows which members and managers we gave. Links tell of accounts."""
        for thing in self.things.values():
            self._forget_references(thing)

    def forget_unfinished(self, linked: set[str]) -> None:
        """Records were lost: what a create had made whose answer was lost, nobody looks for any more."""
        self.unfinished |= {id_ for id_, one in self.things.items() if one.key and one.key not in linked}

    def forget_unmarked(self) -> None:
        """Links were lost: of accounts that do not carry an id nobody knows any more whose they are."""
        unmarked = {id_ for id_, one in self.things.items() if not one.attributes.get("externalId")}
        for group in self.things.values():
            if lost := unmarked.intersection(group.attributes.get("members") or ()):
                former = self.unknown.setdefault(group.id, {})
                former["members"] = sorted({*former.get("members", ()), *lost})

    def _forget(self, thing: Thing) -> None:
        self.unlinked.add(thing.id)
        if thing.given:  # and was not written since: a person's word may be lost, too
            thing.foreign, thing.given = True, ""
        self._forget_references(thing)

    def _forget_references(self, thing: Thing) -> None:
        former = self.unknown.get(thing.id, {})
        members = {*former.get("members", ()), *(thing.attributes.get("members") or ())}
        self.unknown[thing.id] = {"manager": thing.attributes.get("manager"), "members": sorted(members)}

    def flaws(self) -> Iterator[str]:
        """What is not as it should be in the end, apart from what every directory holds of a record."""
        yield from ()

    @property
    def is_idle(self) -> bool:
        """Whether all that was taken is done."""
        return True

    def others_write(self) -> None:
        """Somebody else, a person or a program, uses the directory."""

    def _written(self, thing: Thing, former: dict[str, Any], by: Delivery | None, *, emptied: bool) -> None:
        self.referee.changed(thing, former, by, emptied=emptied)
        if by and by.losses != self.referee.store.losses:
            self._forget(thing)  # sent before Redis lost its data: nobody knows of this, either

    def throttles(self) -> Reply:
        """What is answered when there are too many requests."""
        return Reply(429, headers={"Retry-After": str(self.world.random.randint(2, 30))})

    def lets_go(self, rows: int) -> bool:  # noqa: ARG002 - nothing is published here
        """Whether a person lets the next publication tell of so many less, and notes that."""
        return False

    # The API

    def handle(self, method: str, path: str, params: Any, body: Any, by: Delivery | None) -> Reply:
        """Answer one request, and do at once what it asks for."""
        kind = Kind(path.split("/")[1])
        self.referee.tries += method != "GET"
        if method == "GET" and path.count("/") == 1:
            return self._find(kind, params)
        if path.endswith("/list"):
            return self._list(kind, params["after"])
        if path == "/person/size":
            return Reply(200, sum(1 for one in self.things.values() if one.kind is Kind.PERSON))
        if method == "POST" and path.count("/") == 1:
            return self._create(kind, body, by)
        thing = self._at(kind, path.split("/")[2])
        return Reply(404) if thing is None else self._on(thing, method, path, body, by)

    def _at(self, kind: Kind, name: str) -> Thing | None:
        """The object that a path leads to."""
        thing = self.things.get(name)
        return thing if thing and thing.kind is kind else None

    def _on(self, thing: Thing, method: str, _path: str, body: Any, by: Delivery | None) -> Reply:
        """Answer a request about one object."""
        if method == "GET":
            return Reply(200, {"id": thing.id, **self._shown(thing)})
        return self._change(thing, body, by)

    def _is_found(self, thing: Thing) -> bool:
        """Whether look-ups and lists show an object: new ones come late."""
        return thing.born <= self.world.now - (self.world.odds.lag if self.world.faulty else 0.0)

    def _find(self, kind: Kind, params: dict[str, str]) -> Reply:
        ((name, value),) = params.items()
        found = [one for one in self.things.values() if one.kind is kind and self._is_found(one)]
        hits = [one for one in found if one.attributes.get(name) == value]
        return Reply(200, [{"id": one.id, **one.attributes} for one in hits])

    def _list(self, kind: Kind, after: str) -> Reply:
        """The next few objects, in the order of their making."""
        there = [one for one in self.things.values() if one.kind is kind and self._is_found(one)]
        start = next((i + 1 for i, one in enumerate(there) if one.id == after), 0)
        return Reply(200, [{"id": one.id, **one.attributes} for one in there[start : start + 7]])

    def _create(self, kind: Kind, body: dict[str, Any], by: Delivery | None) -> Reply:
        if error := self._refusal(kind, None, body):
            return error
        thing = self._add(kind, dict(body))
        self._comes(thing, by)
        self._hears(thing, False, by)
        self._written(thing, {}, by, emptied=False)
        return self._done(201, thing)

    def _comes(self, thing: Thing, by: Delivery | None) -> None:
        """Something is there that was not."""
        self.referee.created(thing, list(self.things.values()), by)
        if thing.kind is Kind.PERSON and not (by and by.waited):  # else it was judged when it was taken
            self._see_order(str(thing.attributes.get("externalId")))

    def _see_order(self, id_: str) -> None:
        """Somebody comes here, who has to be at the first directory by now."""
        if self.first and not self.first.of(Kind.PERSON, id_):
            self.world.violate("ORDER", f"{id_} comes to {self.name}, and is not at {self.first.name} yet")

    def _change(self, thing: Thing, body: dict[str, Any], by: Delivery | None) -> Reply:
        """`set` attributes, `add` and `remove` members; `end` says that it is a removal."""
        return self._become(thing, {**thing.attributes, **body.get("set", {})}, body, by)

    def _become(
        self, thing: Thing, wanted: dict[str, Any], body: dict[str, Any], by: Delivery | None
    ) -> Reply:
        """Give an object the attributes that are wanted, and move members in and out."""
        if error := self._refusal(thing.kind, thing, wanted):
            return error
        former, thing.attributes = thing.attributes, wanted
        self._hears(thing, former.get("active"), by)
        if thing.kind is Kind.TEAM:
            members = set(wanted.get("members") or ()) | set(body.get("add", ()))
            taken_out = members & set(body.get("remove", ()))
            thing.attributes["members"] = sorted(members - taken_out)
            self.referee.members_taken_out(thing, [self.things[id_] for id_ in sorted(taken_out)], by)
        self._written(thing, former, by, emptied=bool(body.get("end")) and thing.kind is Kind.TEAM)
        return self._done(200, thing)

    def _hears(self, thing: Thing, active: Any, by: Delivery | None) -> None:
        """Leave access as it was, now and then, whatever was asked for, and tell nobody."""
        asked = thing.attributes.get("active")
        matters = thing.kind is Kind.PERSON and active is not None and asked is not active
        if by is None or not matters or not self.world.chance(self.world.odds.deaf):
            self.referee.ignored.pop(thing.id, None)
            return
        thing.attributes = {**thing.attributes, "active": active}
        self.unheard.add(by.record)
        self.referee.ignored[thing.id] = by
        self.world.note(self.name, f"!! leaves {thing.id} active {active}")

    def _done(self, status: int, thing: Thing) -> Reply:
        """An answer that shows what is there now, or nothing of it."""
        if status == 200 and self.world.odds.deaf and self.world.random.random() < 0.4:
            return Reply(204)
        return Reply(status, {"id": thing.id, **self._shown(thing)})

    def _shown(self, thing: Thing) -> dict[str, Any]:
        """What a directory shows of an object: of a group perhaps only the first members."""
        members = thing.attributes.get("members")
        if members is None or not self.world.odds.partial:
            return thing.attributes
        return {**thing.attributes, "members": members[:2]}

    def _refusal(self, kind: Kind, thing: Thing | None, wanted: dict[str, Any]) -> Reply | None:
        if wanted.get("title") == REFUSED:
            return Reply(400)
        if unknown := [one for one in wanted.get("members") or () if one not in self.things]:
            return Reply(400, unknown)
        # An alias is always unique, so that there are conflicts that no look-up explains.
        names = self.keys[kind] if self.strict or self.world.odds.unique else ("alias",)
        for other in self.things.values():
            if other is thing or other.kind is not kind:
                continue
            if any(wanted.get(name) and wanted[name] == other.attributes.get(name) for name in names):
                return Reply(409)
        return None
