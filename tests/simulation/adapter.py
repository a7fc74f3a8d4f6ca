"""The adapter for the modelled directory, written like every other one, on `bridge.wire.http`.

What a directory of another temper needs is in `tests.simulation.tempers`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from bridge.config.settings import TargetSettings
from bridge.errors import NotFound
from bridge.exchange import Applied, Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, one_by_one

Body = dict[str, Any]

_LOOKED_UP = {Kind.PERSON: ("externalId", "userName"), Kind.TEAM: ("externalId", "displayName")}


class ModelSettings(TargetSettings):
    """`host` tells one modelled directory from another."""

    host: str = "one"

    @property
    def url(self) -> str:
        """The address, which leads nowhere."""
        return f"https://{self.host}.example.com"

    @property
    def server(self) -> str:
        """Which one."""
        return f"{self.kind} {self.url}"


class ModelTarget(Target):
    """See `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, http: Http, tools: Tools) -> None:
        self._http = http
        self._notebook = tools.notebook

    async def check(self) -> Greeting:
        """Ask for nobody."""
        await self._http.read("/person", params={"userName": "nobody"})
        return Greeting(facts=("model",))

    async def size(self) -> int:
        """How many accounts there are."""
        return int((await self._http.read("/person/size")).json())

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact anyway
        """Look up by externalId, then by userName."""
        for name in _LOOKED_UP[wanted.key.kind]:
            if not (value := wanted.attributes.get(name)):
                continue
            params = {name: str(value)}
            answer = await self._http.read(f"/{wanted.key.kind}", params=params)
            if found := answer.json():
                return [_found(wanted, name, one) for one in found]
        return []

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """What `find` looks for."""
        return _keys(wanted.key.kind, wanted.attributes)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects, a few on a page."""
        after = ""
        while True:
            listed = (await self._http.read(f"/{kind}/list", params={"after": after})).json()
            remotes = (Remote(one["id"], keys=frozenset(_keys(kind, one))) for one in listed)
            yield Page(tuple(remotes), whole=not listed)
            if not listed:
                return
            after = listed[-1]["id"]

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """Read one object."""
        try:
            shown: dict[str, Any] = (await self._http.read(f"/{key.kind}/{remote_id}")).json()
        except NotFound:
            return None
        carries = shown.get("externalId") or ""
        return Remote(remote_id, shown.get("active"), external_id=carries, content=shown)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs; members that others added stay."""
        key, attributes = wanted.key, wanted.attributes
        if there is None:
            return Change(key, Outcome.CREATED, None, content=dict(attributes))
        if there.content is None:
            raise NotFound("is not there")
        if wanted.removal:
            return self._removal(wanted, there)
        members = attributes.get("members") or []
        now = there.content.get("members") or ()
        body = {
            "set": {n: v for n, v in attributes.items() if n != "members" and there.content.get(n) != v},
            "add": sorted(set(members) - set(now)),
            "remove": sorted(wanted.released - set(members)),  # also of those whom it does not show
        }
        if not any(body.values()):
            return None
        return Change(key, Outcome.UPDATED, there.id, content=body, tell=partial(_told, body, there))

    def _removal(self, wanted: Wanted, there: Remote) -> Change | None:
        """Deactivate a person, or take our members out of a group."""
        body: dict[str, Any] = {"end": True}
        if wanted.key.kind is Kind.PERSON:
            body["set"] = {"active": False}
            needed = there.open is not False
        else:
            body["remove"] = sorted(wanted.released)
            needed = bool(body["remove"])
        if not needed:
            return None
        return Change(
            wanted.key, Outcome.DEACTIVATED, there.id, content=body, tell=partial(_told, body, there)
        )

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change by itself."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        kind = change.key.kind
        if change.outcome is Outcome.CREATED:
            return await self._create(kind, change.content, permit)
        remote_id = str(change.remote_id)
        try:
            return await self._change(change, remote_id, permit)
        except NotFound:
            if change.outcome is not Outcome.DEACTIVATED:
                raise
            return Applied(remote_id, Outcome.UNCHANGED, open=False)

    async def _create(self, kind: Kind, body: Body, permit: Permit) -> Receipt:
        created = (await self._http.write("POST", f"/{kind}", permit, body=body)).json()
        return Applied(str(created["id"]), Outcome.CREATED, created.get("active"))

    async def _change(self, change: Change, remote_id: str, permit: Permit) -> Receipt:
        path = f"/{change.key.kind}/{remote_id}"
        answer = await self._http.write("PATCH", path, permit, body=change.content)
        return Applied(remote_id, change.outcome, (answer.json() or {}).get("active"))


def _keys(kind: Kind, attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(attributes[name])) for name in _LOOKED_UP[kind] if attributes.get(name)]


def _found(wanted: Wanted, by: str, found: dict[str, Any]) -> Remote:
    own, carries = wanted.attributes.get("externalId") or "", found.get("externalId") or ""
    return Remote.found(found["id"], found.get("active"), own=own, carries=carries, by=by)


MAPPING = {
    "person": {
        "externalId": "person.id",
        "userName": "person.account.email",
        "title": "person.work.jobTitle",
        "displayName": "person.personal.displayName",
        "alias": "person.work.employeeNumber",
        "active": 'person.lifecycle == "active"',
        "manager": "person.work.reportsToId",
    },
    "team": {"externalId": "team.id", "displayName": "team.name", "members": "team.members"},
    "access": "active",
    "references": {"manager": "person", "members": "person"},
    "required": {"person": ["userName"], "team": ["displayName"]},
}


def adapter(target: Callable[[Http, Tools], Target] = ModelTarget) -> Adapter:
    """What a kind exports whose targets are made of HTTP and tools."""
    return Adapter(
        settings=ModelSettings,
        mapping=MAPPING,
        connect=lambda settings, tools: target(tools.http(settings, settings.url, {}), tools),
    )


def _told(body: Mapping[str, Any], there: Remote) -> Iterator[FieldChange]:
    """What a change of an object replaces."""
    shown = there.content
    yield from (FieldChange(name, shown.get(name), value) for name, value in body.get("set", {}).items())
    yield from (FieldChange("members", None, one) for one in body.get("add", ()))
    yield from (FieldChange("members", one, None) for one in body.get("remove", ()))
