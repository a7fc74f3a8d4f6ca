"""A long list, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """The rows on one page, its number from 1 on, and that of the last page."""

    rows: Sequence[_Row]
    number: int
    last: int


def page_of(rows: Sequence[_Row], asked: str, size: int) -> Page[_Row]:
    """The page that an address or a form asks for: the first for what is no number, at most the last."""
    last = max(1, -(-len(rows) // size))
    number = min(max(1, int(asked) if asked.isdecimal() and len(asked) < 6 else 1), last)
    return Page(rows[(number - 1) * size : number * size], number, last)
