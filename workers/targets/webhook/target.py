"""Receivers of HTTP calls, which are told of people and teams and show nothing themselves.

What they were told last is noted; reading, finding and listing answer from these notes. An object's id is the
key of the record for which it was told of first, such as `person:5f3a...`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from functools import partial
from types import TracebackType

from bridge.config.addresses import host_of
from bridge.errors import NotFound, RecordRejected
from bridge.exchange import Change, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, mapping_of, one_by_one
from workers.targets.gathering import Gathering
from workers.targets.webhook.changes import event_of, fields
from workers.targets.webhook.event import RESERVED, Envelope
from workers.targets.webhook.note import Note
from workers.targets.webhook.receiver import Receiver, classify
from workers.targets.webhook.sender import Sender, object_of
from workers.targets.webhook.settings import WebhookSettings
from workers.targets.webhook.signing import stamp

__all__ = ["ADAPTER", "WebhookSettings", "WebhookTarget", "check_attribute"]

ID = "id"
_UNSIGNED = "warning: without a secret the receiver cannot tell our events from anybody else's: set secret"
_MAPPING = mapping_of(__package__)
_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)


class WebhookTarget(Target):
    """A connected receiver; see `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, settings: WebhookSettings, receiver: Receiver, tools: Tools) -> None:
        self._settings = settings
        self._receiver = receiver
        self._notebook = tools.notebook
        self._envelope = Envelope(settings.source)
        self._gathering = Gathering(
            receiver.post,
            settings.batch,
            weigh=lambda message: len(message.body) + 1,  # and a comma
            size=settings.largest_event + 1,
        )
        self._sender = Sender(self._gathering, tools.notebook, self._envelope)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what waits for others."""
        await self._gathering.end()

    async def check(self) -> Greeting:
        """See that somebody listens. No event is sent: the receiver would act on it."""
        await self._receiver.knock()
        keys, batch = len(self._settings.keys), self._settings.batch
        signed = f"signed with {keys} secrets" if keys > 1 else "signed" if keys else "not signed"
        events = f"up to {batch} events" if batch > 1 else "one event"
        told = f"{counted(await self.size(), 'person', 'people')} told of; it was not called now"
        facts = (f"webhook at {host_of(self._settings.url)}, {signed}, {events} in a request, {told}",)
        return Greeting(facts if keys else (*facts, _UNSIGNED))

    async def size(self) -> int:
        """How many people it was told of."""
        return sum(key.kind is Kind.PERSON for key in await self._notebook.all())

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact
        """The object that was told of for this record."""
        note = Note.of(await self._notebook.get(wanted.key))
        return [_remote(wanted.key, note, wanted.key)] if note else []

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """Kenjo's id."""
        return [(ID, wanted.key.id)]

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All that was told of, on one page."""
        notes = {key: Note.of(note) for key, note in (await self._notebook.all()).items() if key.kind is kind}
        yield Page(tuple(_remote(key, note) for key, note in notes.items() if note), whole=True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """What the receiver was told of an object last."""
        object_ = object_of(key.kind, remote_id)
        note = Note.of(await self._notebook.get(object_))
        return _remote(object_, note) if note else None

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """The event that tells what differs.

        Of somebody of whom nothing is noted any more it is told all the same that they are out.
        """
        if there is None:
            return None if wanted.removal else self._change(wanted, None, Note())
        if wanted.removal == "delete":
            return Change(wanted.key, Outcome.DELETED, there.id)
        if there.content is not None:
            return self._change(wanted, there.id, there.content)
        is_ours = str(object_of(wanted.key.kind, there.id)) == there.id
        if is_ours and wanted.removal and wanted.key.kind is Kind.PERSON:
            return self._change(wanted, there.id, Note())
        raise NotFound("nothing is noted of what the receiver was told")

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each event by itself, or with others where that was asked for."""
        return await one_by_one(changes, partial(self._sender.send, permit=permit))

    def _change(self, wanted: Wanted, remote_id: str | None, note: Note) -> Change | None:
        event = event_of(wanted, note, partial(self._is_mapped, wanted.key.kind))
        if event is None:
            return None
        size, most = len(self._envelope.message(wanted.key, 0, event).body), self._settings.largest_event
        if size > most:
            raise RecordRejected(
                f"the event would have {size} bytes, and largest_event is {most}: raise it if the receiver"
                " takes more, or leave an attribute out with map, such as members: null"
            )
        outcome = Outcome.UPDATED if remote_id else Outcome.CREATED
        if wanted.removal:
            outcome = Outcome.DEACTIVATED
        return Change(wanted.key, outcome, remote_id, event, partial(fields, event, note))

    def _is_mapped(self, kind: Kind, name: str) -> bool:
        default = _MAPPING[kind].get(name)
        return self._settings.map.get(name, default) is not None


def _remote(key: Key, note: Note, record: Key | None = None) -> Remote:
    """An object as it was told of; `record`: the one that looks for it."""
    carries = str(note.latest.get(ID) or key.id)
    return Remote(
        str(key),
        open=note.open if key.kind is Kind.PERSON else None,
        ours=record is not None and carries == record.id,
        other_id=record is not None and carries != record.id,
        external_id=carries,
        by=ID if record else "",
        keys=frozenset([(ID, key.id)]),
        content=note,
    )


def check_attribute(name: str) -> str | None:
    """Any name will do that is one in most languages."""
    if name in RESERVED:
        return f"'{name}' is what an event says itself: choose another name"
    if not _NAME.fullmatch(name):
        return f"'{name}' is no name: letters, digits and _ only, not longer than 64"
    return None


def _connect(settings: WebhookSettings, tools: Tools) -> WebhookTarget:
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    stamped = stamp(settings.keys)
    http = tools.http(settings, settings.url, headers, classify, stamp=stamped, reads=False)
    return WebhookTarget(settings, Receiver(settings, http), tools)


ADAPTER: Adapter = Adapter(
    settings=WebhookSettings, mapping=_MAPPING, connect=_connect, check_attribute=check_attribute
)
