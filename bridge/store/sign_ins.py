"""Which answers of a provider have been used to sign in: each is good for one time."""

from __future__ import annotations

import hashlib

from bridge.store.connection import Connection
from bridge.store.keys import Keys


class SignIns:
    """The sign-ins of one account that are under way or were a while ago."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def is_first(self, state: str, seconds: float) -> bool:
        """Whether nobody has used this state before; it is used from now on, and remembered for so long."""
        digest = hashlib.sha256(state.encode()).hexdigest()
        key = self._keys.of(f"sign-in:{digest}")
        return bool(await self._redis.set(key, "1", nx=True, px=int(seconds * 1000)))
