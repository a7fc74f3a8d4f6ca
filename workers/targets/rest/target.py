"""Any HTTP API that a profile describes: `kind: rest`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bridge.errors import NotFound, RecordRejected, TargetHalted
from bridge.exchange import Change, FieldChange, Greeting, Page, Receipt, Remote, Wanted
from bridge.mapping.environment import Environment
from bridge.model import Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.http import Http
from bridge.wire.permit import Permit
from bridge.wire.request import Turn
from workers.targets.base import Abilities, Adapter, Target, Tools, one_by_one
from workers.targets.rest.changes import Judge, untaken
from workers.targets.rest.client import Client, Forbidden, SignsIn, classifier, sign_in_classifier
from workers.targets.rest.compiled import MEMBERS, Objects
from workers.targets.rest.fields import Field, has
from workers.targets.rest.fitting import fit, mapped, takes
from workers.targets.rest.members import NOBODY, Inside, MemberList
from workers.targets.rest.names import NameLists
from workers.targets.rest.scripts import Scope
from workers.targets.rest.search import Search
from workers.targets.rest.sender import New, Seen, Sender
from workers.targets.rest.settings import RestSettings

__all__ = ["ADAPTER", "RestSettings", "RestTarget"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An object as it was read; of a group also who is in it."""

    item: Any
    members: Inside = NOBODY


class RestTarget(Target):
    """A connected API; see `workers.targets.base.Target`."""

    def __init__(self, settings: RestSettings, http: Http, scope: Scope, turns: Mapping[str, Turn]) -> None:
        self._compiled = compiled = settings.compiled
        self.can = Abilities(lists=True, groups=compiled.groups is not None)
        self._client = Client(http, compiled, scope, turns)
        self._names = NameLists(self._client, compiled.lists)
        self._searches: dict[Kind, Search] = {}
        self._judges: dict[Kind, Judge] = {}
        self._senders: dict[Kind, Sender] = {}
        self._members: MemberList | None = None
        self._used: set[Field] = set()
        for objects in compiled.kinds:
            self._add(objects, settings)

    async def __aexit__(self, *_: object) -> None:
        """Give up what still waits for company."""
        await self._client.end()

    def _add(self, objects: Objects, settings: RestSettings) -> None:
        match = settings.matched(objects)
        names = (*mapped(objects, settings.map), *match)
        used = {objects.fields[name] for name in names if name in objects.fields}
        used |= {field for field in (objects.external_id, objects.access) if field}
        if objects is self._compiled.people:
            self._used = used
        fields = sorted({".".join(field.read) for field in used})
        search = Search(self._client, objects, match, fields)
        members = MemberList(self._client, objects.members, search) if objects.members else None
        self._members = members or self._members
        self._searches[objects.kind] = search
        self._judges[objects.kind] = Judge(self._compiled.title, objects, self._names)
        self._senders[objects.kind] = Sender(self._client, objects, search, self._names, members)

    def search(self, kind: Kind) -> Search:
        """What looks people or groups up."""
        return self._searches[kind]

    async def check(self) -> Greeting:
        """Read the lists, and one person, and see whether what is mapped is shown."""
        people = self._searches[Kind.PERSON]
        await self._names.learn()
        try:
            size = await people.size()
            first = await people.first()
            shown = first and await people.read(people.id_of(first))
        except Forbidden as error:
            raise TargetHalted(
                f"people cannot be read: {error}: {self._compiled.title} knows the credentials, and does not"
                " let them; give them the permission there"
            ) from None
        except TargetHalted as error:
            raise TargetHalted(f"people cannot be read: {error}") from None
        problems = [] if shown is None else self.unshown(shown)
        return Greeting((f"{self._compiled.title}, {counted(size, 'person', 'people')}",), tuple(problems))

    def unshown(self, item: Any) -> list[str]:
        """A sentence for what is mapped, and no part of a person as the API shows them."""
        names = sorted(one.name for one in self._used if not has(item, one.read))
        what = "see that its credentials may read that, or take it out of the mapping"
        return [f"shows nothing of {', '.join(names)}: {what}"] if names else []

    async def size(self) -> int:
        """How many people there are."""
        await self._names.learn()
        return await self._searches[Kind.PERSON].size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up by the attributes of `match`; inactive people count.

        Raises RecordRejected when no look-up gave a certain answer: a create would risk a second object.
        """
        del thorough  # the list is as thorough as it gets
        await self._names.learn()
        search = self._searches[wanted.key.kind]
        name, found = await search.find(wanted)
        return [self._found(wanted, name, search, item) for item in found]

    def _found(self, wanted: Wanted, by: str, search: Search, item: Any) -> Remote:
        field = self._compiled.objects(wanted.key.kind).external_id
        own = str(wanted.attributes.get(field.name) or "") if field else ""
        carries = search.external_id(item)
        return Remote.found(search.id_of(item), search.is_open(item), own=own, carries=carries, by=by)

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """By the attributes of `match`."""
        return self._searches[wanted.key.kind].keys(wanted)

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All people or groups, with no more than what they are looked up by."""
        async for page in self._searches[kind].inventory():
            yield page

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """One person, or a group with its members."""
        await self._names.learn()
        search = self._searches[key.kind]
        item = await search.read(remote_id)
        if item is None:
            return None
        members = NOBODY
        if key.kind is Kind.TEAM and self._members:
            members = await self._members.of(remote_id, item)
        shown, carries = Shown(item, members), search.external_id(item)
        return Remote(remote_id, search.is_open(item), external_id=carries, content=shown)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the mapped attributes, the access, and the members that are ours."""
        if there is None:
            return None if wanted.removal else self._creation(wanted)
        if wanted.removal == "delete":
            self._need(self._compiled.objects(wanted.key.kind).delete, "deletes nobody")
            return Change(wanted.key, Outcome.DELETED, there.id)
        if there.content is None:
            raise NotFound("is not there")
        if wanted.key.kind is Kind.TEAM:
            return self._of_group(wanted, there)
        return self._of_person(wanted, there)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send each change in requests of its own."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        return await self._senders[change.key.kind].send(change, permit)

    def _need(self, there: object, what: str) -> None:
        if not there:
            raise RecordRejected(f"the profile of {self._compiled.title} {what}: do it there by hand")

    def _creation(self, wanted: Wanted) -> Change:
        objects, judge = self._compiled.objects(wanted.key.kind), self._judges[wanted.key.kind]
        self._need(objects.create, "creates nobody")
        given = judge.new(wanted.attributes)
        members = tuple(wanted.attributes.get(MEMBERS) or ()) if objects.members else ()
        closes = judge.access({}, wanted.attributes) is False if objects.deactivate else False
        told = [one.told() for one in given] + [FieldChange(MEMBERS, None, one) for one in members]
        access = objects.access.name if objects.access else ""
        if wanted.attributes.get(access) is not None and access not in {one.attribute for one in told}:
            told.append(FieldChange(access, None, wanted.attributes[access]))
        content = New(wanted, tuple(given), members, closes)
        return Change(wanted.key, Outcome.CREATED, None, content, lambda: told)

    def _of_person(self, wanted: Wanted, there: Remote) -> Change | None:
        objects, judge = self._compiled.people, self._judges[Kind.PERSON]
        name = objects.access.name if objects.access else ""
        attributes = wanted.attributes
        if wanted.removal:
            self._need(name, "takes nobody out of use")
            attributes = {name: False}
        given = judge.changed(there.content.item, attributes)
        access = judge.access(there.content.item, attributes)
        self._see_that_it_is_sent(objects, given)
        told = [one.told() for one in given]
        if access is not None:
            told.append(FieldChange(name, not access, access))
        content = Seen(there.content.item, tuple(given), access)
        return _change(wanted, there, content, told)

    def _of_group(self, wanted: Wanted, there: Remote) -> Change | None:
        objects, judge = self._compiled.objects(Kind.TEAM), self._judges[Kind.TEAM]
        given = [] if wanted.removal else judge.changed(there.content.item, wanted.attributes)
        self._see_that_it_is_sent(objects, given)
        have, ours = there.content.members, wanted.attributes.get(MEMBERS) or []
        add = tuple(one for one in ours if one not in have.ids)
        leave = wanted.released - set(ours)
        remove, unseen = sorted(leave & have.ids), () if have.whole else sorted(leave - have.ids)
        told = [one.told() for one in given]
        told += [FieldChange(MEMBERS, None, one) for one in add]
        told += [FieldChange(MEMBERS, one, None) for one in remove]
        content = Seen(there.content.item, tuple(given), None, add, tuple(remove), tuple(unseen))
        return _change(wanted, there, content, told)

    def _see_that_it_is_sent(self, objects: Objects, given: Sequence[Any]) -> None:
        if name := untaken(objects.update, given):
            self._need(None, f"changes no {name}")


def _change(wanted: Wanted, there: Remote, content: Seen, told: list[FieldChange]) -> Change | None:
    if not (told or content.unseen):
        return None
    outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
    return Change(wanted.key, outcome, there.id, content, lambda: told)


def _connect(settings: RestSettings, tools: Tools) -> RestTarget:
    scope = Scope(Environment(zone=ZoneInfo(settings.timezone)))
    return connect(settings, tools, scope)


def connect(settings: RestSettings, tools: Tools, scope: Scope) -> RestTarget:
    """A target whose expressions are evaluated in a scope."""
    compiled = settings.compiled
    secrets = {name: one.get_secret_value() for name, one in settings.secrets.items()}
    untold = Scope(scope.environment)  # what signs in gives secrets
    signs_in = SignsIn(compiled, secrets, untold)
    sign = None
    if compiled.sign_in.token:
        door = tools.sign_in(settings, settings.base_url, sign_in_classifier(compiled.rules, untold))
        sign = signs_in.tokens(door, tools.vault)
    classify = classifier(compiled.rules, scope)
    headers, words = signs_in.headers(), compiled.profile.words
    http = tools.http(settings, settings.base_url, headers, classify, sign, words=words)
    turns = {name: tools.pace(name, rate) for name, rate in settings.all_rates.items()}
    return RestTarget(settings, http, scope, turns)


ADAPTER = Adapter(settings=RestSettings, mapping={}, connect=_connect, fit=fit, takes=takes)
