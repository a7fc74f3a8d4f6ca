"""A receiver of events, which shows nothing: what it was told is noted, before each event and after it.

The receiver keeps the newest state of each object by the events' numbers, and takes no event twice. What it
holds in the end is judged, whatever the notes say.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Applied, Change, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import Permit
from tests.simulation.adapter import Body, ModelTarget, adapter
from tests.simulation.company import REFUSED
from tests.simulation.directory import Directory, Reply
from tests.simulation.kenjo import Kenjo
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing


class WebhookDirectory(Directory):
    """`_numbers`: of each object that of its newest event; `_ids`: of all events that were taken."""

    kind = "webhook"

    def __init__(self, *args: Any, **named: Any) -> None:
        self._numbers: dict[str, int] = {}
        self._ids: dict[str, Body] = {}
        super().__init__(*args, **named)

    def _furnish(self, kenjo: Kenjo) -> None:
        """Nothing is there but what it is told of."""

    def handle(self, method: str, path: str, params: Any, body: Any, by: Delivery | None) -> Reply:
        """Take one event."""
        assert (method, path, params) == ("POST", "/events", None)
        self.referee.tries += 1
        id_, name, number, data = body["id"], body["object"], body["number"], body["data"]
        if data.get("title") == REFUSED:
            return Reply(400)
        if self._ids.setdefault(id_, body) != body:
            self.world.violate("NO DUPLICATES", f"two events have the id {id_}")
        if number <= self._numbers.get(name, 0):
            return Reply(202)  # late, or for the second time
        self._numbers[name] = number
        self._becomes(name, self.things.get(name), data, by)
        return Reply(202)

    def _becomes(self, name: str, there: Thing | None, data: Body, by: Delivery | None) -> None:
        thing = there or Thing(name, Key.parse(name).kind, {}, self.world.now)
        self.things[name] = thing
        former, thing.attributes = thing.attributes, data
        for id_ in data.get("members") or ():  # whoever is in a group may be told of later
            self.things.setdefault(id_, Thing(id_, Kind.PERSON, {}, self.world.now, foreign=True))
        if not former:
            thing.foreign = False
            self._comes(thing, by)
        left = set(former.get("members") or ()) - set(data.get("members") or ())
        known = [self.things[id_] for id_ in sorted(left) if id_ in self.things]
        if thing.losses == self.referee.store.losses:  # else nobody knows any more who was told of as in
            self.referee.members_taken_out(thing, known, by)
        self._written(thing, former, by, emptied=False)


class Note(NamedTuple):
    """`given`: what the receiver acknowledged last, {} for nothing; `sent`: what it may have got since."""

    number: int = 0
    given: Body = {}  # noqa: RUF012 - never changed
    sent: tuple[Body, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Note:
        """Read what `stored` gave."""
        return cls(stored["number"], stored["given"], tuple(stored["sent"])) if stored else cls()

    @property
    def stored(self) -> Body:
        """As JSON values."""
        return {"number": self.number, "given": self.given, "sent": [*self.sent]}

    @property
    def states(self) -> list[Body]:
        """What the receiver has is one of them."""
        return [self.given, *self.sent]

    @property
    def latest(self) -> Body:
        """What was told last, whether it has arrived or not."""
        return self.states[-1]

    @property
    def open(self) -> bool | None:
        """Whether a person has access, None where that depends on what has arrived."""
        found = {state.get("active") is True for state in self.states}
        return found.pop() if len(found) == 1 else None


class WebhookTarget(ModelTarget):
    """Answers from its notes. An object's id is the key of the record that it was told of for."""

    async def check(self) -> Greeting:
        """Nothing can be asked."""
        return Greeting(facts=("model",))

    async def size(self) -> int:
        """How many people it was told of."""
        return sum(key.kind is Kind.PERSON for key in await self._notebook.all())

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact
        """What was told of this record."""
        stored = await self._notebook.get(wanted.key)
        return [_remote(wanted.key, stored, found=True)] if stored else []

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All that was told of."""
        notes = (await self._notebook.all()).items()
        yield Page(tuple(_remote(key, note) for key, note in notes if key.kind is kind), whole=True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:  # noqa: ARG002 - the id says it all
        """What was told of an object."""
        name = Key.parse(remote_id)
        stored = await self._notebook.get(name)
        return _remote(name, stored) if stored else None

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What has to be told so that it is right whichever of the events without an answer has arrived."""
        told_all_the_same = wanted.removal is not None and wanted.key.kind is Kind.PERSON
        if there and there.content is None and not told_all_the_same:
            raise NotFound("nothing is noted of it")
        note: Note = there.content if there and there.content else Note()
        values = dict(wanted.attributes)
        if wanted.removal:
            values = {"active": False} if wanted.key.kind is Kind.PERSON else {}
        data = {**note.latest, **values}
        if wanted.key.kind is Kind.TEAM:
            others = set(note.latest.get("members") or ()) - wanted.released
            data["members"] = sorted({*others, *(values.get("members") or ())})
        if note.given and not note.sent and data == note.given:
            return None
        outcome = Outcome.UPDATED if there else Outcome.CREATED
        outcome = Outcome.DEACTIVATED if wanted.removal else outcome
        return Change(wanted.key, outcome, there.id if there else None, content=data)

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        key = Key.parse(change.remote_id) if change.remote_id else change.key
        former, data = Note.of(await self._notebook.get(key)), change.content
        if change.remote_id is None and former.given:
            raise Conflict("was told of this record before")
        noted = begun(former, data)
        await self._notebook.put(key, noted.stored)
        event = {"id": f"{key} {noted.number}", "object": str(key), "number": noted.number, "data": data}
        try:
            await self._http.write("POST", "/events", permit, body=event)
        except BridgeError as error:
            if _has_not_arrived(error):
                await self._notebook.put(key, former.stored if former.given or former.sent else None)
            raise
        await self._notebook.put(key, Note(noted.number, data).stored)
        shown = data.get("active") is True if key.kind is Kind.PERSON else None
        return Applied(str(key), change.outcome, shown)


def begun(former: Note, data: Body) -> Note:
    """The note before an event is sent; the same event again keeps its number."""
    if former.sent and former.sent[-1] == data:
        return former
    number = max(former.number + 1, int(time.time() * 1_000_000))
    return Note(number, former.given, (*former.sent, data))


def _has_not_arrived(error: BridgeError) -> bool:
    """Whether the receiver certainly did not take an event."""
    if isinstance(error, TryLater):
        return error.after is not None
    return isinstance(error, RecordRejected | TargetHalted)


def _remote(key: Key, stored: Mapping[str, Any], *, found: bool = False) -> Remote:
    note = Note.of(stored)
    shown = note.open if key.kind is Kind.PERSON else None
    carries = str(note.latest.get("externalId") or key.id)
    if found:
        return Remote.found(str(key), shown, own=key.id, carries=carries, by="externalId")
    keys = frozenset({("externalId", key.id)})
    return Remote(str(key), shown, external_id=carries, keys=keys, content=note)


TEMPER = Temper(WebhookDirectory, adapter(WebhookTarget))
