"""All users or groups of a server, page by page: what is not among them is not there, if all was shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bridge.exchange import Page, Remote
from bridge.model import Kind
from workers.targets.scim.attributes import Slot, boolean, get, normal, resolve
from workers.targets.scim.client import PATHS, Listed, ScimClient
from workers.targets.scim.resource import Resource, external_id, is_open, read

USUAL = 100
"""Objects on a page, where the server does not say how many it gives."""

_MOST, _LONGEST = 1000, 2_000
"""Objects on a page, however many it announces; pages that are read of one list."""


class Listing:
    """Lists the objects of one server, with no more than what they are looked up by."""

    def __init__(self, client: ScimClient, match: Sequence[str], match_groups: Sequence[str]) -> None:
        self._client = client
        self._slots = {
            Kind.PERSON: {name: resolve(Kind.PERSON, name) for name in match},
            Kind.TEAM: {name: resolve(Kind.TEAM, name) for name in match_groups},
        }

    async def pages(self, kind: Kind) -> AsyncIterator[Page]:
        """Read on to the end: by cursor (RFC 9865) where that is announced, else by index (RFC 7644)."""
        config = await self._client.discover("/ServiceProviderConfig")
        paging = get(config, "pagination")
        form = {"count": str(_count(config)), "attributes": self._attributes(kind)}
        by_cursor = boolean(get(paging, "cursor")) is True
        seen: set[str] = set()
        step = _Step()
        for _ in range(_LONGEST):
            place = {"cursor": step.cursor} if by_cursor else {"startIndex": str(step.start)}
            listed = await self._client.page(PATHS[kind], {**form, **place})
            ids = [str(get(one, "id")) for one in listed.resources]
            fresh = [one for one, id_ in zip(listed.resources, ids, strict=True) if id_ not in seen]
            follows = by_cursor or step.follows(ids)
            seen.update(ids)
            ends = not listed.cursor if by_cursor else not fresh
            whole = follows and ends and listed.total in (None, len(seen))
            yield Page(tuple(self._remote(kind, one) for one in fresh), whole)
            if ends or not follows:
                return
            step.advance(ids, listed)

    def _attributes(self, kind: Kind) -> str:
        paths = {slot.path for slot in self._slots[kind].values()}
        return ",".join(sorted({*paths, "externalId", *(["active"] if kind is Kind.PERSON else [])}))

    def _remote(self, kind: Kind, resource: Resource) -> Remote:
        keys = {
            (name, normal(name, value))
            for name, slot in self._slots[kind].items()
            for value in _values(resource, slot)
        }
        return Remote(
            str(get(resource, "id")),
            open=is_open(resource) if kind is Kind.PERSON else None,
            external_id=external_id(resource),
            keys=frozenset(keys),
        )


def _count(config: Resource) -> int:
    """How many objects to ask for: as many as the server says that it gives (RFC 7643 5, RFC 9865 4)."""
    said = (get(get(config, "pagination"), "maxPageSize"), get(get(config, "filter"), "maxResults"))
    announced = [number for number in said if isinstance(number, int) and number > 0]
    return min([*announced, _MOST]) if announced else USUAL


class _Step:
    """Where the next page begins.

    By index each page begins with the last object of the one before: where it does not, objects have moved
    meanwhile, or the server does not page as it was asked, and one may be left out.
    """

    def __init__(self) -> None:
        self.start = 1
        self.cursor = ""
        self._last = ""

    def follows(self, ids: Sequence[str]) -> bool:
        """Whether a page goes on where the one before ended."""
        return not self._last or ids[:1] == [self._last]

    def advance(self, ids: Sequence[str], listed: Listed) -> None:
        """Go on behind a page that had these objects."""
        self.start += len(ids) - 1
        self._last = ids[-1]
        self.cursor = listed.cursor


def _values(resource: Resource, slot: Slot) -> list[str]:
    """All values that an object may be found by at a slot, whatever type an entry has."""
    found = read(resource, slot)
    entries = found if isinstance(found, list) else [found]
    if slot.entry:
        entries = [get(entry, slot.sub or "value") for entry in entries]
    return [str(one) for one in entries if isinstance(one, str | int) and not isinstance(one, bool)]
