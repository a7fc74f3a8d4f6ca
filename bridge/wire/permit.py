"""The right to write to a target. No write can be spelt without one, whatever carries it."""

from __future__ import annotations

from typing import Protocol

from bridge.errors import WriteRefused


class Permit(Protocol):
    """Asked before each request, message or rename that changes something at a target."""

    async def ask(self, *, paced: bool = False) -> None:
        """Wait until this one write may leave. Raises WriteRefused, LockLost, TryLater, or what Redis raises.

        It carries the target's pace, too, unless the request that carries this write is `paced` already.
        Nothing may come between the answer and the write.
        """


class NoWrites:
    """The permit of whoever only rehearses a delivery: `plan`, `explain`, the canary's look."""

    async def ask(self, *, paced: bool = False) -> None:
        """Raises WriteRefused."""
        del paced
        raise WriteRefused("nothing may be written here: only reading is allowed")
