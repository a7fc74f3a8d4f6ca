"""How much the functions of one evaluation may do, all together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_WORK = 3_000_000
"""Characters and items that functions are given or make in one evaluation: about a second."""
MOST_PARTS = 100_000
"""Parts into which texts are split in one evaluation; loops go round once for each."""
MOST_TEXT = 100_000
"""Characters of one text."""

_CALL = 20  # what a call costs in itself, in characters


class Spent(ValueError):
    """The evaluation has done as much as it may."""


class Budget:
    """Counts for one evaluation after the other; whatever an expression makes of the error, `spent` stays.

    `problem` is what a function could not do, as a sentence without values; "" as long as all could.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self, parts: int = MOST_PARTS, text: int = MOST_TEXT) -> None:
        """A new evaluation: one text may be split into so many parts, and be made of so many characters."""
        self.spent, self.problem = False, ""
        self._work, self._parts = MOST_WORK, MOST_PARTS
        self._most_parts, self._most_text = parts, text

    def give(self, arguments: tuple[Any, ...], cost: int = 0, times: int = 1) -> None:
        """A function is called with these. Raises Spent.

        `cost`: what a call takes beyond others; `times`: how much longer than a copy each character takes.
        """
        self.use(_CALL + cost + times * sum(map(_weight, arguments)))

    def take(self, result: Any) -> Any:
        """A function has made this, and it is given on. Raises Spent."""
        if isinstance(result, list):
            self._parts -= len(result)
            self.spent |= self._parts < 0 or len(result) > self._most_parts
        self.spent |= isinstance(result, str) and len(result) > self._most_text
        self.use(_weight(result))
        return result

    def use(self, work: int) -> None:
        """So much is done, in characters that are copied meanwhile. Raises Spent."""
        self._work -= work
        self.spent |= self._work < 0
        if self.spent:
            raise Spent


def _weight(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_CALL + _weight(item) for item in value.values())
    if isinstance(value, list | tuple):
        return sum(_CALL + _weight(item) for item in value)
    return 1
