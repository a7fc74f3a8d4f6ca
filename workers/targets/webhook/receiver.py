"""Talking to a receiver: one POST for each message, and what its answers mean."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from bridge.errors import BridgeError, RecordRejected, TargetHalted, TryLater
from bridge.wire.answer import Answer, classify_status
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from bridge.wire.quiet import quiet_time
from bridge.wire.unanswered import why
from workers.targets.webhook.event import Message
from workers.targets.webhook.settings import WebhookSettings
from workers.targets.webhook.signing import ID

_COMPARE = "compare url with what the receiver shows"
_REFUSED = f"the receiver refuses the address or a key: {_COMPARE}, and headers and secret too"
_HALTS = {
    401: _REFUSED,
    403: _REFUSED,
    404: f"nothing listens at this address: {_COMPARE} (n8n listens at /webhook-test/ only while somebody"
    " tests; the address of an active workflow has /webhook/)",
    405: f"nothing takes a POST at this address: {_COMPARE}, and see that it takes POST",
    410: "the receiver wants no more events: set another url, or take this target out of the configuration",
    415: "the receiver does not take this type of content: set content_type to another one, or batch to 1",
}
_PAGES = (b"<!doctype html", b"<html")


def classify(answer: Answer, said: str) -> BridgeError | None:
    """What an answer means by Standard Webhooks: 2xx is success, 410 the end, 3xx and all others failures."""
    error = classify_status(answer, said)
    if error is None:
        if answer.body[:100].lstrip().lower().startswith(_PAGES):
            return TryLater(
                f"answered {answer.status} with a page, as a gateway or a sign-in does; is url right?"
            )
        return None
    if 300 <= answer.status < 400:
        return TargetHalted(
            f"answered {answer.status} (a redirect, which is not followed): set url to the final address"
        )
    if remedy := _HALTS.get(answer.status):
        return TargetHalted(f"{error}; {remedy}")
    if answer.status == 400 and b"queue is full" in answer.body.lower():  # Make
        return TryLater(str(error), after=quiet_time(answer.headers))
    if answer.status == 413:
        return RecordRejected(f"{error}; the receiver takes no event of this size: see largest_event")
    return error if isinstance(error, TryLater) else RecordRejected(str(error))


class Receiver:
    """The receiver of one target's events."""

    def __init__(self, settings: WebhookSettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._path = settings.place[1]

    async def post(self, messages: Sequence[Message], permit: Permit) -> None:
        """Send messages in one request. Raises what `classify` says, and what the permit raises."""
        kind, body = str(self._settings.content_type), b",".join(message.body for message in messages)
        if self._settings.batch > 1:
            kind, body = kind.replace("cloudevents+", "cloudevents-batch+"), b"[" + body + b"]"
        headers = {ID: _id_of(messages), "Content-Type": kind}
        private = [message.private for message in messages]
        await self._http.write("POST", self._path, permit, content=body, body=private, headers=headers)

    async def knock(self) -> None:
        """See that somebody listens: a connection is opened, and nothing is said. Raises TryLater."""
        parts = urlsplit(self._settings.address.get_secret_value())
        tls = parts.scheme.lower() == "https"
        try:
            async with asyncio.timeout(self._settings.timeout):
                port = parts.port or (443 if tls else 80)
                _, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls or None)
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        except TimeoutError:
            raise TryLater(f"no answer within {self._settings.timeout:g} s", unreachable=True) from None
        except OSError as error:
            raise TryLater(f"no answer{why(error)}", unreachable=True) from None


def _id_of(messages: Sequence[Message]) -> str:
    """The id of what is sent: the event's own, or one that is the same for the same events."""
    if len(messages) == 1:
        return messages[0].id
    ids = " ".join(message.id for message in messages)
    return hashlib.blake2b(ids.encode(), digest_size=16).hexdigest()
