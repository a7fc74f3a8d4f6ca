"""A receiver of webhooks that keeps what it was told last of each subject.

Written from the two specifications and without our client: Standard Webhooks for headers and signatures,
CloudEvents 1.0 (JSON format, HTTP binding, extension `sequence`) for what is in them. It refuses whatever
deviates, and takes no event twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
PATH = "/hooks/kenjo/?sig=p4Y%2Bq%2F8%3D&sp=%2Ftriggers%2Frun"
"""With a slash at the end of its path and signs in its query that are spelled out, as some receivers have."""

SINGLE, LIST = "application/cloudevents+json", "application/cloudevents-batch+json"
TYPES = {
    "kenjo.person.created", "kenjo.person.updated", "kenjo.person.deactivated", "kenjo.person.reactivated",
    "kenjo.person.deleted", "kenjo.team.created", "kenjo.team.updated", "kenjo.team.deleted",
}  # fmt: skip


class Malformed(Exception):
    """What is wrong with a request."""


@dataclass
class Receiver:
    """What has come in. `objects` are the newest data by kind and subject, `foreign` what its people added.

    `secret`: what requests have to be signed with, None for nothing. `headers`: what they have to carry.
    `only`: the one content type that it takes.
    """

    secret: str | None = SECRET
    headers: dict[str, str] = field(default_factory=dict)
    only: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"person": {}, "team": {}})
    foreign: dict[str, str] = field(default_factory=dict)

    def types(self, subject: str) -> list[str]:
        """What was told of a subject, in order."""
        return [event["type"].removeprefix("kenjo.") for event in self.events if event["subject"] == subject]

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.method != "POST":
            return web.Response(status=405)
        if any(request.headers.get(name) != value for name, value in self.headers.items()):
            return web.Response(status=403)
        if self.secret:
            try:
                Webhook(self.secret).verify(body, dict(request.headers))
            except WebhookVerificationError as error:
                return web.json_response({"message": str(error)}, status=401)
        try:
            events = self.opened(request, body)
        except Malformed as error:
            return web.json_response({"message": str(error)}, status=400)
        self.requests.append(request)
        for event in events:
            self.take(event)
        return web.Response(status=202, text="Accepted")

    def opened(self, request: web.Request, body: bytes) -> list[dict[str, Any]]:
        """The events of a request. Raises Malformed."""
        kind = request.headers["Content-Type"]
        if self.only and kind != self.only:
            raise Malformed("content type")
        said = json.loads(body)
        events = said if isinstance(said, list) else [said]
        if kind != "application/json" and kind != (LIST if isinstance(said, list) else SINGLE):
            raise Malformed("content type")
        ids = request.headers.getall("webhook-id")
        if len(ids) != 1 or not re.fullmatch(r"[\w-]{1,64}", ids[0]):
            raise Malformed("webhook-id")
        if not request.headers["webhook-timestamp"].isdecimal():
            raise Malformed("webhook-timestamp")
        for event in events:
            see(event)
        if not isinstance(said, list) and said["id"] != ids[0]:
            raise Malformed("the two ids")
        return events

    def take(self, event: dict[str, Any]) -> None:
        """Do what an event says, once."""
        if any((old["source"], old["id"]) == (event["source"], event["id"]) for old in self.events):
            self.repeated.append(event["id"])
            return
        older = [old["sequence"] for old in self.events if old["subject"] == event["subject"]]
        if older and not event["sequence"] > older[-1]:
            raise AssertionError("out of order")
        self.events.append(event)
        _, kind, what = event["type"].split(".")
        objects, data = self.objects[kind], dict(event["data"])
        former = objects.pop(event["subject"], {})
        if what == "deleted":
            return
        if kind == "team":
            stay = former.get("members", set()) - set(data["left"])
            data["members"] = stay | set(data["members"])
        objects[event["subject"]] = data


def see(event: Any) -> None:
    """Compare an event with CloudEvents 1.0. Raises Malformed."""
    if not isinstance(event, dict):
        raise Malformed("an event is an object")
    for name, value in event.items():
        if name != "data" and not (
            re.fullmatch(r"[a-z0-9]{1,20}", name) and isinstance(value, str) and value
        ):
            raise Malformed(f"attribute {name}")
    if (
        event.get("specversion") != "1.0"
        or not {"id", "source", "type", "subject", "sequence"} <= event.keys()
    ):
        raise Malformed("a required attribute")
    if event["type"] not in TYPES:
        raise Malformed("type")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", event["time"]):  # RFC 3339
        raise Malformed("time")
    datetime.fromisoformat(event["time"])
    if event.get("datacontenttype", "application/json") != "application/json":
        raise Malformed("datacontenttype")
    if not isinstance(event["data"], dict) or not isinstance(event["data"]["changed"], list):
        raise Malformed("data")


@asynccontextmanager
async def webhook_server(receiver: Receiver) -> AsyncIterator[str]:
    """Serve at PATH on a free port; gives scheme, host and port."""
    application = web.Application(client_max_size=2**20)

    async def handle(request: web.Request) -> web.Response:
        if request.raw_path.partition("?")[0] != PATH.partition("?")[0]:
            return web.json_response({"message": "not registered"}, status=404)
        if dict(request.query) != {"sig": "p4Y+q/8=", "sp": "/triggers/run"}:
            return web.Response(status=401)
        return await receiver.handle(request)

    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
