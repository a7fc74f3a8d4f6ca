"""One request to a server, whatever it speaks: how long it took and what was answered, counted and traced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge import tracing

UNANSWERED = "none"
"""The status of a request without an answer."""

Measured = Callable[[str, float], None]
"""Hears of a request that has ended: its status, and its seconds."""


def unheard(_status: str, _seconds: float) -> None:
    """Nobody wants to hear of it."""


class Sent:
    """A request under way, in which something is asked for `times` times."""

    def __init__(self, times: int) -> None:
        self._begun = time.monotonic()
        self._statuses = [UNANSWERED] * times

    @property
    def seconds(self) -> float:
        """For how long it has been under way."""
        return time.monotonic() - self._begun

    def answered(self, *statuses: str) -> None:
        """There is an answer: to all that was asked for the same status, or one to each."""
        self._statuses = [*statuses] if len(statuses) > 1 else [*statuses] * len(self._statuses)

    def tell(self, measured: Measured) -> None:
        """It has ended."""
        seconds = self.seconds
        for status in self._statuses:
            measured(status, seconds)


@contextmanager
def timed(
    name: str,
    measured: Measured,
    *,
    times: int = 1,
    status_of: Callable[[Exception], str] = lambda _error: UNANSWERED,
    **attributes: str,
) -> Iterator[Sent]:
    """What is sent in here is one request, of which `measured` hears when it ends; cancelled, it does not.

    One in which several things are asked for (`times`) counts as so many, each with the seconds of them all.
    An exception has the status that `status_of` gives it. `name` and `attributes` (`__` stands for a dot) are
    those of its span.
    """
    sent = Sent(times)
    try:
        with tracing.call(name, **attributes):
            yield sent
    except Exception as error:
        sent.answered(status_of(error))
        sent.tell(measured)
        raise
    sent.tell(measured)
