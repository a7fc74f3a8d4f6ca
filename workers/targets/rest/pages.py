"""Reads a list page by page: bounded, never twice the same page, never at another host."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from bridge.errors import TryLater
from bridge.wire.answer import Answer
from workers.targets.rest.client import Client, said
from workers.targets.rest.compiled import Listing
from workers.targets.rest.fields import Path, at, id_of, steps
from workers.targets.rest.requests import Paging

LONGEST = 2_000
"""Pages that are read of one list."""

_NEXT = re.compile(r'<([^>]{1,4000})>\s*;[^,<]*\brel="?next"?')

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page: its new objects, whether it is the last one of a whole list, and the total that it tells."""

    items: list[Item]
    whole: bool
    total: int | None


@dataclass(slots=True)
class _Place:
    """Where the next page begins."""

    offset: int = 0
    page: int = 1
    cursor: str | None = None
    address: str | None = None

    def variables(self, size: int) -> dict[str, Any]:
        return {"size": size, "offset": self.offset, "page": self.page, "cursor": self.cursor}


async def pages(
    client: Client, listing: Listing, values: Mapping[str, Any], id_at: Path
) -> AsyncIterator[Listed]:
    """All objects of a list, each once. Raises what a request raises, and TryLater for what is no list."""
    paging = listing.pages
    place = _Place(page=paging.first if paging else 1)
    seen: set[str] = set()
    places: set[tuple[int, int, str | None, str | None]] = set()
    for _ in range(LONGEST):
        answer = await _page(client, listing, values, place)
        items = _items(answer, listing.items, id_at)
        fresh = {id_: item for item in items if (id_ := id_of(item, id_at)) not in seen}
        repeats = len(fresh) < len(items)
        seen.update(fresh)
        total = _number(at(said(answer), steps(paging.total))) if paging and paging.total else None
        last = paging is not None and _is_last(paging, answer)
        ends = paging is None or last or not _advance(client, paging, place, answer, len(items))
        key = place.offset, place.page, place.cursor, place.address
        loops = not ends and (key in places or (not fresh and paging is not None))
        places.add(key)
        counted = paging is None or paging.by not in ("offset", "page")
        told = paging is None or paging.more is None or last
        whole = ends and told and not repeats and (total == len(seen) or (counted and total is None))
        yield Listed(list(fresh.values()), whole, total)
        if ends or loops:
            return


async def _page(client: Client, listing: Listing, values: Mapping[str, Any], place: _Place) -> Answer:
    if place.address is not None:
        return await client.follow(listing.call, place.address)
    more = place.variables(listing.pages.size) if listing.pages else {}
    return await client.read(listing.call, {**values, **more})


def _items(answer: Answer, path: Path, id_at: Path) -> list[Item]:
    found = at(said(answer), path)
    if not isinstance(found, list):
        raise TryLater(f"answered with no list at '{'.'.join(path)}'; is the address right?")
    if any(not id_of(item, id_at) for item in found):
        raise TryLater(
            f"answered with a list in which something has no text or number at '{'.'.join(id_at)}'"
        )
    return found


def _is_last(paging: Paging, answer: Answer) -> bool:
    """Whether an answer says that there is no other page."""
    return paging.more is not None and at(said(answer), steps(paging.more)) is False


def _advance(client: Client, paging: Paging, place: _Place, answer: Answer, count: int) -> bool:
    """Go on behind a page of so many objects; False behind the last one."""
    match paging.by:
        case "offset" | "page":
            place.offset += count
            place.page += 1
            return count > 0 and (paging.total is None or not _is_all(paging.total, place, answer))
        case "cursor":
            cursor = at(said(answer), steps(paging.at or ""))
            place.cursor = str(cursor) if cursor not in (None, "", False) else None
            return place.cursor is not None
        case "next":
            address = at(said(answer), steps(paging.at or ""))
        case "link":
            found = _NEXT.search(answer.headers.get("Link", "")[:20_000])
            address = found[1] if found else None
    if not isinstance(address, str) or not address:
        return False
    place.address = below(client.base_url, address)
    return True


def _is_all(total_at: str, place: _Place, answer: Answer) -> bool:
    total = _number(at(said(answer), steps(total_at)))
    return total is not None and place.offset >= total


def below(base_url: str, address: str) -> str:
    """The part of an address below the base address. Raises TryLater for one that leads elsewhere."""
    whole = urlsplit(urljoin(f"{base_url}/", address))
    base = urlsplit(base_url)
    if (whole.scheme, whole.netloc) != (base.scheme, base.netloc) or not (
        whole.path == base.path or whole.path.startswith(f"{base.path.rstrip('/')}/")
    ):
        raise TryLater("the list goes on at an address outside of base_url, which is not followed")
    return whole.path[len(base.path.rstrip("/")) :] + (f"?{whole.query}" if whole.query else "")


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else None
