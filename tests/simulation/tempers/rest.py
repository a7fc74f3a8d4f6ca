"""A directory like many HTTP APIs, where a change is a PUT of the whole object.

What is put is built from what was read just before, so that it keeps what others have written there: a stale
reading would undo that.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from bridge.exchange import Applied, Change, Receipt, Remote, Wanted
from bridge.model import Kind
from bridge.store.deliveries import LOCK_TTL
from bridge.wire.permit import Permit
from tests.simulation.adapter import ModelTarget, adapter
from tests.simulation.directory import Directory, Reply
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing

_OTHERS = "phone"
"""What others write, and the bridge has no value for."""

_STALE = 2 * LOCK_TTL
"""Seconds after which a reading is too old: a worker may be stopped for nearly as long as its lock lasts
before it renews that, and again after that."""

_NOT_PUT = ("id", "read", "members")


class RestDirectory(Directory):
    """`_put`: what others wrote last into an object, with what it may have in its place since, and when."""

    kind = "rest"
    is_shared = True

    def __init__(self, *args: Any, **named: Any) -> None:
        self._put: dict[str, tuple[list[str | None], float]] = {}
        self._calls = 0
        super().__init__(*args, **named)

    def others_write(self) -> None:
        """Somebody gives an account another telephone number."""
        accounts = [one for one in self.things.values() if one.kind is Kind.PERSON]
        thing = self.world.random.choice(accounts)
        self._calls += 1
        number = f"+49 {self._calls}"
        thing.attributes = {**thing.attributes, _OTHERS: number}
        self._put[thing.id] = [number], self.world.now
        self.world.note(self.name, f"{thing.id} is given {_OTHERS} {number} by somebody else")

    def _on(self, thing: Thing, method: str, path: str, body: Any, by: Delivery | None) -> Reply:
        if method == "GET":
            return Reply(200, {"id": thing.id, "read": self.world.now, **self._shown(thing)})
        return super()._on(thing, method, path, body, by)

    def _change(self, thing: Thing, body: dict[str, Any], by: Delivery | None) -> Reply:
        """`whole` is the object from now on, but for its members, who have requests of their own."""
        if "whole" not in body:
            return super()._change(thing, body, by)
        members = {name: value for name, value in thing.attributes.items() if name == "members"}
        reply = self._become(thing, {**body["whole"], **members}, body, by)
        if reply.status < HTTPStatus.BAD_REQUEST:
            self._judge(thing, body["read"], by)
        return reply

    def _judge(self, thing: Thing, read: float, by: Delivery | None) -> None:
        """What others wrote stays, unless they did so between a reading and the request that it was for."""
        (right, at), now = self._put.get(thing.id, ([None], 0.0)), thing.attributes.get(_OTHERS)
        if by is None or now in right:
            return
        age = by.checked - read
        what = f"{thing.id} has {_OTHERS} {now} again and not {right[0]}, by a reading {age:.1f} s old"
        if at <= read or age > _STALE:
            self.world.violate("OWNERSHIP", what)
        else:
            self.world.note("referee", f"allowed: {what}")
        self._put[thing.id] = [*right, now], at


class RestTarget(ModelTarget):
    """Puts what was read, with what differs in it; members have requests of their own."""

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs, and what it was read in."""
        found = super().change(wanted, there)
        if found is None or there is None:
            return found
        return replace(found, content={**found.content, "there": there.content})

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        content, path = change.content, f"/{change.key.kind}/{remote_id}"
        receipt = Applied(remote_id, change.outcome)
        if content.get("set"):
            whole = {name: value for name, value in content["there"].items() if name not in _NOT_PUT}
            body = {"whole": {**whole, **content["set"]}, "read": content["there"]["read"]}
            answer = await self._http.write("PUT", path, permit, body=body)
            receipt = replace(receipt, open=(answer.json() or {}).get("active"))
        if content.get("add") or content.get("remove"):
            moves = {name: content[name] for name in ("add", "remove", "end") if name in content}
            await self._http.write("PATCH", path, permit, body=moves)
        return receipt


TEMPER = Temper(RestDirectory, adapter(RestTarget))
