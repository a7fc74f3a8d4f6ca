"""Sees whether anybody has touched what a poll reads: records, ledgers, holds, whoever is forgotten.

Redis itself notices (WATCH), whatever the writer is: a worker, another service, an operator's command, a
person with a client, eviction. Nobody has to keep a stamp up to date, so nobody can forget to. A watch lives
as long as its connection: a restart of the server, or a fail-over, counts as a touch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from redis.exceptions import RedisError

from bridge.store.connection import Connection, Pipeline
from bridge.store.keys import Keys

_ACCOUNT = ("pepper", "holds", "forgotten", "leaving", "absent", "revisions", "records")
_TARGET = ("ledger", "links", "owners", "claims", "pending", "held", "approved", "counted", "done")


class Witness:
    """Watches from `begin` on; it holds a connection until `undisturbed` or `leave`."""

    def __init__(self, pipe: Pipeline, ours: str) -> None:
        self._pipe = pipe
        self._ours = ours

    @classmethod
    async def begin(cls, redis: Connection, keys: Keys, targets: Iterable[str]) -> Witness:
        """Watch from now on. Raises RedisError."""
        names = [keys.of(name) for name in _ACCOUNT]
        names += [keys.at(target, name) for target in targets for name in _TARGET]
        pipe = redis.pipeline(transaction=True)
        try:
            await pipe.watch(*names)
        except BaseException:
            await pipe.aclose()
            raise
        return cls(pipe, names[0])

    async def undisturbed(self) -> bool:
        """Whether nothing has been touched since. To be asked once: this ends the watch.

        False too where that cannot be told.
        """
        try:
            self._pipe.multi()
            self._pipe.exists(self._ours)  # an empty transaction would not be sent, any other key be refused
            await self._pipe.execute()
        except (RedisError, OSError):  # WatchError among them
            return False
        finally:
            await self.leave()
        return True

    async def leave(self) -> None:
        """Stop watching, and give the connection back. Redis being away is no error."""
        with contextlib.suppress(RedisError, OSError):
            await self._pipe.aclose()
