"""Tokens that a target has given for a time, sealed, so that all processes use the same one."""

from __future__ import annotations

import time

from bridge.codec import Codec, reading
from bridge.errors import Unreadable
from bridge.store.connection import Connection
from bridge.store.keys import Keys, place
from bridge.wire.tokens import Token


class TokenVault:
    """The tokens of one target; see `bridge.wire.tokens.Vault`."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec
        self._target = target

    async def get(self, name: str) -> Token | None:
        """The token. One that does not open (another key seals now) is fetched anew like one that is gone."""
        where = self._keys.at(self._target, f"token:{name}")
        if not (blob := await self._redis.get(where)):
            return None
        try:
            with reading(where):
                value, made, until = self._codec.open(blob, place(where))
                return Token(str(value), float(made), float(until))
        except Unreadable:
            return None

    async def put(self, name: str, token: Token) -> None:
        """Keep it until it ends. Raises RedisError."""
        where = self._keys.at(self._target, f"token:{name}")
        sealed = self._codec.seal([token.value, token.made, token.until], place(where))
        left = max(1, round((token.until - time.time()) * 1000))
        await self._redis.set(where, sealed, px=left)
