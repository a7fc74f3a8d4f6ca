"""How often somebody may try in vain to sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Place = tuple[str, str]
"""What tries are counted by: `("name", ...)` or `("address", ...)`."""

_MOST_TRIES = {"name": 5, "address": 25}
"""Tries in vain for one name, or from one address, in `_WINDOW` seconds, after which nobody is let in.

A whole office may come from one address, and so does everybody behind a proxy that is not in
`web.trusted_proxies`.
"""
_WINDOW = 300.0
_MOST = 10_000
"""Addresses and names that are remembered."""


class TooManyTries(Exception):
    """Wait for some minutes."""


class Tries:
    """Tries in vain of the last minutes. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: dict[Place, list[float]] = {}

    def see(self, places: Iterable[Place]) -> None:
        """Whether somebody may try. Raises TooManyTries."""
        if any(self._recent(place) >= _MOST_TRIES[place[0]] for place in places):
            raise TooManyTries

    def note(self, places: Iterable[Place]) -> None:
        """It was in vain."""
        for place in places:
            if len(self._wrong) < _MOST or place in self._wrong:
                self._wrong.setdefault(place, []).append(self._clock())

    def _recent(self, place: Place) -> int:
        since = self._clock() - _WINDOW
        recent = [at for at in self._wrong.get(place, ()) if at > since]
        if recent:
            self._wrong[place] = recent
        else:
            self._wrong.pop(place, None)
        return len(recent)
