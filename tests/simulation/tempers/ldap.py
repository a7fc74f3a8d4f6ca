"""A directory like LDAP, whose objects stand under names that change, and are made in two steps.

A new account is closed until a second request opens it: who is killed in between leaves half an account. A
request to change an object goes to its name; its id stays when it is renamed. The attribute that names an
object changes with its name, and in no other way (RFC 4511, section 4.6).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from bridge.errors import NotFound, TryLater
from bridge.exchange import Applied, Change, Receipt, Remote, Wanted
from bridge.model import Kind, Outcome
from bridge.wire.permit import Permit
from tests.simulation.adapter import Body, ModelTarget, adapter
from tests.simulation.directory import Directory, Reply
from tests.simulation.process import Delivery
from tests.simulation.tempers.temper import Temper
from tests.simulation.things import Thing

_NAMED_BY = {Kind.PERSON: "userName", Kind.TEAM: "displayName"}


class LdapDirectory(Directory):
    """`_names`: under which name each object stands."""

    kind = "ldap"

    def __init__(self, *args: Any, **named: Any) -> None:
        self._names: dict[str, str] = {}
        super().__init__(*args, **named)

    def _add(
        self, kind: Kind, attributes: dict[str, Any], *, by_hand: bool = False, foreign: bool = False
    ) -> Thing:
        thing = super()._add(kind, attributes, by_hand=by_hand, foreign=foreign)
        self._names[thing.id] = f"cn=by hand {thing.id}" if by_hand else _name(kind, attributes)
        return thing

    def _named(self, kind: Kind, name: str) -> Thing | None:
        found = (one for one in self.things.values() if one.kind is kind)
        return next((one for one in found if self._names[one.id] == name), None)

    def _at(self, kind: Kind, name: str) -> Thing | None:
        """To be read by its id, and to be changed by its name."""
        return self._named(kind, unquote(name)) if name.startswith("cn") else super()._at(kind, name)

    def _create(self, kind: Kind, body: dict[str, Any], by: Delivery | None) -> Reply:
        """A new account is closed, whatever was asked for."""
        if self._named(kind, _name(kind, body)):
            return Reply(409)
        return super()._create(kind, {**body, "active": False} if kind is Kind.PERSON else body, by)

    def _on(self, thing: Thing, method: str, path: str, body: Any, by: Delivery | None) -> Reply:
        if method == "GET":
            return Reply(200, {"id": thing.id, "name": self._names[thing.id], **self._shown(thing)})
        if not path.endswith("/rename"):
            return super()._on(thing, method, path, body, by)
        if self._named(thing.kind, body["to"]) not in (None, thing):
            return Reply(409)
        named = {_NAMED_BY[thing.kind]: body["to"].removeprefix("cn=")}
        answer = self._change(thing, {"set": named}, by)
        if answer.status < 300:
            self._names[thing.id] = body["to"]
        return answer


class LdapTarget(ModelTarget):
    """Opens an account after it has made it, and renames an object after it has changed it."""

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs, and the name where it does."""
        found = super().change(wanted, there)
        if there is None or there.content is None:
            return found
        name, naming = there.content["name"], _NAMED_BY[wanted.key.kind]
        named = wanted.attributes.get(naming)
        to = _name(wanted.key.kind, wanted.attributes) if named and not wanted.removal else name
        if found is None and to == name:
            return None
        content = dict(found.content) if found else {}
        if to != name and "set" in content:
            content["set"] = {part: value for part, value in content["set"].items() if part != naming}
        found = found or Change(wanted.key, Outcome.UPDATED, there.id)
        return replace(found, content={**content, "name": name, "to": to})

    async def _create(self, kind: Kind, body: Body, permit: Permit) -> Receipt:
        created = await super()._create(kind, body, permit)
        assert isinstance(created, Applied)
        if kind is Kind.TEAM or not body.get("active"):
            return created
        path = _path(kind, _name(kind, body))
        answer = await self._http.write("PATCH", path, permit, body={"set": {"active": True}})
        return replace(created, open=(answer.json() or {}).get("active"))

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        """Whoever has got another name meanwhile is there still."""
        content, kind = change.content, change.key.kind
        name, to = content["name"], content["to"]
        body = {part: value for part, value in content.items() if part not in ("name", "to") and value}
        shown = None
        try:
            if body:
                answer = await self._http.write("PATCH", _path(kind, name), permit, body=body)
                shown = (answer.json() or {}).get("active")
            if to != name:
                await self._http.write("POST", f"{_path(kind, name)}/rename", permit, body={"to": to})
        except NotFound:
            if await self.read(change.key, remote_id):
                raise TryLater("has got another name meanwhile") from None
            raise
        return Applied(remote_id, change.outcome, shown)


def _name(kind: Kind, attributes: Any) -> str:
    return f"cn={attributes[_NAMED_BY[kind]]}"


def _path(kind: Kind, name: str) -> str:
    return f"/{kind}/{quote(name, safe='')}"


TEMPER = Temper(LdapDirectory, adapter(LdapTarget))
