"""A directory that takes changes with a ticket, does them later and in order, and refuses some of them then.

Such are imports of a batch and provisioning queues. Look-ups and readings show what has been done so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt, Refused, Remote, Wanted
from bridge.model import Kind, Outcome
from bridge.wire.permit import Permit
from tests.simulation.adapter import Body, ModelTarget, adapter
from tests.simulation.directory import Directory, Reply
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing
from workers.targets.base import Abilities

LONGEST = 20.0
"""Seconds after which a change is done, at most."""

AFTER = 4.0
"""Seconds after which a ticket is worth asking after."""


class ProvisioningDirectory(Directory):
    """`_came`: by ticket, the answer to what was asked for; None as long as it is not done."""

    kind = "provisioning"
    strict = True  # what is on its way is found by no look-up, and a ticket may be lost on its way back

    def __init__(self, *args: Any, **named: Any) -> None:
        self._came: list[Reply | None] = []
        self._last = 0.0
        super().__init__(*args, **named)

    @property
    def is_idle(self) -> bool:
        """Whether every ticket is done."""
        return all(self._came)

    def handle(self, method: str, path: str, params: Any, body: Any, by: Delivery | None) -> Reply:
        """Answer a question at once, and take everything else."""
        if path.startswith("/ticket/"):
            number = int(path.split("/")[2])
            came = self._came[number] if number < len(self._came) else Reply(404)
            return Reply(200, {"status": came.status if came else 0})
        if method == "GET":
            return super().handle(method, path, params, body, by)
        if method == "POST" and path == f"/{Kind.PERSON}":
            self._see_order(str(body["externalId"]))
        ticket, taken = len(self._came), self.world.now
        self._came.append(None)
        # In order: what was taken first is never done last, nor at the same moment.
        self._last = max(self._last + 0.001, taken + self.world.random.uniform(0.5, LONGEST))

        def do() -> None:
            self._came[ticket] = self._done_late(method, path, params, body, by, taken)

        self.world.loop.call_at(self._last, do)
        return Reply(202, {"ticket": str(ticket)})

    def _done_late(
        self, method: str, path: str, params: Any, body: Any, by: Delivery | None, taken: float
    ) -> Reply:
        """Do what was taken a while ago: for the time that it took no worker is to blame."""
        if self.world.chance(self.world.odds.server_error):
            return Reply(503)
        if by:
            waited = self.world.now - taken
            by = replace(by, since=by.since + waited, checked=by.checked + waited, waited=waited)
        reply = super().handle(method, path, params, body, by)
        self.world.note(self.name, f"has done {method} {path} {body} = {reply.status}")
        return reply

    def _shown(self, thing: Thing) -> dict[str, Any]:
        """All of it: only that tells whether what was asked for was done."""
        return thing.attributes


class ProvisioningTarget(ModelTarget):
    """Is given a ticket for each change."""

    can = Abilities(lists=True, later=frozenset(Kind))

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs; of those who are to leave a group, only who is in it."""
        inside = frozenset(there.content.get("members") or ()) if there and there.content else frozenset()
        return super().change(replace(wanted, released=wanted.released & inside), there)

    async def _create(self, kind: Kind, body: Body, permit: Permit) -> Receipt:
        return _accepted(await self._http.write("POST", f"/{kind}", permit, body=body))

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        path = f"/{change.key.kind}/{remote_id}"
        return _accepted(await self._http.write("PATCH", path, permit, body=change.content))

    async def confirm(self, tickets: Sequence[str]) -> Sequence[Receipt]:
        """What has come of each."""
        return [
            _came(ticket, (await self._http.read(f"/ticket/{ticket}")).json()["status"]) for ticket in tickets
        ]


def _accepted(answer: Any) -> Accepted:
    return Accepted("is to be done", str(answer.json()["ticket"]), AFTER)


_ERRORS: dict[int, type[BridgeError]] = {409: Conflict, 404: NotFound, 503: TryLater}


def _came(ticket: str, status: int) -> Receipt:
    if not status:
        return Accepted("is to be done", ticket, AFTER)
    if status >= 400:
        return Refused(
            _ERRORS.get(status, RecordRejected)(f"was refused with {status} when it was to be done")
        )
    return Applied("", Outcome.UPDATED)


TEMPER = Temper(ProvisioningDirectory, adapter(ProvisioningTarget), {"create_shows_within": 2 * LONGEST})
