"""The target: it finds, reads and sends. `workers/targets/base.py` says what each method has to do.

It returns, or raises one of `bridge.errors`, which say what happens next: RecordRejected (a person has to
look), TryLater, TargetHalted (nothing can be sent, such as with wrong credentials), Conflict, NotFound. It
never sleeps, retries or logs, and no error repeats a personal value.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import yaml

from bridge.config.section import LocalPath
from bridge.config.settings import TargetSettings
from bridge.errors import Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Applied, Change, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.calls import note
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, one_by_one

from .changes import LOOKED_UP, change, keys
from .server import Folder, Refused, Thing

MAPPING = yaml.safe_load(importlib.resources.files(__package__).joinpath("mapping.yaml").read_text("utf-8"))


class Settings(TargetSettings):
    """A folder of JSON files."""

    # A tool with an HTTP API: derive from `HttpTarget` (base_url) or `BearerTarget` (a token too), and let
    # each credential be a `Secret`. `init` asks for all settings that have no default.
    url_setting = "folder"

    folder: LocalPath
    """The folder that people and teams are written to. A relative path starts at the configuration file."""

    @property
    def server(self) -> str:
        """What no other target may lead to."""
        return f"{self.kind} {self.folder}"


class MytoolTarget(Target):
    """See `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, server: Folder) -> None:
        self._server = server

    async def check(self) -> Greeting:
        """Read something, so that `kenjo-bridge check` says whether it works. Writes nothing."""
        return Greeting((f"mytool, {counted(await self.size(), 'person', 'people')}",))

    async def size(self) -> int:
        """How many people there are."""
        with _told():
            return len(self._server.all(Kind.PERSON))

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002
        """Look up by each attribute in turn. Look-ups here are exact, so `thorough` finds no more."""
        with _told():
            there = self._server.all(wanted.key.kind)
        for name, value in keys(wanted.key.kind, wanted.attributes):
            if hits := [id_ for id_, thing in there.items() if str(thing.get(name) or "") == value]:
                return [_remote(id_, there[id_], wanted, name) for id_ in hits]
        return []

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """What `find` looks for."""
        return keys(wanted.key.kind, wanted.attributes)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects: a large load reads them once. Whole, as a folder has an end."""
        with _told():
            there = self._server.all(kind)
        yield Page(tuple(Remote(id_, keys=frozenset(keys(kind, one))) for id_, one in there.items()), True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """One object, if it is there."""
        with _told():
            thing = self._server.get(key.kind, remote_id)
        if thing is None:
            return None
        carries = thing.get("kenjoId") or ""
        return Remote(remote_id, thing.get("active"), external_id=carries, content=thing)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs."""
        return change(wanted, there)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Write each object by itself. A tool that takes many at once gets them in one request here."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        kind = change.key.kind
        id_ = change.remote_id or f"{kind[0]}{change.key.id}"  # as a rule the tool gives one
        await permit.ask()  # before each single write; from here on nothing is waited for
        with _told():
            there = self._server.get(kind, id_)
            if change.outcome is Outcome.CREATED:
                self._see_that_it_is_new(kind, change.content)
            elif there is None and change.outcome is Outcome.UPDATED:
                raise NotFound("is not there any more")
            elif there is None:
                return Applied(id_, Outcome.UNCHANGED, open=False)
            thing = None if change.outcome is Outcome.DELETED else {**(there or {}), **change.content}
            self._server.write(kind, id_, thing)
        note("delete the file" if thing is None else "write the file", "done", 0.0)  # HTTP is noted by itself
        # What the tool answers says whether the person can get in now: None where it does not.
        return Applied(id_, change.outcome, thing.get("active") if thing else None)

    def _see_that_it_is_new(self, kind: Kind, thing: Thing) -> None:
        for other in self._server.all(kind).values():
            if any(thing.get(name) and thing.get(name) == other.get(name) for name in LOOKED_UP[kind]):
                raise Conflict("there is one already")


@contextmanager
def _told() -> Iterator[None]:
    """Say what went wrong by what happens next, in sentences without values."""
    try:
        yield
    except Refused:
        raise RecordRejected("mytool does not take this") from None
    except PermissionError:
        raise TargetHalted("the folder may not be used: let the bridge's user write to it") from None
    except OSError as error:
        raise TryLater(f"mytool cannot be reached ({error.strerror})", unreachable=True) from None


def _remote(id_: str, thing: Thing, wanted: Wanted, by: str) -> Remote:
    """Somebody who was found. Whose it is tells Kenjo's id at the object."""
    own, carries = wanted.attributes.get("kenjoId") or "", thing.get("kenjoId") or ""
    return Remote.found(id_, thing.get("active"), own=own, carries=carries, by=by)


def _connect(settings: Settings, _tools: Tools) -> MytoolTarget:
    return MytoolTarget(Folder(settings.folder))


def check_attribute(name: str) -> str | None:
    """What is wrong with a name in `map`, if anything."""
    known = sorted({*MAPPING[Kind.PERSON], *MAPPING[Kind.TEAM]})
    return None if name in known else f"mytool has no attribute '{name}'; there is: {', '.join(known)}"


ADAPTER = Adapter(settings=Settings, mapping=MAPPING, connect=_connect, check_attribute=check_attribute)
