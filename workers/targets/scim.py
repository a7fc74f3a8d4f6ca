"""SCIM 2.0 servers (RFC 7643, RFC 7644): Slack, Okta, Entra, Leapsome, Staffbase and many more."""

from __future__ import annotations

import importlib.resources
from typing import Literal

import yaml
from pydantic import Field, field_validator

from bridge.errors import Conflict, NotFound, RecordRejected, TryLater
from bridge.http import Http
from bridge.model import Applied, FieldChange, Greeting, Key, Kind, Match, Outcome, Wanted
from bridge.settings import BearerTarget
from bridge.spelling import spellings
from workers.targets.base import Adapter, Removal
from workers.targets.scim_attributes import ACTIVE, MEMBERS, Slot, attributes, boolean, check_attribute, get
from workers.targets.scim_changes import Difference, changes, difference, new_resource, slots
from workers.targets.scim_client import PATHS, Patch, ScimClient, address, classify
from workers.targets.scim_resource import Resource

__all__ = ["ADAPTER", "ScimSettings", "ScimTarget", "attributes", "check_attribute"]

_LOOKED_UP_TEAMS = ("externalId", "displayName")


class ScimSettings(BearerTarget):
    """A SCIM 2.0 server. `base_url` is the part of its addresses before `/Users`."""

    match: list[str] = Field(["externalId", "userName"], min_length=1)
    """Mapped attributes by which a person's account is looked up, one after the other; the first with a hit
    wins. Several hits are left for a person to decide."""
    patch: Patch = "auto"
    """How changes are sent: `auto` asks ServiceProviderConfig and falls back from PATCH to PUT, `always` uses
    PATCH, `never` PUT, and `flat` PATCH with a plain resource instead of operations (Leapsome)."""
    manager_form: Literal["object", "string", "omit"] = "object"
    """How a manager is sent: `object` is `{"value": id}` as RFC 7643 has it, `string` the plain id, `omit`
    leaves it out."""
    members_per_request: int = Field(100, ge=1)
    """Members of a group that one request adds or takes out."""
    members_listed: bool = True
    """Whether the server shows a group's members when asked. If not, all of ours are sent at each change."""

    @field_validator("match")
    @classmethod
    def _can_be_looked_up(cls, value: list[str]) -> list[str]:
        for name in value:
            if problem := check_attribute(name):
                raise ValueError(f"has '{name}': {problem}")
            if name in ("members", "manager", "active"):
                raise ValueError(f"has '{name}', which many objects share")
        return value


class ScimTarget:
    """A connected SCIM server; see `workers.targets.base.Target`."""

    def __init__(self, settings: ScimSettings, http: Http) -> None:
        self._settings = settings
        self._client = ScimClient(http, settings.patch, settings.members_per_request)

    async def check(self) -> Greeting:
        """Read what the server can do, and one user."""
        said = {True: "yes", False: "no", None: "not said"}
        features = [f"{name} {said[await self._client.supports(name.lower())]}" for name in ("PATCH", "bulk")]
        return Greeting(facts=(f"SCIM 2.0, {', '.join(features)}, {await self.size()} users",))

    async def size(self) -> int:
        """`totalResults` of all users; where a server does not tell it, what it shows of them."""
        shown, total = await self._client.page("/Users", {"startIndex": "1", "count": "1"})
        return len(shown) if total is None else total

    async def find(self, wanted: Wanted) -> list[Match]:
        """Look up by the attributes of `match`, a group by externalId and displayName; inactive ones count.

        Raises RecordRejected when no look-up gave a certain answer: a create would risk a second object.
        """
        name, found = await self._look_up(wanted)
        return [_match(wanted, name, one) for one in found]

    async def _look_up(self, wanted: Wanted) -> tuple[str, list[Resource]]:
        """The attribute with the first hit, and the hits."""
        certain = False
        person = wanted.key.kind is Kind.PERSON
        for name in self._settings.match if person else _LOOKED_UP_TEAMS:
            value = wanted.attributes.get(name)
            if value in (None, ""):
                continue
            for spelling in spellings(str(value)) if name != "externalId" else [str(value)]:
                found = await self._client.search(wanted.key.kind, name, spelling)
                if found:
                    return name, found
                if found is None:
                    break  # it cannot be asked for this attribute, however the value is spelled
                certain = True
        if not certain:
            raise RecordRejected("the target cannot be searched for this object: it may exist already")
        return "", []

    async def upsert(self, wanted: Wanted, remote_id: str | None) -> Applied:
        """Create, or read and send what differs in the mapped attributes."""
        if remote_id is None:
            return await self._create(wanted)
        path = address(wanted.key.kind, remote_id)
        current = await self._client.read(path)
        change = self._difference(wanted, current)
        if not change:
            return Applied(remote_id, Outcome.UNCHANGED, _open(current))
        answer = await self._client.change(path, change)
        shown = answer if ACTIVE in change.changed else current
        # Where the id is the userName, it changes with it.
        return Applied(str(get(answer, "id") or remote_id), Outcome.UPDATED, _open(shown))

    async def _create(self, wanted: Wanted) -> Applied:
        kind = wanted.key.kind
        members = wanted.attributes.get(MEMBERS) or []
        first = members[: self._settings.members_per_request]
        resource = new_resource(kind, self._slots(wanted), first)
        created = await self._client.write("POST", PATHS[kind], resource)
        remote_id = str(get(created, "id") or await self._id_of_created(wanted))
        if rest := members[len(first) :]:
            change = Difference(kind, {**resource, "id": remote_id}, add=tuple(rest))
            await self._client.change(address(kind, remote_id), change)
        return Applied(remote_id, Outcome.CREATED, _open(created))

    async def _id_of_created(self, wanted: Wanted) -> str:
        """Find what a create without an answer was about: some servers say 201 with `{}` to a duplicate."""
        _, found = await self._look_up(wanted)
        if not found:
            raise TryLater("answered a create without an id, and the object is not found yet")
        id_ = wanted.attributes.get("externalId")
        ours = [one for one in found if id_ and get(one, "externalId") == id_]
        if len(found) > 1 or not ours:
            raise Conflict("answered a create without an id; an object with this key exists")
        return str(get(ours[0], "id"))

    async def remove(self, key: Key, remote_id: str, how: Removal, released: frozenset[str]) -> Applied:
        """Set a person's `active` to false or take our members out of a group; or delete."""
        path = address(key.kind, remote_id)
        if how == "delete":
            deleted = await self._delete(path)
            return Applied(remote_id, Outcome.DELETED if deleted else Outcome.UNCHANGED)
        try:
            current = await self._client.read(path)
            change = self._removal(key, current, released)
            if not change:
                return Applied(remote_id, Outcome.UNCHANGED, _open(current))
            answer = await self._client.change(path, change)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        return Applied(remote_id, Outcome.DEACTIVATED, _open(answer))

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """A person's `active`."""
        return _open(await self._client.read(address(key.kind, remote_id)))

    async def preview(self, wanted: Wanted, remote_id: str | None) -> list[FieldChange]:
        """The difference that `upsert` would send; to a new object all that has a value."""
        current = {} if remote_id is None else await self._client.read(address(wanted.key.kind, remote_id))
        return changes(current, self._difference(wanted, current), wanted.attributes)

    async def preview_removal(self, key: Key, remote_id: str, released: frozenset[str]) -> list[FieldChange]:
        """The difference that `remove` would send."""
        try:
            current = await self._client.read(address(key.kind, remote_id))
        except NotFound:
            return []
        return changes(current, self._removal(key, current, released), ("active",))

    async def _delete(self, path: str) -> bool:
        try:
            await self._client.write("DELETE", path)
        except NotFound:
            return False
        except TryLater as error:
            if error.unreachable or not await self._is_gone(path):
                raise
            return False  # a server that answers a second DELETE with 500
        return True

    async def _is_gone(self, path: str) -> bool:
        try:
            await self._client.read(path)
        except NotFound:
            return True
        return False

    def _slots(self, wanted: Wanted) -> dict[Slot, object]:
        return slots(wanted.key.kind, wanted.attributes, self._settings.manager_form)

    def _removal(self, key: Key, current: Resource, released: frozenset[str]) -> Difference:
        return difference(
            key.kind,
            current,
            {ACTIVE: False} if key.kind is Kind.PERSON else {},
            released=released if key.kind is Kind.TEAM else (),
            members_listed=self._settings.members_listed,
        )

    def _difference(self, wanted: Wanted, current: Resource) -> Difference:
        return difference(
            wanted.key.kind,
            current,
            self._slots(wanted),
            wanted.attributes.get(MEMBERS) or [],
            wanted.released,
            members_listed=self._settings.members_listed,
        )


def _match(wanted: Wanted, by: str, found: Resource) -> Match:
    """What an object that was found tells of itself. An external id is case-exact (RFC 7643 section 3.1)."""
    ours, carries = (_id(value) for value in (wanted.attributes.get("externalId"), get(found, "externalId")))
    return Match(
        str(get(found, "id")),
        ours=carries != "" and carries == ours,
        active=boolean(get(found, "active")) if wanted.key.kind is Kind.PERSON else None,
        other_id=carries not in ("", ours),
        external_id=carries,
        by=by,
    )


def _id(value: object) -> str:
    """An external id without spaces around it; "" for none, which may also be said by null or spaces."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _open(resource: Resource) -> bool | None:
    """What a resource shows of access."""
    return boolean(get(resource, "active"))


def headers(settings: ScimSettings) -> dict[str, str]:
    """What every request carries."""
    return {
        "Authorization": f"Bearer {settings.token.get_secret_value()}",
        "Accept": "application/scim+json, application/json",
    }


ADAPTER = Adapter(
    settings=ScimSettings,
    mapping=yaml.safe_load(importlib.resources.files(__package__).joinpath("scim.yaml").read_text("utf-8")),
    base_url=lambda settings: settings.base_url,
    headers=headers,
    connect=ScimTarget,
    classify=classify,
    check_attribute=check_attribute,
)
