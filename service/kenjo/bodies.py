"""One list of Kenjo as it came: bytes that are hashed, and not decoded if they are those of last time."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from bridge.codec import canonical
from bridge.wire.answer import Answer
from bridge.wire.parsing import TooMuch
from service.kenjo.fields import WHOLE
from service.kenjo.pages import Pages

PIECE = 2**20
"""Bytes that are decoded at once, about: nothing else runs meanwhile, and what is not in use goes again."""

_T = TypeVar("_T")

_BARE = re.compile(rb"\s*\[")
_START = re.compile(rb'\s*(?:\[|\{\s*"data"\s*:\s*\[)')
_BETWEEN = re.compile(rb"\}\s*,\s*\{")


class Page(NamedTuple):
    """An answer by its hash, and the parameters of the request that it led to (None: it was the last)."""

    digest: bytes
    following: dict[str, str] | None


class Came:
    """The answers for one list: those of `raw` are not decoded yet. `former`: the pages of last time."""

    def __init__(self, name: str, former: Sequence[Page] = ()) -> None:
        self.name = name
        self.raw: deque[Answer] = deque()
        self.pages: list[Page] = []
        self._former = former
        self._same = True
        self._decoded = Pages(name)

    @property
    def rows(self) -> list[Any]:
        """What has been decoded."""
        return self._decoded.rows

    def known(self, digest: bytes) -> Page | None:
        """The page of last time, if this one and all before it are the same bytes."""
        at = len(self.pages)
        self._same = self._same and at < len(self._former) and self._former[at].digest == digest
        return self._former[at] if self._same else None

    def add(self, body: Any) -> dict[str, str] | None:
        """Add what was decoded; return the parameters of the next request. Raises SourceUnavailable."""
        return self._decoded.add(body)


async def digested(body: bytes) -> bytes:
    """The digest of an answer."""
    return await _aside(body, digest_of, body)


async def decoded(text: bytes, most: int, keep: Collection[str]) -> Any:
    """See `read`."""
    return await _aside(text, read, text, most, keep)


async def _aside(text: bytes, work: Callable[..., _T], *arguments: Any) -> _T:
    """Work on something large in a thread: everything else has to go on meanwhile."""
    if len(text) <= PIECE:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)


def digest_of(body: bytes) -> bytes:
    """By which two answers count as equal. Nobody can make two that do; processors have it built in."""
    return hashlib.sha256(body).digest()


def origin_of(came: Mapping[str, Came], days: Collection[str]) -> str:
    """What names all that a snapshot is made from: the bytes of all lists, and the days that it is."""
    pages = {name: [page.digest.hex() for page in one.pages] for name, one in came.items()}
    return digest_of(canonical([pages, list(days)])).hex()


def is_bare(body: bytes) -> bool:
    """Whether an answer is an array: such a list has one page."""
    return _BARE.match(body) is not None


def read(text: bytes, most: int, keep: Collection[str] = (WHOLE,)) -> Any:
    """The JSON of a list, bare or below `data`; its rows cut down to the fields `keep`.

    Raises TooMuch where there are more than `most` values, or ValueError for what is no JSON.
    """
    try:
        return _in_pieces(text, most, keep)
    except TooMuch:
        raise
    except ValueError:  # cut where no row ends, or broken: as a whole it is one or the other
        _bound(most - _values(text), most)
        return cut(orjson.loads(text), keep)


def cut(value: Any, keep: Collection[str]) -> Any:
    """A list, bare or below `data`, with no other fields in its rows."""
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        return {**value, "data": cut(value["data"], keep)}
    if WHOLE in keep or not isinstance(value, list):
        return value
    return [_cut(row, keep) if isinstance(row, dict) else row for row in value]


def _cut(row: Mapping[str, Any], keep: Collection[str]) -> dict[str, Any]:
    return {name: row[name] for name in keep if name in row}


def _in_pieces(text: bytes, most: int, keep: Collection[str]) -> Any:
    """Read row after row. A piece that is JSON between brackets ends where a row does, and nowhere else.

    For what stands before tells whether a place is within a text or a nested value: then a bracket there
    would leave it open, and the piece would be no JSON.
    """
    start = _START.match(text)
    if start is None:
        raise ValueError("no list")
    rows: list[Any] = []
    at, left = start.end(), most
    while len(text) - at > 2 * PIECE and (between := _BETWEEN.search(text, at + PIECE)):
        piece = text[at : between.start() + 1]
        left -= _values(piece)
        _bound(left, most)
        rows += cut(orjson.loads(b"[" + piece + b"]"), keep)
        at = between.end() - 1
    last = start[0] + text[at:]
    _bound(left - _values(last), most)
    found = cut(orjson.loads(last), keep)
    if isinstance(found, dict):
        return {**found, "data": rows + found["data"]}
    return rows + found


def _values(text: bytes) -> int:
    """How many values a text has at most: each but the first follows one of these, if not within a text."""
    return text.count(b",") + text.count(b"{") + text.count(b"[")


def _bound(left: int, most: int) -> None:
    if left < 0:
        raise TooMuch(f"has more than {most} values")
