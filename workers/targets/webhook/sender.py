"""Sends an event, and notes before that it may have arrived and afterwards that it has.

An answer that got lost, or a process that died, leaves a note that says so: the next delivery sends the same
event with the same id, or another one that is right in either case.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.errors import BridgeError, Conflict, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Applied, Change
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.gathering import Gathering
from workers.targets.notebook import Notebook
from workers.targets.webhook.changes import deletion
from workers.targets.webhook.event import Envelope, Event, Message, is_open
from workers.targets.webhook.note import Note


class Sender:
    """Sends events to one receiver. `clock` gives seconds since 1970."""

    def __init__(
        self,
        gathering: Gathering[Message, None],
        notebook: Notebook,
        envelope: Envelope,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._gathering = gathering
        self._notebook = notebook
        self._envelope = envelope
        self._clock = clock

    async def send(self, change: Change, permit: Permit) -> Applied:
        """Send one change. Raises Conflict for a new object that is there, and what the request raises."""
        key = object_of(change.key.kind, change.remote_id) if change.remote_id else change.key
        former = Note.of(await self._notebook.get(key))
        if change.remote_id is None and former and former.given is not None:
            raise Conflict("was told of this record before")
        if change.outcome is not Outcome.DELETED:
            await self._tell(key, former or Note(), change.content, permit)
        elif former:
            await self._tell(key, former, deletion(former), permit)
        else:
            return Applied(str(key), Outcome.UNCHANGED)
        is_person = key.kind is Kind.PERSON and change.outcome is not Outcome.DELETED
        return Applied(str(key), change.outcome, is_open(change.content.data) if is_person else None)

    async def _tell(self, key: Key, former: Note, event: Event, permit: Permit) -> None:
        begun = former.begun(event, self._clock())
        await self._note(key, begun)
        try:
            await self._gathering.send(self._envelope.message(key, begun.number, event), permit)
        except BridgeError as error:
            if has_not_arrived(error):
                await self._note(key, former)
            raise
        await self._note(key, begun.acknowledged())

    async def _note(self, key: Key, note: Note) -> None:
        await self._notebook.put(key, note.stored if note.given or note.sent else None)


def object_of(kind: Kind, remote_id: str) -> Key:
    """The record for which an object was told of first: its key is the object's id."""
    try:
        return Key.parse(remote_id)
    except ValueError:
        return Key(kind, remote_id)  # none of ours, and so of nobody


def has_not_arrived(error: BridgeError) -> bool:
    """Whether the receiver certainly did not take an event: it says so, or nothing was sent to it."""
    if isinstance(error, TryLater):
        return error.after is not None
    return isinstance(error, RecordRejected | TargetHalted)
