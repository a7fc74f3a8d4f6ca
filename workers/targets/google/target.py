"""The target for Google Workspace, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from bridge.errors import NotFound, RecordRejected, TargetHalted
from bridge.exchange import Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.spelling import folded
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from bridge.wire.tokens import Tokens
from workers.targets.base import Abilities, Adapter, Target, Tools, mapping_of, one_by_one
from workers.targets.google.attributes import ACTIVE, EXTERNAL_ID, MEMBERS, ORG_UNIT, check_attribute, takes
from workers.targets.google.changes import difference, field_changes, new_resource, outgoing
from workers.targets.google.client import WORDS, Client, classify
from workers.targets.google.key import SignIn, Undelegated, classify_token, read_key
from workers.targets.google.members import MEMBER, Members, Roles
from workers.targets.google.resource import Resource, external_id, is_open
from workers.targets.google.search import Search
from workers.targets.google.sender import Account, Group, New, Sender
from workers.targets.google.sessions import Sessions
from workers.targets.google.settings import GoogleSettings
from workers.targets.notebook import Notebook
from workers.targets.owed_sessions import OwedSessions

__all__ = ["ADAPTER", "GoogleSettings", "GoogleTarget"]

_MAPPING = mapping_of(__package__)

_BY_PEOPLE = "ADMIN"
"""The reason of a suspension that was not Google's own."""


class GoogleTarget(Target):
    """A connected Google Workspace account; see `workers.targets.base.Target`."""

    def __init__(self, settings: GoogleSettings, http: Http, sign_in: SignIn, notebook: Notebook) -> None:
        self.can = Abilities(lists=True, groups=bool(settings.groups.from_), late=True)
        self._settings = settings
        self._sign_in = sign_in
        self._client = Client(http, settings.create_shows_within, settings.customer)
        self._search = Search(self._client, settings)
        self._members = Members(self._client)
        self._sessions = Sessions(self._client, OwedSessions(notebook, ended=settings.end_sessions))
        self._sender = Sender(self._client, self._search, self._members, self._sessions)

    async def check(self) -> Greeting:
        """Read the administrator, count users and groups, and look for the unit of new accounts."""
        try:
            admin = await self._client.get(Kind.PERSON, self._settings.admin)
        except Undelegated as error:
            lacking = await self._sign_in.missing()
            raise TargetHalted(
                f"{error} (refused now: {', '.join(lacking)})" if lacking else str(error)
            ) from None
        if admin is None:
            raise TargetHalted("the administrator named in `admin` is no user of this account")
        facts = [f"Google Workspace, {self._settings.admin.rpartition('@')[2]}"]
        facts.append(counted(await self._search.size(Kind.PERSON), "user"))
        if self.can.groups:
            facts.append(counted(await self._search.size(Kind.TEAM), "group"))
        if admin.get("isAdmin") is not True:
            facts.append("`admin` is no super administrator, and cannot change administrators")
        return Greeting((", ".join(facts),), tuple([one async for one in self._problems()]))

    async def _problems(self) -> AsyncIterator[str]:
        """What `check` finds wrong, a sentence each."""
        if unit := self._settings.new_user_org_unit:
            try:
                await self._client.read(self._org_unit(unit))
            except RecordRejected:
                yield f"new_user_org_unit: there is no organizational unit {unit}"

    def _org_unit(self, path: str) -> str:
        return f"/customer/{quote(self._settings.customer, safe='')}/orgunits/{quote(path.strip('/'))}"

    async def size(self) -> int:
        """How many users there are, suspended ones included."""
        return await self._search.size(Kind.PERSON)

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by the attributes of `match`, a group by those of `match_groups`; suspended ones count.

        Raises RecordRejected, if `thorough`, for an address that is another one's alias, or of a group.
        """
        return await self._search.find(wanted, thorough=thorough)

    async def having(self, key: Key, attribute: str, value: str) -> list[Remote]:
        """The users with a value; an address may also be an alias, or a group's."""
        return await self._search.having(key, attribute, value)

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By the attributes of `match`, a group by those of `match_groups`."""
        return self._search.keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All users or groups, with no more than what they are looked up by."""
        async for page in self._search.inventory(kind):
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """GET the user, or the group with its members."""
        found = await self._client.get(key.kind, remote_id)
        if found is None:
            return None
        if key.kind is Kind.TEAM:
            content = found, await self._members.read(remote_id)
            return Remote(remote_id, external_id=external_id(key.kind, found), content=content)
        owed = found.get("suspended") is True and await self._sessions.owed.has(key, remote_id)
        carries = external_id(key.kind, found)
        return Remote(remote_id, is_open(found), external_id=carries, content=(found, owed))

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the mapped attributes, and in the members that are ours."""
        key = wanted.key
        if there is None:
            return None if wanted.removal else self._creation(wanted)
        if wanted.removal == "delete":
            return Change(key, Outcome.DELETED, there.id)
        if there.content is None:
            raise NotFound("answered 404")
        if key.kind is Kind.TEAM:
            return self._of_group(wanted, there.id, *there.content)
        return self._of_user(wanted, there.id, *there.content)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change in requests of its own."""
        return await one_by_one(changes, partial(self._sender.send, permit=permit))

    def _creation(self, wanted: Wanted) -> Change:
        kind = wanted.key.kind
        values = outgoing(kind, wanted.attributes)
        if kind is Kind.PERSON and self._settings.new_user_org_unit:
            values = {ORG_UNIT: self._settings.new_user_org_unit, **values}
        resource = new_resource(kind, values)
        given = {name: value for name, value in values.items() if value is not None}
        content = New(resource, tuple(wanted.attributes.get(MEMBERS) or ()))
        tell = partial(field_changes, {}, difference(kind, {}, given), given)
        return Change(wanted.key, Outcome.CREATED, None, content, tell)

    def _of_user(self, wanted: Wanted, remote_id: str, user: Resource, owed: bool) -> Change | None:
        values = {ACTIVE: False} if wanted.removal else outgoing(Kind.PERSON, wanted.attributes)
        if values.get(ACTIVE) is not None:
            self._see_that_it_may(user, opens=values[ACTIVE])
        if user.get("archived"):
            values.pop(ACTIVE, None)  # it gives no access, and is somebody's record
        found = difference(Kind.PERSON, user, values)
        if not (found or owed):
            return None
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        tell = partial(field_changes, user, found, values)
        return Change(wanted.key, outcome, remote_id, Account(user, found, owed), tell)

    def _see_that_it_may(self, user: Resource, *, opens: bool) -> None:
        """Raise RecordRejected for an account that is not the bridge's to open or close."""
        if opens and user.get("archived"):
            raise RecordRejected("the account is archived: unarchive it in the Admin console")
        reason = str(user.get("suspensionReason") or _BY_PEOPLE)[:40]
        if opens and user.get("suspended") and reason != _BY_PEOPLE:
            raise RecordRejected(
                f"Google itself has suspended the account ({reason}): see why in the Admin console, and"
                " reactivate it there"
            )
        if not opens and folded(str(user.get("primaryEmail"))) == folded(self._settings.admin):
            raise RecordRejected(
                "this is the administrator in whose name the bridge acts: name another one in `admin` first"
            )

    def _of_group(self, wanted: Wanted, remote_id: str, group: Resource, roles: Roles) -> Change | None:
        values = {} if wanted.removal else outgoing(Kind.TEAM, wanted.attributes)
        ours = [] if wanted.removal else (wanted.attributes.get(MEMBERS) or [])
        found = difference(Kind.TEAM, group, values)
        join = tuple(one for one in dict.fromkeys(ours) if one not in roles)
        leave = [one for one in sorted(wanted.released - set(ours)) if one in roles]
        members = tuple(one for one in leave if roles[one] == MEMBER)
        if not (found or join or leave):
            return None
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        content = Group(group, found, join, members, len(leave) - len(members))

        def tell() -> list[FieldChange]:
            joins = [FieldChange(MEMBERS, None, one) for one in join]
            leaves = [FieldChange(MEMBERS, one, None) for one in members]
            return [*field_changes(group, found, values), *joins, *leaves]

        return Change(wanted.key, outcome, remote_id, content, tell)


def _fit(settings: GoogleSettings) -> tuple[Mapping[str, Any], Callable[[str], str | None]]:
    """The default mapping with the groups' domain, and without what is not to be kept at groups."""
    team = {
        name: source.replace("example.com", settings.domain_of_groups)
        for name, source in _MAPPING["team"].items()
        if settings.group_ids or name != EXTERNAL_ID
    }
    return {**_MAPPING, "team": team}, check_attribute


def _connect(settings: GoogleSettings, tools: Tools) -> GoogleTarget:
    key = read_key(settings)
    at_google = Http(
        tools.session, key.url, timeout=settings.timeout, classify=classify_token, measured=tools.measured
    )
    sign_in = SignIn(at_google, key, settings.admin, settings.scopes)
    tokens = Tokens(sign_in.name, sign_in.fetch, tools.vault)
    http = tools.http(settings, settings.base_url, {}, classify, sign=tokens, words=WORDS)
    return GoogleTarget(settings, http, sign_in, tools.notebook)


ADAPTER = Adapter(
    settings=GoogleSettings,
    mapping=_MAPPING,
    connect=_connect,
    check_attribute=check_attribute,
    fit=_fit,
    takes=takes,
)
