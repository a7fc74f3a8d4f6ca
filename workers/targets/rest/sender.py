"""Carries one change to an API: the requests that its profile has for it, and what their answers show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt, Wanted
from bridge.model import Outcome
from bridge.wire.answer import Answer
from bridge.wire.permit import Permit
from workers.targets.rest.changes import Given, Missing, body, share
from workers.targets.rest.client import Client, said
from workers.targets.rest.compiled import Creation, Objects, Step
from workers.targets.rest.fields import at, id_of
from workers.targets.rest.members import MemberList
from workers.targets.rest.names import NameLists
from workers.targets.rest.search import Search


@dataclass(frozen=True, slots=True)
class New:
    """The content of a change that creates. `closes`: it is taken out of use afterwards."""

    wanted: Wanted
    given: tuple[Given, ...]
    members: tuple[str, ...] = ()
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of a change to an object as it was read. `access`: what has steps of its own.

    `unseen`: who is to leave a group whose list of members, in which they are not, is not whole.
    """

    item: Any
    given: tuple[Given, ...] = ()
    access: bool | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


class Sender:
    """Sends changes of one kind of objects."""

    def __init__(
        self, client: Client, objects: Objects, search: Search, names: NameLists, members: MemberList | None
    ) -> None:
        self._client = client
        self._objects = objects
        self._search = search
        self._names = names
        self._members = members

    async def send(self, change: Change, permit: Permit) -> Receipt:
        """Send one change. Raises what its requests raise."""
        content = change.content
        if isinstance(content, New):
            return await self._create(content, permit)
        remote_id = str(change.remote_id)
        if change.outcome is Outcome.DELETED:
            return await self._delete(remote_id, permit)
        try:
            answer = await self._change(remote_id, content, permit)
        except NotFound:
            if change.outcome is not Outcome.DEACTIVATED:
                raise
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        applied = Applied(remote_id, change.outcome, self._open_after(content, answer))
        return await self._with_members(applied, content, permit)

    async def _create(self, new: New, permit: Permit) -> Receipt:
        create = self._objects.create
        assert create  # noqa: S101 - without one there is no such change
        given = await self._made(new.given, permit)
        first = [one for one in given if one.field.name not in create.later]
        answer = await self._client.write(create.call, {"wanted": body(first)}, permit)
        shown = said(answer)
        remote_id = _new_id(create, answer, shown) or await self._found(new.wanted)
        if not remote_id:
            return Accepted("answered a create without an id, and the object is not found yet")
        item = None if create.item is None else self._search.shown(at(shown, create.item), remote_id)
        seen = Seen(item, tuple(one for one in given if one not in first), False if new.closes else None)
        seen = replace(seen, add=new.members)
        applied = Applied(remote_id, Outcome.CREATED, self._search.is_open(item))
        if not (seen.given or seen.add or new.closes):
            return applied
        try:
            answer = await self._change(remote_id, seen, permit)
            return await self._with_members(replace(applied, open=None), seen, permit)
        except RecordRejected as error:  # parked now, it would be without its link
            raise TryLater(f"{error}; the rest of a new object") from None

    async def _found(self, wanted: Wanted) -> str:
        """The id of what was just created, if a look-up shows it; "" whatever keeps it from being seen."""
        external = self._objects.external_id
        own = str(wanted.attributes.get(external.name) or "") if external else ""
        with suppress(RecordRejected, TryLater):
            _, found = await self._search.find(wanted)
            ours = [one for one in found if self._search.external_id(one) in ("", own)]
            return self._search.id_of(ours[0]) if len(ours) == 1 else ""
        return ""

    async def _change(self, remote_id: str, seen: Seen, permit: Permit) -> Any:
        """Open, change, close: what is sent last decides. The object as the last answer shows it, or None."""
        given = await self._made(seen.given, permit)
        shown, item = None, seen.item
        if seen.access is True:
            shown = await self._steps(self._objects.reactivate, remote_id, item, (), permit)
        if given:
            if item is None or seen.access is True:  # it is another one now, and may be sent whole
                item = await self._search.read(remote_id) or item
            shown = await self._steps(self._objects.update, remote_id, item, given, permit)
        if seen.access is False:
            shown = await self._steps(self._objects.deactivate, remote_id, item, (), permit)
        return shown

    async def _steps(
        self, steps: Sequence[Step], remote_id: str, item: Any, given: Sequence[Given], permit: Permit
    ) -> Any:
        shown = None
        for step in steps:
            sent = share(step, steps, given)
            if given and not sent:
                continue
            values: Mapping[str, Any] = {
                "id": remote_id,
                "changed": body(sent),
                "there": item or {},
                "whole": body(sent, item),
            }
            if step.when and self._client.scope.value(step.when, values) is not True:
                continue
            answer = said(await self._client.write(step.call, values, permit))
            shown = None if step.item is None else at(answer, step.item)
            item = values["whole"]
        return shown

    async def _made(self, given: Iterable[Given], permit: Permit) -> list[Given]:
        """The same, with the ids of entries that had to be made, or asked for, first."""
        return [replace(one, value=await self._entry(one.value, permit)) for one in given]

    async def _entry(self, missing: Any, permit: Permit) -> Any:
        if not isinstance(missing, Missing):
            return missing
        if not missing.refusal:
            return await self._names.made(missing.list, missing.name, permit)
        id_ = await self._names.asked(missing.list, missing.name)
        if id_ is None:
            raise RecordRejected(missing.refusal)
        return id_

    def _open_after(self, seen: Seen, answer: Any) -> bool | None:
        """Whether it is in use, as the answer shows; without one, as before if nothing touched that."""
        if (shown := self._search.is_open(answer)) is not None:
            return shown
        touched = seen.access is not None or any(one.field is self._objects.access for one in seen.given)
        return None if touched else self._search.is_open(seen.item)

    async def _with_members(self, applied: Applied, seen: Seen, permit: Permit) -> Applied:
        if self._members is None or not (seen.add or seen.remove or seen.unseen):
            return applied
        return await self._members.change(applied, seen.add, seen.remove, seen.unseen, permit)

    async def _delete(self, remote_id: str, permit: Permit) -> Applied:
        assert self._objects.delete  # noqa: S101 - without one there is no such change
        try:
            await self._client.write(self._objects.delete, {"id": remote_id}, permit)
        except NotFound:
            return Applied(remote_id, Outcome.UNCHANGED)
        return Applied(remote_id, Outcome.DELETED)


def _new_id(create: Creation, answer: Answer, shown: Any) -> str:
    if create.id is None:
        address = urlsplit(answer.headers.get("Location", "")[:4_000])
        named = parse_qs(address.query).get("id")
        return named[0] if named else unquote(address.path.rstrip("/").rpartition("/")[2])
    return id_of(shown, create.id)
