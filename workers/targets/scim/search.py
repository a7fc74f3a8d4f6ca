"""Looking objects up at a SCIM server. Only what was seen counts, never a number that the server gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, Unseen
from bridge.exchange import Wanted
from bridge.model import Kind
from bridge.spelling import folded, spellings
from workers.targets.scim.attributes import Slot, get, normal, resolve, same, same_key
from workers.targets.scim.changes import quoted
from workers.targets.scim.client import PATHS, Failing, Forbidden, ScimClient, address
from workers.targets.scim.resource import Resource, external_id, is_open, plain_id, read

PAGE = 100
MOST_PAGES = 200
MANY = PAGE * MOST_PAGES
"""Objects that are read for one look-up at most."""

_THOROUGH = 20
"""Pages that are read, without a filter, for an account that a conflict tells of."""


@dataclass(slots=True)
class Look:
    """What one look-up has seen. `whole`: to the end, so that what is not among it is not there."""

    seen: dict[str, Resource] = field(default_factory=dict)
    whole: bool = False


class Search:
    """Looks up objects of one server."""

    def __init__(self, client: ScimClient, match: Sequence[str], match_groups: Sequence[str]) -> None:
        self._client = client
        self._match = {Kind.PERSON: match, Kind.TEAM: match_groups}
        self._refused: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    async def find(self, wanted: Wanted) -> tuple[str, list[Resource]]:
        """The attribute with the first hit, and the hits; none: "" and [].

        A look-up that the server refuses proves nothing, and the next attribute is tried. When none gave a
        certain answer a create would risk a second object: raises RecordRejected, TryLater if that may pass.
        """
        kind, certain, faults = wanted.key.kind, False, {}
        for name, value in self._values(wanted):
            try:
                hits = await self._by_attribute(kind, name, value)
            except Failing as error:
                faults[name] = error
                continue
            if hits:
                return name, hits
            certain = certain or hits is not None
        if not certain:
            raise next(
                iter(faults.values()),
                RecordRejected("the target cannot be searched for this object: it may exist already"),
            )
        return await self._asked_again(wanted, faults.keys() - self._refused[kind])

    async def _asked_again(self, wanted: Wanted, names: Collection[str]) -> tuple[str, list[Resource]]:
        """Ask once more for attributes whose look-up met a 500, now that another one was answered.

        A second 500 is a refusal, and remembered as one: a passing fault must not hide an account.
        """
        for name, value in self._values(wanted):
            if name not in names:
                continue
            try:
                hits = await self._by_attribute(wanted.key.kind, name, value)
            except Failing:
                self._refused[wanted.key.kind].add(name)
                continue
            if hits:
                return name, hits
        return "", []

    async def find_folded(self, wanted: Wanted) -> tuple[str, list[Resource]]:
        """The same in other letter case, then among all that is listed: a conflict says that it is there."""
        kind = wanted.key.kind
        for name, value in self._values(wanted):
            for spelling in dict.fromkeys((value.lower(), value.upper(), value.title())):
                if (
                    spelling != value
                    and name != "externalId"
                    and (hits := await self._tried(kind, name, spelling))
                ):
                    return name, hits
        listed = (await self._read_on(kind, {}, _THOROUGH)).seen.values()
        for name, value in self._values(wanted):
            if hits := [one for one in listed if _has(one, resolve(kind, name), value)]:
                return name, hits
        return "", []

    async def size(self) -> int:
        """How many users there are at least; MANY where the server's list has no end that can be seen.

        A total that is larger than what one page shows is believed, as it only makes the bridge more careful.
        """
        shown, total, _ = await self._client.page("/Users", {"startIndex": "1", "count": str(PAGE)})
        if total is not None and total > len(shown):
            return total
        look = await self._read_on(Kind.PERSON, {}, MOST_PAGES)
        return len(look.seen) if look.whole else MANY

    async def created(self, wanted: Wanted, said: str) -> str:
        """The id of what a create without an object in its answer was about; `said`: the id in its Location.

        Some servers say 201 with `{}` to a duplicate, others 202 and make the account later. Raises Unseen
        whatever keeps it from being seen (from here on a second create would risk two accounts), or Conflict.
        """
        try:
            if said and await self._is_of(wanted, said):
                return said
            _, found = await self.find(wanted)
        except Conflict:
            raise
        except BridgeError as error:
            raise Unseen(f"answered a create without an id, and the look-up failed: {error}") from None
        if not found:
            raise Unseen("answered a create without an id, and the object is not found yet")
        id_ = wanted.attributes.get("externalId")
        ours = [one for one in found if id_ and get(one, "externalId") == id_]
        if len(found) > 1 or not ours:
            raise Conflict("answered a create without an id; an object with this key exists")
        return str(get(ours[0], "id"))

    async def _is_of(self, wanted: Wanted, remote_id: str) -> bool:
        """Whether the object is there, and has one of the values by which this one is looked up.

        Some servers name the one that was there before: raises Conflict for what may be a stranger's.
        """
        kind = wanted.key.kind
        try:
            found = await self._client.read(address(kind, remote_id))
        except RecordRejected:
            return False
        if is_anothers(found, wanted) or (not external_id(found) and is_open(found) is False):
            raise Conflict("answered a create with the address of an object that was there before")
        return any(_has(found, resolve(kind, name), value) for name, value in self._values(wanted))

    def _values(self, wanted: Wanted) -> list[tuple[str, str]]:
        found = ((name, wanted.attributes.get(name)) for name in self._match[wanted.key.kind])
        return [(name, str(value)) for name, value in found if value not in (None, "")]

    def keys(self, wanted: Wanted) -> list[tuple[str, str]]:
        """What a record is looked up by, each value in the form in which it is compared."""
        return [(name, normal(name, value)) for name, value in self._values(wanted)]

    async def _by_attribute(self, kind: Kind, name: str, value: str) -> list[Resource] | None:
        """The objects with this value, however spelled; None when the server cannot be asked for it."""
        for spelling in spellings(value) if name != "externalId" else [value]:
            hits = await self._by_value(kind, name, spelling)
            if hits or hits is None:
                return hits
        return []

    async def _by_value(self, kind: Kind, name: str, value: str) -> list[Resource] | None:
        slot = resolve(kind, name)
        try:
            look = await self._read_on(
                kind, {"filter": f"{slot.filter} eq {quoted(value)}"}, MOST_PAGES, slot, value
            )
        except (RecordRejected, Forbidden):  # most often 400 invalidFilter
            return None
        hits = [one for one in look.seen.values() if _has(one, slot, value)]
        return hits if hits or look.whole else None

    async def _tried(self, kind: Kind, name: str, value: str) -> list[Resource]:
        try:
            return await self._by_value(kind, name, value) or []
        except Failing:
            return []

    async def _read_on(
        self, kind: Kind, params: dict[str, str], pages: int, slot: Slot | None = None, value: str = ""
    ) -> Look:
        """Read pages until one brings nothing new: servers ignore filters, counts and start indexes.

        An empty page is the end. One that repeats what was seen is none: there may be more that is not shown.
        """
        look, start = Look(), 1
        for _ in range(pages):
            asked = {**params, "count": str(PAGE), "startIndex": str(start)}
            try:
                page, total, _ = await self._client.page(PATHS[kind], asked)
            except NotFound:
                if not look.seen:
                    raise
                page, total = [], None  # the page after the last one
            fresh = {str(get(one, "id")): one for one in page if str(get(one, "id")) not in look.seen}
            look.seen |= fresh
            start += len(page)
            if not fresh:
                look.whole = not page
                break
            if slot and total is not None and total <= len(look.seen) and _all_have(page, slot, value):
                break  # the filter was heeded, and there are hits: no create rests on the number
        return look


def is_anothers(resource: Resource, wanted: Wanted) -> bool:
    """Whether an object carries the external id of another record, whatever letter case a server keeps."""
    carries, own = external_id(resource), plain_id(wanted.attributes.get("externalId"))
    return carries != "" and own != "" and folded(carries) != folded(own)


def _all_have(page: Sequence[Resource], slot: Slot, value: str) -> bool:
    return all(_has(one, slot, value) for one in page)


def _has(resource: Resource, slot: Slot, value: str) -> bool:
    """Whether a found object is one that was looked for; of a list, an entry of the type, or without one."""
    found = read(resource, slot)
    if not slot.entry:
        return same_key(slot.name, found, value)
    ours = [
        get(entry, slot.sub or "value")
        for entry in (found if isinstance(found, list) else [])
        if str(get(entry, "type") or slot.entry).lower() == slot.entry.lower()
    ]
    return any(same(slot, have, value) for have in ours)
