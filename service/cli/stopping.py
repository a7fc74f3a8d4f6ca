"""SIGTERM and Ctrl-C, heard from the first moment of a command to its last, also as process 1.

Linux keeps a signal from process 1 of a container unless that has a handler for it, so one is set before
anything else is imported; this module imports next to nothing. What the first signal does depends on how far
the command has come; the second ends the process at once, whatever it does.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

Act = Callable[[], object]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ended(BaseException):
    """A signal has ended the command before it was done. Like KeyboardInterrupt no `Exception` catches it."""


class _Ear:
    """What was heard, and what is to be done about the first signal. One per process, as signals are."""

    def __init__(self) -> None:
        self.heard = 0
        self.act: Act | None = None
        self.last_words: list[Act] = []

    def hear(self, number: int, _frame: FrameType | None) -> None:
        if self.heard:
            self.leave(number, "at once, by a second signal")
        self.heard = number
        if self.act is None:
            self.leave(number, "before it had begun; nothing was changed")
        self.act()

    def leave(self, number: int, how: str) -> NoReturn:
        for act in self.last_words:
            with suppress(OSError):
                act()
        os.write(2, f"kenjo-bridge: {sentence(number, how)}\n".encode())
        os._exit(128 + number)


_ear = _Ear()


def listen() -> None:
    """Hear SIGTERM and Ctrl-C from now on. Call it in the main thread, before anything else.

    Whoever started the process may have blocked them: what has come meanwhile is then heard now.
    """
    for number in _SIGNALS:
        signal.signal(number, _ear.hear)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def heard() -> int:
    """The number of the first signal; 0: none has come."""
    return _ear.heard


def name() -> str:
    """The name of the first signal; empty: none has come."""
    return _name(_ear.heard) if _ear.heard else ""


def sentence(number: int, how: str) -> str:
    """How a signal ended the command."""
    return f"ended by {_name(number)} {how}"


@contextmanager
def first(act: Act) -> Iterator[None]:
    """Let the first signal do this while the context lasts; it runs in the main thread, between two steps."""
    former = _ear.act
    _ear.act = act
    try:
        yield
    finally:
        _ear.act = former


def now_first(act: Act) -> None:
    """Let the first signal do this for the rest of the surrounding `first`; at once if one has come."""
    _ear.act = act
    if _ear.heard:
        act()


@contextmanager
def at_last(act: Act) -> Iterator[None]:
    """Do this even when a second signal ends the process at once: no child may outlive it."""
    _ear.last_words.append(act)
    try:
        yield
    finally:
        _ear.last_words.remove(act)


def give_up() -> NoReturn:
    """Leave what is under way. Raises Ended."""
    raise Ended


def _name(number: int) -> str:
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
