"""Who hears of the calls that are made of a target: the deliveries that they are made for.

Whoever carries a request notes it here, once it has its answer or is known to have none; a request that is
made for several records is heard of by each of them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from bridge.exchange import Call

MOST = 8
"""Calls of one record that are kept, the newest: what was read and written, and the tries before."""

ELSE = "…"
"""Stands for what is not shown of a path."""

_VERSION = re.compile(r"v\d{1,2}(?:\.\d{1,2})?")
_ONE_OR_MORE = re.compile(rf"{ELSE}(?:/{ELSE})+")


class Heard:
    """The newest calls that were made for a record. `clock` gives the epoch's seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: deque[Call] = deque(maxlen=MOST)

    def add(self, what: str, answer: str, seconds: float) -> None:
        """Note a call that has ended now."""
        self._calls.append(Call(self._clock() - seconds, seconds, what, answer))

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)


_HEARD_BY: ContextVar[tuple[Heard, ...]] = ContextVar("heard_by", default=())


@contextmanager
def heard_by(hearers: Iterable[Heard]) -> Iterator[None]:
    """Let them hear of the calls that are made in here, and in the tasks that begin in here."""
    token = _HEARD_BY.set(tuple(hearers))
    try:
        yield
    finally:
        _HEARD_BY.reset(token)


def hearers() -> tuple[Heard, ...]:
    """Who hears of the calls that are made here."""
    return _HEARD_BY.get()


def note(what: str, answer: str, seconds: float) -> None:
    """A call has its answer after so many seconds, or is known to get none. It names nobody."""
    tell(_HEARD_BY.get(), what, answer, seconds)


def tell(those: Iterable[Heard], what: str, answer: str, seconds: float) -> None:
    """The same, to those for whom it was made."""
    for heard in those:
        heard.add(what, answer, seconds)


def shown_path(path: str, words: Collection[str], params: Mapping[str, str] | None = None) -> str:
    """A path of which only known words are shown: any other segment may be somebody's id or name.

    Of parameters, only the names.
    """
    segments = path.partition("?")[0].split("/")
    shown = "/".join(one if not one or one in words or _VERSION.fullmatch(one) else ELSE for one in segments)
    shown = _ONE_OR_MORE.sub(ELSE, shown)
    return f"{shown}?{'&'.join(params)}" if params else shown
