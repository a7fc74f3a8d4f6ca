"""Whether a target may be called at all: halted, unreachable, or asked to be left alone for a while."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

from bridge.codec import Codec, reading
from bridge.model import Key
from bridge.store.connection import Connection
from bridge.store.entries import open_text
from bridge.store.keys import Keys, legible, named, place, script

_PAUSE = script("pause")
_LENGTHEN = script("lengthen")

HALTED = "halted"
"""Credentials or permission were refused: goes on when `check` passes."""
HELD = "held"
"""First contact looks wrong: waits for somebody's approval."""
THROTTLED = "throttled"
"""The target has asked to be left alone: goes on after that time, or when a person says so."""
MAINTENANCE = "maintenance"
"""A person lets it rest: goes on at a person's word, or at the time that was said."""
UNREACHABLE = "unreachable"
"""No answers: probed until there are."""

_SURVEY_SECONDS = 3600
"""How long look-ups are kept of a survey that does not go on."""

FAULTS = 3
"""Requests in a row without an answer, after which a target counts as unreachable."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What first contact with a target found, under a configuration: its accounts, and what would be done.

    `people` are all who belong there; of the `looked_up` among them it is known what would be done.
    `undecided` match an account that carries another external id or is inactive: a person decides.
    """

    config: str
    accounts: int
    people: int = 0
    create: int = 0
    adopt: int = 0
    ambiguous: int = 0
    undecided: int = 0

    @property
    def looked_up(self) -> int:
        """How many were looked for."""
        return self.create + self.adopt + self.ambiguous + self.undecided

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        return {name: n for name, n in dataclasses.asdict(self).items() if name != "config"}


class Gate:
    """The gate of one target. What it says is checked by every claim, in the same step as the lock."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec
        self.target = target

    async def pause(self, state: str, reason: str) -> bool:
        """Let no delivery start. True when the target was not paused before."""
        name = self._keys.at(self.target, "state")
        return bool(await self._redis.eval(_PAUSE, 1, name, state, reason, time.time()))

    async def rest(self, reason: str, seconds: float | None) -> None:
        """Let no delivery start at a person's word, for so long or until somebody resumes it."""
        name, milliseconds = self._keys.at(self.target, "state"), int((seconds or 0.0) * 1000)
        await self._redis.eval(_PAUSE, 1, name, MAINTENANCE, reason, time.time(), milliseconds)

    async def resume(self) -> bool:
        """Let deliveries start again. True when the target was paused."""
        await self._redis.delete(self._keys.at(self.target, "faults"))
        return bool(await self._redis.delete(self._keys.at(self.target, "state")))

    async def reopen(self) -> bool:
        """Let deliveries start at a person's word, whatever the target has asked. True when it was closed."""
        names = [self._keys.at(self.target, name) for name in ("throttle", "probe")]
        throttled, _ = [await self._redis.delete(name) for name in names]
        return bool(throttled) | await self.resume()

    async def paused(self) -> dict[str, str]:
        """`{state, reason, since}` while the target is paused or throttled, else empty."""
        fields = await self._redis.hgetall(self._keys.at(self.target, "state"))
        found = {legible(name): legible(value) for name, value in fields.items()}
        if not found and (left := await self._redis.pttl(self._keys.at(self.target, "throttle"))) > 0:
            return {"state": THROTTLED, "reason": f"the target asked to wait {left / 1000:.0f} s more"}
        return found

    async def throttle(self, seconds: float) -> None:
        """Let nobody send anything to this target for so long, as it has asked."""
        milliseconds = max(1, int(seconds * 1000))
        await self._redis.eval(_LENGTHEN, 1, self._keys.at(self.target, "throttle"), milliseconds)

    async def count_fault(self, reason: str) -> bool:
        """Note a request without an answer. True when this one has paused the target."""
        if await self._redis.incr(self._keys.at(self.target, "faults")) < FAULTS:
            return False
        return await self.pause(UNREACHABLE, reason)

    async def may_probe(self, gap: float) -> bool:
        """Whether it is this caller's turn to ask an unreachable target: one worker's in `gap` seconds."""
        name = self._keys.at(self.target, "probe")
        return bool(await self._redis.set(name, "1", nx=True, px=int(gap * 1000)))

    async def survey(self) -> Survey | None:
        """What first contact found."""
        name = self._keys.at(self.target, "survey")
        blob = await self._redis.get(name)
        return open_survey(self._codec, place(name), blob) if blob else None

    async def looked_up(self, config: str) -> dict[str, str]:
        """What the accounts that match make of a record, for those that a survey under way has looked up."""
        where = self._looked_up(config)
        found = await self._redis.hgetall(where)
        return {
            str(key): open_text(self._codec, place(where, str(key)), word)
            for name, word in found.items()
            if (key := named(name))
        }

    async def note_looked_up(self, config: str, key: Key, verdict: str) -> None:
        """Share a look-up with the other workers, and with whoever goes on when this one is killed."""
        name = self._looked_up(config)
        sealed = self._codec.seal(verdict, place(name, str(key)))
        await self._redis.hset(name, mapping={str(key): sealed})
        await self._redis.pexpire(name, _SURVEY_SECONDS * 1000)

    def _looked_up(self, config: str) -> str:
        return self._keys.at(self.target, f"looked-up:{config}")

    async def note_survey(self, survey: Survey) -> None:
        """Remember what first contact found."""
        name = self._keys.at(self.target, "survey")
        await self._redis.set(name, self._codec.seal(dataclasses.asdict(survey), place(name)))


def open_survey(codec: Codec, where: str, blob: bytes) -> Survey:
    """A survey as `note_survey` wrote it at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        return Survey(**value)
