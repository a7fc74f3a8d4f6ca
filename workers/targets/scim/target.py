"""SCIM 2.0 servers (RFC 7643, RFC 7644): Slack, Okta, Entra, Leapsome, Staffbase and many more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from bridge.errors import NotFound, RecordRejected, TargetHalted
from bridge.exchange import Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Target, Tools, mapping_of, one_by_one
from workers.targets.scim.attributes import (
    ACTIVE,
    MEMBERS,
    Slot,
    attributes,
    check_attribute,
    get,
    resolve,
    takes,
)
from workers.targets.scim.changes import Difference, changes, difference, slots
from workers.targets.scim.client import PATHS, WORDS, Forbidden, ScimClient, address, advice, classify
from workers.targets.scim.listing import Listing
from workers.targets.scim.resource import Resource, external_id, is_open, plain_id
from workers.targets.scim.search import MANY, Search
from workers.targets.scim.sender import Hidden, New, Seen, Sender
from workers.targets.scim.settings import ScimSettings
from workers.targets.scim.writing import Writer

__all__ = ["ADAPTER", "ScimSettings", "ScimTarget", "attributes", "check_attribute"]

_MAPPING = mapping_of(__package__)


class ScimTarget(Target):
    """A connected SCIM server; see `workers.targets.base.Target`."""

    can = Abilities(lists=True)

    def __init__(self, settings: ScimSettings, http: Http) -> None:
        self._settings = settings
        self._client = ScimClient(http, settings.content_type)
        self._search = Search(self._client, settings.match, settings.match_groups)
        self._listing = Listing(self._client, settings.match, settings.match_groups)
        self._writer = Writer(self._client, settings)
        self._members = self._writer.members
        self._sender = Sender(self._client, self._search, self._writer, settings)

    async def check(self) -> Greeting:
        """Read what the server can do, its schemas, and some users."""
        said = {True: "yes", False: "no", None: "not said"}
        features = [f"{name} {said[await self._client.supports(name.lower())]}" for name in ("PATCH", "bulk")]
        try:
            size = await self.size()
        except NotFound as error:
            return Greeting(problems=(f"{advice(self._settings.base_url)} ({error})",))
        except Forbidden as error:
            raise TargetHalted(
                f"users cannot be read: {error}: the server knows the token, and does not let it; give it"
                " the permission there"
            ) from None
        users = counted(size, "user") if size != MANY else "a list of users without an end"
        return Greeting((f"SCIM 2.0, {', '.join(features)}, {users}", *self._left_out()))

    def _left_out(self) -> list[str]:
        """What `check` says of mapped attributes that are not sent."""
        mapped = {**_MAPPING[Kind.PERSON], **self._settings.map}
        named = {
            resolve(Kind.PERSON, name): name
            for name, value in mapped.items()
            if value is not None and name != MEMBERS and not check_attribute(name)
        }
        names = sorted(named[slot] for slot in self._writer.lacking(named))
        return [f"left out, as the server's /Schemas has no {', '.join(names)}"] if names else []

    async def size(self) -> int:
        """How many users there are, at least."""
        size = await self._search.size()
        await self._writer.learn()
        return size

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by the attributes of `match`, a group by those of `match_groups`; inactive ones count.

        Raises RecordRejected when no look-up gave a certain answer: a create would risk a second object.
        """
        name, found = await self._search.find(wanted)
        if thorough and not found:
            name, found = await self._search.find_folded(wanted)
        if wanted.key.kind is Kind.PERSON:
            await self._writer.learn()
        return [_found(wanted, name, one) for one in found]

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By the attributes of `match`, a group by those of `match_groups`."""
        return self._search.keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All users or groups, with no more than what they are looked up by."""
        async for page in self._listing.pages(kind):
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """GET the user or group. One that may not be read is refused by itself, if others may be."""
        try:
            resource = await self._client.read(address(key.kind, remote_id))
        except NotFound:
            resource = None
        except Forbidden as error:
            await self._client.page(PATHS[key.kind], {"startIndex": "1", "count": "1"})
            raise RecordRejected(str(error)) from None
        if key.kind is Kind.PERSON:
            await self._writer.learn()
        if resource is None:
            return None
        if key.kind is Kind.TEAM:
            self._members.learn(resource)
        return Remote(remote_id, is_open(resource), external_id=external_id(resource), content=resource)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the mapped attributes, and in the members that are ours.

        A user whom the server hides can only be made active again: some answer 404 for inactive ones.
        """
        key = wanted.key
        if there is None:
            return None if wanted.removal else self._creation(wanted)
        if wanted.removal == "delete":
            return Change(key, Outcome.DELETED, there.id)
        places = self._places(wanted)
        if there.content is None:
            if wanted.removal or key.kind is not Kind.PERSON or places.get(ACTIVE) is not True:
                raise NotFound("answered 404")
            return Change(key, Outcome.UPDATED, there.id, Hidden(places))
        found = self._difference(wanted, there.content, places)
        if not found:
            return None
        names = ("active",) if wanted.removal else wanted.attributes
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        content = Seen(there.content, found, _members(wanted))
        return Change(key, outcome, there.id, content, partial(changes, there.content, found, names))

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change in requests of its own."""
        return await one_by_one(changes, partial(self._sender.send, permit=permit))

    def _creation(self, wanted: Wanted) -> Change:
        places = self._places(wanted, new=True)

        def tell() -> list[FieldChange]:
            return changes({}, self._difference(wanted, {}, places), wanted.attributes)

        return Change(wanted.key, Outcome.CREATED, None, New(wanted, places, _members(wanted)), tell)

    def _places(self, wanted: Wanted, *, new: bool = False) -> dict[Slot, object]:
        """The places that are to be written, as far as the server has them, with their values."""
        kind = wanted.key.kind
        if wanted.removal:
            return {ACTIVE: False} if kind is Kind.PERSON else {}
        once = () if new else self._settings.only_at_create
        given = {name: value for name, value in wanted.attributes.items() if name not in once}
        places = slots(kind, given, self._settings.manager_form)
        return self._writer.known(places) if kind is Kind.PERSON else places

    def _difference(self, wanted: Wanted, current: Resource, places: dict[Slot, object]) -> Difference:
        return difference(wanted.key.kind, current, places, _members(wanted), wanted.released)


def _members(wanted: Wanted) -> Sequence[str]:
    """The ids of those who are to be in the group."""
    return wanted.attributes.get(MEMBERS) or []


def _found(wanted: Wanted, by: str, found: Resource) -> Remote:
    """What an object that was found tells of itself."""
    own, shown = plain_id(wanted.attributes.get("externalId")), is_open(found)
    is_person = wanted.key.kind is Kind.PERSON
    return Remote.found(
        str(get(found, "id")), shown if is_person else None, own=own, carries=external_id(found), by=by
    )


def _connect(settings: ScimSettings, tools: Tools) -> ScimTarget:
    headers = {
        "Authorization": f"Bearer {settings.token.get_secret_value()}",
        "Accept": "application/scim+json, application/json",
    }
    return ScimTarget(settings, tools.http(settings, settings.base_url, headers, classify, words=WORDS))


ADAPTER = Adapter(
    settings=ScimSettings, mapping=_MAPPING, connect=_connect, check_attribute=check_attribute, takes=takes
)
