"""A target without HTTP, written as a reference: what `workers.targets.base.Target` asks for, and no more.

Its server is a shelf of objects: in memory, or a folder in which each object is a file that is renamed into
its place. Both keep count of what was written, and can fail.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bridge.config.settings import TargetSettings
from bridge.errors import Conflict, NotFound, RecordRejected, TryLater
from bridge.exchange import Applied, Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.calls import note
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, one_by_one

Thing = dict[str, Any]

LOOKED_UP = {Kind.PERSON: ("externalId", "userName"), Kind.TEAM: ("externalId", "displayName")}
"""What an object is found by, and what no two objects may share."""

MAPPING: dict[str, Any] = {
    Kind.PERSON: {
        "externalId": "person.id",
        "userName": "person.account.email",
        "title": "person.work.jobTitle",
        "active": 'person.lifecycle == "active"',
        "manager": "person.work.reportsToId",
    },
    Kind.TEAM: {"externalId": "team.id", "displayName": "team.name", "members": "team.members"},
    "access": "active",
    "references": {"manager": "person", "members": "person"},
    "required": {Kind.PERSON: ["userName"], Kind.TEAM: ["displayName"]},
}


class Shelf:
    """Objects by kind and id, in memory. `writes` are those that were made."""

    def __init__(self) -> None:
        self.writes: list[tuple[Kind, str]] = []
        self._things: dict[Kind, dict[str, Thing]] = {kind: {} for kind in Kind}
        self._lose = self._refuse = False

    def lose(self) -> None:
        """Let the next write be done, and its answer get lost."""
        self._lose = True

    def refuse(self) -> None:
        """Refuse the next write for what is in it."""
        self._refuse = True

    def things(self, kind: Kind) -> dict[str, Thing]:
        """All objects of a kind, by id."""
        return self._things[kind]

    def write(self, kind: Kind, id_: str, thing: Thing | None) -> None:
        """Put an object in its place, None to take it away. Raises ValueError; afterwards TimeoutError."""
        if self._refuse:
            self._refuse = False
            raise ValueError
        self.writes.append((kind, id_))
        self._put(kind, id_, thing)
        if self._lose:
            self._lose = False
            raise TimeoutError

    def _put(self, kind: Kind, id_: str, thing: Thing | None) -> None:
        if thing is None:
            self._things[kind].pop(id_, None)
        else:
            self._things[kind][id_] = thing


class Folder(Shelf):
    """The same in a folder: `person/7.json`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        for kind in Kind:
            (path / kind).mkdir(parents=True, exist_ok=True)

    def things(self, kind: Kind) -> dict[str, Thing]:
        """Read all files of a kind."""
        return {
            file.stem: json.loads(file.read_text()) for file in sorted((self._path / kind).glob("*.json"))
        }

    def _put(self, kind: Kind, id_: str, thing: Thing | None) -> None:
        file = self._path / kind / f"{id_}.json"
        if thing is None:
            file.unlink(missing_ok=True)
        else:
            beside = file.with_suffix(".new")
            beside.write_text(json.dumps(thing))
            beside.replace(file)


class ShelfTarget(Target):
    """See `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def check(self) -> Greeting:
        """Count the people."""
        return Greeting((f"a shelf, {await self.size()} people",))

    async def size(self) -> int:
        """How many people are on the shelf."""
        return len(self._shelf.things(Kind.PERSON))

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact
        """Look up by each attribute in turn."""
        kind, own = wanted.key.kind, wanted.attributes.get("externalId") or ""
        for name in LOOKED_UP[kind]:
            if not (value := wanted.attributes.get(name)):
                continue
            there = self._shelf.things(kind)
            if hits := [id_ for id_, thing in there.items() if thing.get(name) == value]:
                return [_found(id_, there[id_], own, name) for id_ in hits]
        return []

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """What `find` looks for."""
        return _keys(wanted.key.kind, wanted.attributes)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """Everything on the shelf, on one page."""
        there = self._shelf.things(kind)
        yield Page(tuple(Remote(id_, keys=frozenset(_keys(kind, one))) for id_, one in there.items()), True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """One object, if it is there."""
        thing = self._shelf.things(key.kind).get(remote_id)
        if thing is None:
            return None
        carries = thing.get("externalId") or ""
        return Remote(remote_id, thing.get("active"), external_id=carries, content=thing)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs; the members of a group that others have given it stay."""
        if there is None:
            return None if wanted.removal else _change(wanted, Outcome.CREATED, None, {}, wanted.attributes)
        if wanted.removal == "delete":
            return Change(wanted.key, Outcome.DELETED, there.id)
        if there.content is None:
            raise NotFound("is not on the shelf")
        if wanted.removal and wanted.key.kind is Kind.PERSON:
            return _change(wanted, Outcome.DEACTIVATED, there.id, there.content, {"active": False})
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        attributes = dict(wanted.attributes)
        if wanted.key.kind is Kind.TEAM:
            ours = attributes.get("members") or []
            others = set(there.content.get("members") or []) - wanted.released
            attributes["members"] = sorted({*others, *ours})
        return _change(wanted, outcome, there.id, there.content, attributes)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Write each object by itself."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        kind, id_ = change.key.kind, change.remote_id or f"{change.key.kind[0]}{change.key.id}"
        await permit.ask()  # from here on nothing is waited for
        there = self._shelf.things(kind).get(id_)
        if change.outcome is Outcome.CREATED:
            self._see_that_it_is_new(kind, change.content)
        elif there is None:
            if change.outcome in (Outcome.DELETED, Outcome.DEACTIVATED):
                return Applied(id_, Outcome.UNCHANGED, open=False)
            raise NotFound("is not on the shelf")
        thing = None if change.outcome is Outcome.DELETED else {**(there or {}), **change.content}
        try:
            self._shelf.write(kind, id_, thing)
        except ValueError:
            raise RecordRejected("the shelf does not take this") from None
        except TimeoutError:
            raise TryLater("no answer", unreachable=True) from None
        note("write", "done", 0.0)
        return Applied(id_, change.outcome, thing.get("active") if thing else None)

    def _see_that_it_is_new(self, kind: Kind, thing: Thing) -> None:
        for other in self._shelf.things(kind).values():
            if any(thing.get(name) and thing.get(name) == other.get(name) for name in LOOKED_UP[kind]):
                raise Conflict("there is one already")


def _keys(kind: Kind, attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an object is looked up by."""
    return [(name, str(attributes[name])) for name in LOOKED_UP[kind] if attributes.get(name)]


def _change(
    wanted: Wanted, outcome: Outcome, remote_id: str | None, there: Thing, attributes: Any
) -> Change | None:
    """A change of what differs, None for nothing."""
    content = {name: value for name, value in attributes.items() if there.get(name) != value}
    fields = [FieldChange(name, there.get(name), value) for name, value in content.items()]
    return Change(wanted.key, outcome, remote_id, content, lambda: fields) if content else None


def _found(id_: str, thing: Thing, own: str, by: str) -> Remote:
    carries = thing.get("externalId") or ""
    return Remote.found(id_, thing.get("active"), own=own, carries=carries, by=by)


class ShelfSettings(TargetSettings):
    """A folder as a target. `path` is where it is."""

    path: Path

    @property
    def server(self) -> str:
        """The folder."""
        return f"{self.kind} {self.path}"


def _connect(settings: ShelfSettings, _tools: Tools) -> ShelfTarget:
    return ShelfTarget(Folder(settings.path))


def check_attribute(name: str) -> str | None:
    """A shelf knows what the mapping knows."""
    known = {*MAPPING[Kind.PERSON], *MAPPING[Kind.TEAM]}
    return None if name in known else f"a shelf has no attribute '{name}'"


ADAPTER = Adapter(ShelfSettings, MAPPING, _connect, check_attribute)
