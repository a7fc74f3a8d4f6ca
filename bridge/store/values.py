"""Which records have been given a value that nobody else has at one target, such as a user name."""

from __future__ import annotations

from bridge.model import Key
from bridge.spelling import folded
from bridge.store.connection import Connection
from bridge.store.keys import named
from bridge.store.owners import HandedOver, Owners


class Values(Owners):
    """The part of a ledger that says who has a value, once for all workers.

    A value stands here as a fingerprint, in the form in which targets compare it. It is a record's from
    before its account is created until that is deleted or the record is forgotten.
    """

    async def holder(self, attribute: str, value: str) -> Key | None:
        """Whose a value is, if it is anybody's."""
        holder = await self._redis.hget(self._key("unique"), self._value(attribute, value))
        return named(holder) if holder else None

    async def hold(self, attribute: str, value: str, key: Key) -> Key:
        """Make a value a record's, in one step. Returns whose it is: another record's if it was taken."""
        where, field = self._key("unique"), self._value(attribute, value)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(where, field, str(key))
            pipe.hget(where, field)
            _, holder = await pipe.execute()
        return named(holder)

    async def let_go(self, attribute: str, value: str, key: Key) -> None:
        """A value turned out to be somebody's at the target: it is this record's no more."""
        if await self.holder(attribute, value) == key:
            await self._redis.hdel(self._key("unique"), self._value(attribute, value))

    async def let_all_go(self, key: Key) -> None:
        """The record's account is deleted: others may have what it had. Reads all: for rare occasions."""
        await let_all_go(self._redis, self._key("unique"), key)

    async def hand_over(
        self, remote_id: str, new: Key, owner: Key | None, now: float, *, config: str, token: str = ""
    ) -> HandedOver | None:
        """As `Owners.hand_over`; what the object was given goes with it."""
        taken = await super().hand_over(remote_id, new, owner, now, config=config, token=token)
        if taken and owner not in (None, new):
            where = self._key("unique")
            if mine := await _of(self._redis, where, owner):
                await self._redis.hset(where, mapping=dict.fromkeys(mine, str(new)))
        return taken

    def _value(self, attribute: str, value: str) -> str:
        return self._codec.digest([attribute, folded(value)])


async def let_all_go(redis: Connection, where: str, key: Key) -> None:
    """Forget all values of a record in the hash at a place."""
    if mine := await _of(redis, where, key):
        await redis.hdel(where, *mine)


async def _of(redis: Connection, where: str, key: Key) -> list[str]:
    name = str(key).encode()
    return [field.decode() for field, holder in (await redis.hgetall(where)).items() if holder == name]
