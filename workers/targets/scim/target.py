"""SCIM 2.0 servers (RFC 7643, RFC 7644): Slack, Okta, Entra, Leapsome, Staffbase and many more."""

from __future__ import annotations

import importlib.resources

import yaml

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Applied, FieldChange, Greeting, Match, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from workers.targets.base import Adapter, Removal
from workers.targets.scim.attributes import (
    ACTIVE,
    MEMBERS,
    Slot,
    attributes,
    boolean,
    check_attribute,
    get,
    resolve,
)
from workers.targets.scim.changes import Difference, changes, difference, new_resource, slots
from workers.targets.scim.client import ScimClient, address, classify
from workers.targets.scim.resource import Resource
from workers.targets.scim.search import MANY, Search
from workers.targets.scim.settings import ScimSettings
from workers.targets.scim.writing import Writer

__all__ = ["ADAPTER", "ScimSettings", "ScimTarget", "attributes", "check_attribute"]

_MAPPING = yaml.safe_load(importlib.resources.files(__package__).joinpath("mapping.yaml").read_text("utf-8"))


class ScimTarget:
    """A connected SCIM server; see `workers.targets.base.Target`."""

    def __init__(self, settings: ScimSettings, http: Http) -> None:
        self._settings = settings
        self._client = ScimClient(http, settings.content_type)
        self._search = Search(self._client, settings.match, settings.match_groups)
        self._writer = Writer(self._client, settings)
        self._members = self._writer.members

    async def check(self) -> Greeting:
        """Read what the server can do, its schemas, and some users."""
        said = {True: "yes", False: "no", None: "not said"}
        features = [f"{name} {said[await self._client.supports(name.lower())]}" for name in ("PATCH", "bulk")]
        size = await self.size()
        users = f"{size} users" if size != MANY else "a list of users without an end"
        return Greeting((f"SCIM 2.0, {', '.join(features)}, {users}", *await self._left_out()))

    async def _left_out(self) -> list[str]:
        """What `check` says of mapped attributes that are not sent."""
        mapped = {**_MAPPING[Kind.PERSON], **self._settings.map}
        named = {
            resolve(Kind.PERSON, name): name
            for name, value in mapped.items()
            if value is not None and name != MEMBERS and not check_attribute(name)
        }
        names = sorted(named[slot] for slot in await self._writer.lacking(named))
        return [f"left out, as the server's /Schemas has no {', '.join(names)}"] if names else []

    async def size(self) -> int:
        """How many users there are, at least."""
        return await self._search.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Match]:
        """Look up by the attributes of `match`, a group by those of `match_groups`; inactive ones count.

        Raises RecordRejected when no look-up gave a certain answer: a create would risk a second object.
        """
        name, found = await self._search.find(wanted)
        if thorough and not found:
            name, found = await self._search.find_folded(wanted)
        return [_match(wanted, name, one) for one in found]

    async def upsert(self, wanted: Wanted, remote_id: str | None, permit: Permit) -> Applied:
        """Create, or read and send what differs in the mapped attributes."""
        if remote_id is None:
            return await self._create(wanted, permit)
        path = address(wanted.key.kind, remote_id)
        try:
            current = await self._client.read(path)
        except NotFound:
            return await self._revive(wanted, remote_id, permit)
        change = await self._difference(wanted, current)
        if not change:
            return Applied(remote_id, Outcome.UNCHANGED, _open(current))
        if wanted.key.kind is Kind.TEAM:
            return await self._change_group(remote_id, current, change, permit, wanted)
        answer = await self._writer.change(path, current, change, permit)
        shown = answer if ACTIVE in change.changed else current
        # Where the id is the userName, it changes with it.
        return Applied(str(get(answer, "id") or remote_id), Outcome.UPDATED, _open(shown))

    async def _revive(self, wanted: Wanted, remote_id: str, permit: Permit) -> Applied:
        """Change a user whom the server does not show: some answer 404 for inactive ones. Raises NotFound."""
        places = await self._slots(wanted)
        if wanted.key.kind is not Kind.PERSON or places.get(ACTIVE) is not True:
            raise NotFound("answered 404")
        path, whole = address(Kind.PERSON, remote_id), new_resource(Kind.PERSON, places)
        try:
            answer = await self._writer.revive(Kind.PERSON, path, places, {**whole, "id": remote_id}, permit)
        except (RecordRejected, TryLater) as error:
            if isinstance(error, TryLater) and error.of_the_target:
                raise
            raise NotFound(f"answered 404; {error}") from None
        return Applied(str(get(answer, "id") or remote_id), Outcome.UPDATED, _open(answer))

    async def _change_group(
        self,
        remote_id: str,
        group: Resource,
        change: Difference,
        permit: Permit,
        wanted: Wanted | None = None,
    ) -> Applied:
        """Change a group, first what it gets, then who leaves it, and see what came of it."""
        path = address(Kind.TEAM, remote_id)
        if change.changed or change.add:
            answer = await self._writer.change(path, group, change, permit)
            remote_id = str(get(answer, "id") or remote_id)
            group = await self._members.look(path, answer)
        if change.remove and self._settings.patch_of(Kind.TEAM) == "flat":
            raise RecordRejected(
                "this server takes no single member out of a group (patch: flat); take them out there by hand"
            )
        ours = (wanted.attributes.get(MEMBERS) or []) if wanted else []
        lacking = await self._members.lacking(remote_id, group, change.add)
        staying: frozenset[str] = frozenset()
        if change.remove:
            staying = await self._members.take_out(remote_id, group, change.remove, ours, permit)
        return Applied(remote_id, Outcome.UPDATED, staying=staying, lacking=lacking)

    async def _create(self, wanted: Wanted, permit: Permit) -> Applied:
        kind = wanted.key.kind
        members = wanted.attributes.get(MEMBERS) or []
        first = members[: self._settings.members_per_request]
        resource = new_resource(kind, await self._slots(wanted, new=True), first)
        created, remote_id = await self._client.create(kind, resource, permit)
        if not get(created, "id"):
            remote_id = await self._search.created(wanted, remote_id)
        if not members:
            return Applied(remote_id, Outcome.CREATED, _open(created))
        path = address(kind, remote_id)
        if rest := members[len(first) :]:
            change = Difference(kind, {**resource, "id": remote_id}, add=tuple(rest))
            created = await self._writer.change(path, {}, change, permit)
        lacking = await self._members.lacking(remote_id, await self._members.look(path, created), members)
        return Applied(remote_id, Outcome.CREATED, lacking=lacking)

    async def remove(
        self, key: Key, remote_id: str, how: Removal, released: frozenset[str], permit: Permit
    ) -> Applied:
        """Set a person's `active` to false or take our members out of a group; or delete."""
        path = address(key.kind, remote_id)
        if how == "delete":
            deleted = await self._delete(path, permit)
            return Applied(remote_id, Outcome.DELETED if deleted else Outcome.UNCHANGED)
        try:
            current = await self._client.read(path)
            change = self._removal(key, current, released)
            if not change:
                return Applied(remote_id, Outcome.UNCHANGED, _open(current))
            if key.kind is Kind.TEAM:
                done = await self._change_group(remote_id, current, change, permit)
                return Applied(remote_id, Outcome.DEACTIVATED, staying=done.staying)
            answer = await self._writer.change(path, current, change, permit)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        return Applied(remote_id, Outcome.DEACTIVATED, _open(answer))

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """A person's `active`."""
        return _open(await self._client.read(address(key.kind, remote_id)))

    async def preview(self, wanted: Wanted, remote_id: str | None) -> list[FieldChange]:
        """The difference that `upsert` would send; to a new object all that has a value."""
        current = {} if remote_id is None else await self._client.read(address(wanted.key.kind, remote_id))
        found = await self._difference(wanted, current, new=remote_id is None)
        return changes(current, found, wanted.attributes)

    async def preview_removal(self, key: Key, remote_id: str, released: frozenset[str]) -> list[FieldChange]:
        """The difference that `remove` would send."""
        try:
            current = await self._client.read(address(key.kind, remote_id))
        except NotFound:
            return []
        return changes(current, self._removal(key, current, released), ("active",))

    async def _delete(self, path: str, permit: Permit) -> bool:
        try:
            await self._client.write("DELETE", path, permit)
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

    async def _slots(self, wanted: Wanted, *, new: bool = False) -> dict[Slot, object]:
        kind = wanted.key.kind
        once = () if new else self._settings.only_at_create
        given = {name: value for name, value in wanted.attributes.items() if name not in once}
        places = slots(kind, given, self._settings.manager_form)
        return await self._writer.known(places) if kind is Kind.PERSON else places

    def _removal(self, key: Key, current: Resource, released: frozenset[str]) -> Difference:
        return difference(
            key.kind,
            current,
            {ACTIVE: False} if key.kind is Kind.PERSON else {},
            released=released if key.kind is Kind.TEAM else (),
            listed_whole=self._members.listed_whole(current),
        )

    async def _difference(self, wanted: Wanted, current: Resource, *, new: bool = False) -> Difference:
        return difference(
            wanted.key.kind,
            current,
            await self._slots(wanted, new=new),
            wanted.attributes.get(MEMBERS) or [],
            wanted.released,
            listed_whole=self._members.listed_whole(current),
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
    mapping=_MAPPING,
    base_url=lambda settings: settings.base_url,
    headers=headers,
    connect=ScimTarget,
    classify=classify,
    check_attribute=check_attribute,
)
