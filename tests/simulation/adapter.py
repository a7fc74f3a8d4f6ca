"""The adapter for the modelled directory, written like every other one, on `bridge.wire.http`."""

from __future__ import annotations

from typing import Any

from bridge.config.settings import TargetSettings
from bridge.errors import NotFound
from bridge.exchange import Applied, Greeting, Match, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from workers.targets.base import Adapter

_LOOKED_UP = {Kind.PERSON: ("externalId", "userName"), Kind.TEAM: ("externalId", "displayName")}


class ModelSettings(TargetSettings):
    """`host` tells one modelled directory from another."""

    host: str = "one"


class ModelTarget:
    """See `workers.targets.base.Target`."""

    def __init__(self, _settings: ModelSettings, http: Http) -> None:
        self._http = http

    async def check(self) -> Greeting:
        """Ask for nobody."""
        await self._http.read("/person", params={"userName": "nobody"})
        return Greeting(facts=("model",))

    async def size(self) -> int:
        """How many accounts there are."""
        return int((await self._http.read("/person/size")).json())

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Match]:  # noqa: ARG002 - exact anyway
        """Look up by externalId, then by userName."""
        for name in _LOOKED_UP[wanted.key.kind]:
            if not (value := wanted.attributes.get(name)):
                continue
            params = {name: str(value)}
            answer = await self._http.read(f"/{wanted.key.kind}", params=params)
            if found := answer.json():
                return [_match(wanted, name, one) for one in found]
        return []

    async def upsert(self, wanted: Wanted, remote_id: str | None, permit: Permit) -> Applied:
        """Create, or read and send what differs; members that others added stay."""
        if remote_id is None:
            body = dict(wanted.attributes)
            answer = await self._http.write("POST", f"/{wanted.key.kind}", permit, body=body)
            created = answer.json()
            return Applied(str(created["id"]), Outcome.CREATED, created.get("active"))
        path = f"/{wanted.key.kind}/{remote_id}"
        current: dict[str, Any] = (await self._http.read(path)).json()
        members = wanted.attributes.get("members") or []
        there = set(current.get("members") or ())
        attributes = {n: v for n, v in wanted.attributes.items() if n != "members" and current.get(n) != v}
        change = {
            "set": attributes,
            "add": sorted(set(members) - there),
            "remove": sorted(wanted.released - set(members)),  # also of those whom it does not show
        }
        if not any(change.values()):
            return Applied(remote_id, Outcome.UNCHANGED, current.get("active"))
        changed = (await self._http.write("PATCH", path, permit, body=change)).json() or {}
        return Applied(remote_id, Outcome.UPDATED, changed.get("active"))

    async def remove(
        self, key: Key, remote_id: str, _how: str, released: frozenset[str], permit: Permit
    ) -> Applied:
        """Deactivate a person, or take our members out of a group."""
        path = f"/{key.kind}/{remote_id}"
        try:
            current = (await self._http.read(path)).json()
            change: dict[str, Any] = {"end": True}
            if key.kind is Kind.PERSON:
                change["set"] = {"active": False}
                needed = current.get("active") is not False
            else:
                change["remove"] = sorted(released)
                needed = bool(change["remove"])
            if needed:
                current = (await self._http.write("PATCH", path, permit, body=change)).json() or {}
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        done = Outcome.DEACTIVATED if needed else Outcome.UNCHANGED
        return Applied(remote_id, done, current.get("active"))

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """Read `active`."""
        answer = await self._http.read(f"/{key.kind}/{remote_id}")
        shown: bool | None = answer.json().get("active")
        return shown


def _match(wanted: Wanted, by: str, found: dict[str, Any]) -> Match:
    ours, carries = wanted.attributes.get("externalId"), found.get("externalId") or ""
    return Match(
        found["id"],
        ours=carries == ours,
        active=found.get("active"),
        other_id=carries not in ("", ours),
        external_id=carries,
        by=by,
    )


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

ADAPTER = Adapter(
    settings=ModelSettings,
    mapping=MAPPING,
    base_url=lambda settings: f"https://{settings.host}.example.com",
    headers=lambda _settings: {},
    connect=ModelTarget,
)
