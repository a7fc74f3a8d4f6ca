"""What everybody in a simulation shares: one source of chance, one clock, one trace."""

from __future__ import annotations

import hashlib
import random
from collections import deque

from tests.simulation.loop import VirtualLoop
from tests.simulation.odds import Odds

EPOCH = 1_700_002_760.0
"""Seconds since the epoch at which every simulation starts: 40 s before midnight in Berlin."""

_TAIL = 120  # events that a report shows


class World:
    """`faulty`: whether faults still happen; `violations`: sentences that begin with the invariant's name."""

    def __init__(self, seed: int, loop: VirtualLoop) -> None:
        self.seed = seed
        self.loop = loop
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.odds = Odds.draw(self.random)
        self.faulty = True
        self.violations: list[str] = []
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self.events = 0
        self._digest = hashlib.blake2b(digest_size=8)

    @property
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self.loop.time()

    def chance(self, odds: float) -> bool:
        """Whether a fault of these odds happens here and now."""
        return odds > 0 and self.faulty and self.random.random() < odds

    def note(self, actor: str, text: str, *, shown: bool = True) -> None:
        """Write one event into the trace; what is not `shown` counts for the hash only."""
        line = f"{self.loop.time():9.3f} {actor:<10} {text}"
        self.events += 1
        if shown:
            self.tail.append(line)
        self._digest.update(line.encode())

    def violate(self, invariant: str, text: str) -> None:
        """Note that a promise was broken."""
        self.note("VIOLATION", f"{invariant}: {text}")
        self.violations.append(f"{invariant}: {text}")

    @property
    def trace_hash(self) -> str:
        """Equal for equal runs."""
        return self._digest.hexdigest()
