"""A directory like Entra ID: a bin for deleted accounts, sessions that outlive an account's closing.

Whoever has an open account is signed in, and stays so until a request of its own ends that. A manager is set
in a request of its own, as a create takes none. What is deleted can be restored for as long as anybody plays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from bridge.errors import NotFound, TryLater
from bridge.exchange import Applied, Change, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from tests.simulation.adapter import Body, ModelTarget, adapter
from tests.simulation.directory import Directory, Reply
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing
from workers.targets.base import Tools
from workers.targets.owed_sessions import OwedSessions


class EntraDirectory(Directory):
    """`bin`: deleted accounts; `signed_in`: accounts with sessions.

    `forgotten`: those whose sessions were owed when Redis lost what it knew of that.
    """

    kind = "entra"

    def __init__(self, *args: Any, **named: Any) -> None:
        self.bin: dict[str, Thing] = {}
        self.signed_in: set[str] = set()
        self.forgotten: set[str] = set()
        super().__init__(*args, **named)

    def flaws(self) -> Iterator[str]:
        """Nobody who has left is signed in; who is open although they have left is told of anyway."""
        truth = self.kenjo.truth()
        for id_ in sorted(self.signed_in - self.forgotten):
            thing = self.things[id_]
            if thing.foreign or not thing.key or thing.is_open:
                continue
            if truth.get(Key.parse(thing.key), {}).get("lifecycle") != "active":
                yield f"{thing.key} has left, and is signed in still as {id_}"

    def _add(
        self, kind: Kind, attributes: dict[str, Any], *, by_hand: bool = False, foreign: bool = False
    ) -> Thing:
        thing = super()._add(kind, attributes, by_hand=by_hand, foreign=foreign)
        if by_hand and attributes.get("active") is not False:
            self.signed_in.add(thing.id)
        return thing

    def _forget(self, thing: Thing) -> None:
        super()._forget(thing)
        if not thing.is_open and thing.id in self.signed_in:
            self.forgotten.add(thing.id)

    def handle(self, method: str, path: str, params: Any, body: Any, by: Delivery | None) -> Reply:
        """Answer one request."""
        if not path.startswith("/bin"):
            return super().handle(method, path, params, body, by)
        if method == "GET":
            value = params["externalId"]
            hits = [one for one in self.bin.values() if value in ("", one.attributes.get("externalId"))]
            return Reply(200, [{**one.attributes, "id": one.id} for one in hits])
        self.referee.tries += 1
        thing = self.bin.get(path.split("/")[2])
        return Reply(404) if thing is None else self._restore(thing, body["userName"], by)

    def _restore(self, thing: Thing, address: str, by: Delivery | None) -> Reply:
        """An account comes back, closed, under an address that may be another one than before."""
        wanted = {**thing.attributes, "userName": address}
        if error := self._refusal(thing.kind, thing, wanted):
            return error
        thing.attributes = wanted
        self.things[thing.id] = self.bin.pop(thing.id)
        self.referee.created(thing, list(self.things.values()), by)
        self._written(thing, dict(thing.attributes), by, emptied=False)
        return Reply(204)

    def _on(self, thing: Thing, method: str, path: str, body: Any, by: Delivery | None) -> Reply:
        if method == "DELETE":
            return self._delete(thing, by)
        if path.endswith("/revoke"):
            if not thing.is_open:  # else they sign in again
                self.signed_in.discard(thing.id)
            return Reply(204)
        if path.endswith("/manager"):
            if body["manager"] is not None and body["manager"] not in self.things:
                return Reply(404)
            return self._become(thing, {**thing.attributes, **body}, {}, by)
        if method != "GET" and any(one not in self.things for one in body.get("add", ())):
            return Reply(404)
        return super()._on(thing, method, path, body, by)

    def _create(self, kind: Kind, body: dict[str, Any], by: Delivery | None) -> Reply:
        assert "manager" not in body
        mine = [one.id for one in self.bin.values() if one.attributes.get("externalId") == body["externalId"]]
        reply = super()._create(kind, body, by)
        if reply.status < 400 and mine and not self.unlinked.intersection(mine):
            self.world.violate("NO DUPLICATES", f"{body['externalId']} gets a new account beside {mine}")
        return reply

    def _written(self, thing: Thing, former: dict[str, Any], by: Delivery | None, *, emptied: bool) -> None:
        if former.get("active") is not thing.attributes.get("active"):
            self.forgotten.discard(thing.id)  # what was forgotten before is of no matter any more
        super()._written(thing, former, by, emptied=emptied)
        if thing.is_open:
            self.signed_in.add(thing.id)

    def _delete(self, thing: Thing, by: Delivery | None) -> Reply:
        """An object goes, an account to the bin, and out of every group."""
        former, thing.attributes = thing.attributes, {**thing.attributes, "active": False}
        self._hears(thing, former.get("active"), by)
        if thing.attributes.get("active"):
            return Reply(204)
        self._written(thing, former, by, emptied=False)
        del self.things[thing.id]
        if thing.kind is Kind.PERSON:  # a group does not come back
            self.bin[thing.id] = thing
        self.signed_in.discard(thing.id)
        for other in self.things.values():
            if thing.id in (other.attributes.get("members") or ()):
                left = [one for one in other.attributes["members"] if one != thing.id]
                other.attributes = {**other.attributes, "members": left}
            if other.attributes.get("manager") == thing.id:
                other.attributes = {**other.attributes, "manager": None}
        return Reply(204)


class EntraTarget(ModelTarget):
    """Restores what was deleted, and ends the sessions of whoever it closes."""

    def __init__(self, http: Http, tools: Tools) -> None:
        super().__init__(http, tools)
        self._owed = OwedSessions(tools.notebook, ended=True)

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by externalId and userName, then in the bin."""
        if found := await super().find(wanted, thorough=thorough):
            return found
        own = wanted.attributes.get("externalId")
        if wanted.key.kind is Kind.TEAM or not own or wanted.attributes.get("active", True) is not True:
            return []
        return [_deleted(one["id"], own) for one in await self._in_bin(own)]

    async def _in_bin(self, external_id: str = "") -> list[Body]:
        found: list[Body] = (await self._http.read("/bin", params={"externalId": external_id})).json()
        return found

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects, and those in the bin."""
        async for page in super().inventory(kind):
            yield replace(page, whole=page.whole and kind is Kind.TEAM)
        if kind is Kind.PERSON:
            deleted = [_deleted(one["id"], one.get("externalId") or "") for one in await self._in_bin()]
            keyed = (replace(one, keys=frozenset({("externalId", one.external_id)})) for one in deleted)
            yield Page(tuple(keyed), whole=True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """Read one object: until their sessions are ended, a leaver's account gives access."""
        found = await super().read(key, remote_id)
        if found is None or key.kind is Kind.TEAM:
            return found
        owed = found.open is False and await self._owed.has(key, remote_id)
        return replace(found, open=True if owed else found.open, content={**found.content, "owed": owed})

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs. One that is not shown may be in the bin."""
        if wanted.removal == "delete" and there:
            return Change(wanted.key, Outcome.DELETED, there.id)
        if there and there.content is None:
            if wanted.removal or wanted.key.kind is Kind.TEAM or not wanted.attributes.get("active"):
                raise NotFound("is not there")
            return Change(wanted.key, Outcome.UPDATED, there.id, content=wanted)
        found = super().change(wanted, there)
        if there is None or there.content is None or wanted.key.kind is Kind.TEAM:
            return found
        closes = wanted.removal is not None or wanted.attributes.get("active") is False
        if not closes or not (there.content["owed"] or (found and "active" in found.content["set"])):
            return found
        found = found or Change(wanted.key, Outcome.UPDATED, there.id, content={"set": {}})
        return replace(found, content={**found.content, "ends": True})

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        if change.outcome is not Outcome.DELETED:
            return await super()._send(change, permit)
        remote_id = str(change.remote_id)
        try:
            await self._http.write("DELETE", f"/{change.key.kind}/{remote_id}", permit)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        return Applied(remote_id, Outcome.DELETED)

    async def _create(self, kind: Kind, body: Body, permit: Permit) -> Receipt:
        values = dict(body)
        manager = values.pop("manager", None)
        receipt = await super()._create(kind, values, permit)
        assert isinstance(receipt, Applied)
        if manager:
            await self._set_manager(receipt.remote_id, manager, permit)
        return receipt

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        if change.key.kind is Kind.TEAM:
            try:
                return await super()._change(change, remote_id, permit)
            except NotFound:
                raise TryLater("the group, or a member, is not there") from None
        if isinstance(change.content, Wanted):
            return await self._restore(change, remote_id, permit)
        content, path = change.content, f"/person/{remote_id}"
        values, shown = dict(content["set"]), None
        named, manager = "manager" in values, values.pop("manager", None)
        if content.get("ends"):
            await self._owed.add(change.key, remote_id)
        if values:
            body = {**content, "set": values}
            shown = ((await self._http.write("PATCH", path, permit, body=body)).json() or {}).get("active")
        if content.get("ends"):
            await self._http.write("POST", f"{path}/revoke", permit)
        if content.get("ends") or values.get("active") is True:
            await self._owed.remove(change.key)
        if named:
            await self._set_manager(remote_id, manager, permit)
        return Applied(remote_id, change.outcome, shown)

    async def _set_manager(self, remote_id: str, manager: str | None, permit: Permit) -> None:
        try:
            await self._http.write("PUT", f"/person/{remote_id}/manager", permit, body={"manager": manager})
        except NotFound:
            raise TryLater("the manager is not there any more") from None

    async def _restore(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        wanted: Wanted = change.content
        own = wanted.attributes.get("externalId")
        if not own or remote_id not in {one["id"] for one in await self._in_bin(own)}:
            raise NotFound("was deleted, and is not in the bin")
        body = {"userName": wanted.attributes["userName"]}
        await self._http.write("POST", f"/bin/{remote_id}", permit, body=body)
        there = await self.read(wanted.key, remote_id)
        if there is None:
            raise TryLater("was restored, and is not shown yet")
        found = self.change(wanted, there)
        if found is None:
            return Applied(remote_id, change.outcome, there.open)
        return await self._change(replace(found, outcome=change.outcome), remote_id, permit)


def _deleted(remote_id: str, external_id: str) -> Remote:
    return Remote(remote_id, open=False, ours=True, external_id=external_id, by="externalId")


TEMPER = Temper(
    EntraDirectory,
    adapter(EntraTarget),
    {"removal": {"gone": "delete", "after_days": 0}},
)
