"""Redis and everything that lives there, opened once by each process."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from arq.connections import ArqRedis
from pydantic import SecretStr
from redis.asyncio.connection import SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import RedisError, ResponseError

from bridge.codec import Codec
from bridge.config.redis_settings import RedisSettings
from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.logs import get_logger
from bridge.store import Audit, Continuity, Forgotten, Gate, Holds, Keys, Lease, Ledger, Records, Whose
from bridge.store.asked import Asked
from bridge.store.budget import CallBudget
from bridge.store.clock import Clock
from bridge.store.connection import Connection
from bridge.store.discard import Discarded, discard
from bridge.store.drifts import Drifts
from bridge.store.given import Given
from bridge.store.keys import ACCOUNT, number, place
from bridge.store.migrations import Format, newer
from bridge.store.notebook import Notebook
from bridge.store.notices import Notices
from bridge.store.pace import Pace
from bridge.store.pool import PORT, open_pool
from bridge.store.publications import Publications
from bridge.store.queue import Queue, deserialize, serialize
from bridge.store.rekey import Rekeyed, rekey
from bridge.store.secured import refusal
from bridge.store.sentinels import followed
from bridge.store.sign_ins import SignIns
from bridge.store.trouble import (
    AWAY,
    NO_TLS,
    TLS_WANTED,
    role_trouble,
    speaks_plainly,
    speaks_tls,
    trouble,
    warnings,
)
from bridge.store.unbroken import Unbroken
from bridge.store.vault import TokenVault
from bridge.store.witness import Witness

log = get_logger("redis")


@dataclass(frozen=True, slots=True)
class Backend:
    """One account's state. `redis` is for arq and for `ping`; everything else goes through the parts.

    `configured` reads the encryption keys anew, as they are configured now. `clock` is by what deliveries go.
    """

    redis: ArqRedis
    keys: Keys
    codec: Codec
    configured: Callable[[], Sequence[str]] | None = None
    clock: Clock = field(default_factory=Clock, compare=False)

    @property
    def _connection(self) -> Connection:
        return cast("Connection", self.redis)  # redis-py declares every answer as "maybe awaitable"

    async def mark(self) -> str:
        """Another text as soon as something is to be seen that was not: an event, a hold, a snapshot."""
        newest, snapshot = await self.audit.newest(), await self._connection.get(self.keys.of("snapshot"))
        return f"{newest} {await self._connection.hlen(self.keys.of('holds'))} {hash(snapshot)}"

    @property
    def records(self) -> Records:
        """What Kenjo says."""
        return Records(self._connection, self.keys, self.codec)

    @property
    def queue(self) -> Queue:
        """The targets' queues."""
        return Queue(self.redis, self.keys)

    def ledger(self, target: str) -> Ledger:
        """What a target has been given."""
        return Ledger(self._connection, self.keys, self.codec, target)

    def drifts(self, target: str) -> Drifts:
        """What somebody has changed at a target."""
        return Drifts(self._connection, self.keys, self.codec, target)

    def notebook(self, target: str) -> Notebook:
        """What a target was given last that shows nothing itself."""
        return Notebook(self._connection, self.keys, self.codec, target)

    def publications(self, target: str) -> Publications:
        """What a target has published."""
        return Publications(self._connection, self.keys, self.codec, target)

    def vault(self, target: str) -> TokenVault:
        """What a target has given to sign in with."""
        return TokenVault(self._connection, self.keys, self.codec, target)

    def budget(self, target: str) -> CallBudget:
        """How many calls a target has had of a sort of which it takes few."""
        return CallBudget(self._connection, self.keys, target)

    def unbroken(self, target: str) -> Unbroken:
        """Whether what is written for a target from now on is kept."""
        return Unbroken(self._connection, self.keys, target)

    def gate(self, target: str) -> Gate:
        """Whether a target may be called."""
        return Gate(self._connection, self.keys, self.codec, target)

    @property
    def continuity(self) -> Continuity:
        """Whether Redis may have forgotten something."""
        return Continuity(self._connection, self.keys)

    @property
    def holds(self) -> Holds:
        """What waits for a person."""
        return Holds(self._connection, self.keys, self.codec)

    @property
    def audit(self) -> Audit:
        """Who did what when."""
        return Audit(self._connection, self.keys)

    @property
    def given(self) -> Given:
        """How many changes targets were given."""
        return Given(self._connection, self.keys)

    @property
    def notices(self) -> Notices:
        """What people have been told of."""
        return Notices(self._connection, self.keys)

    @property
    def forgotten(self) -> Forgotten:
        """Who was erased for good."""
        return Forgotten(self._connection, self.keys, self.codec)

    @property
    def asked(self) -> Asked:
        """Whether somebody wants a poll now."""
        return Asked(self._connection, self.keys)

    @property
    def sign_ins(self) -> SignIns:
        """Which answers of a provider have been used."""
        return SignIns(self._connection, self.keys)

    @property
    def format(self) -> Format:
        """In which format all this stands."""
        return Format(self._connection, self.keys)

    @property
    def whose(self) -> Whose:
        """Whose all this is."""
        return Whose(self._connection, self.keys, self.codec)

    async def witness(self, targets: Iterable[str]) -> Witness:
        """Somebody who sees from now on whether anything that a poll reads is touched. Raises RedisError."""
        return await Witness.begin(self._connection, self.keys, targets)

    async def targets(self) -> set[str]:
        """The targets of which something is stored, whether they are configured still or not."""
        everything = self._connection.scan_iter(match=self.keys.at("*", "*"), count=1000)
        return {self.keys.target_of(name.decode()) async for name in everything}

    async def rekey(self) -> Rekeyed:
        """Seal everything with the current key. Raises Unreadable."""
        return await rekey(self._connection, self.keys, self.codec, await self.targets())

    async def discard_damaged(self, now: float) -> list[Discarded]:
        """Take out single values that cannot be read; the next poll finds anew what they said.

        None when it is a value without which nothing may go on. Raises Damaged when there are many, and
        Unreadable.
        """
        found = await discard(self._connection, self.keys, self.codec, await self.targets())
        for key, record in found:
            log.warning("damaged value discarded", key=key, field=record)
            await self.audit.note("damaged", now, key=key, record=record)
        return found

    async def season(self, *, plain: bool = False) -> bool:
        """Take the pepper of the fingerprints, by which all processes compare; the first to come makes it.

        One that was lost is put back by whoever still knows it. Returns whether it is another than before, so
        that no fingerprint made so far can be found again. Raises Unreadable.
        """
        name = self.keys.of("pepper")
        blob = await self.redis.get(name)  # looking must be possible in a Redis that is full
        if blob is None:
            if not self.codec.pepper:
                await self.forgotten.inherit()
            pepper = self.codec.pepper or secrets.token_bytes(32)
            await self.redis.set(name, self.codec.seal(pepper.hex(), place(name)), nx=True)
            blob = await self.redis.get(name) or b""
        former = self.codec.pepper
        self.codec.pepper = bytes.fromhex(self.codec.open(blob, place(name), plain=plain))
        return former != self.codec.pepper

    def learn(self) -> None:
        """Take the encryption keys as they are configured now. A configuration that is wrong waits."""
        if self.configured:
            with suppress(ConfigurationError):
                self.codec.use(self.configured())

    def lease(self) -> Lease:
        """A new contender for the right to poll."""
        return Lease(self._connection, self.keys)

    def pace(self, target: str, rate: float, of: str = "") -> Pace:
        """The shared rate of a target, or `of` some requests; up to a second's worth may go at once."""
        return Pace(self._connection, self.keys, target, rate, burst=max(1, int(rate)), of=of)

    async def ping(self) -> None:
        """Raise StoreUnavailable, with the reason, unless Redis answers, and is one that we can use."""
        try:
            await self.redis.ping()
            info = await self.redis.info("server")
        except (RedisError, OSError) as error:
            raise StoreUnavailable(await self._reason(error)) from None
        if found := role_trouble(info):
            raise StoreUnavailable(found)

    async def ready(self) -> None:
        """Raise StoreUnavailable or Unreadable unless everything can be read and written here, now.

        Role, a write, and whether our key opens the pepper: one round trip, cheap enough for every second.
        """
        name = self.keys.of("pepper")
        try:
            async with self.redis.pipeline(transaction=False) as pipe:
                pipe.info("replication")
                pipe.set(self.keys.of("probe"), "1", px=60_000)
                pipe.get(name)
                pipe.get(self.keys.of("format"))
                info, _, blob, written = await pipe.execute()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(await self._reason(error)) from None
        if found := role_trouble(info) or newer(number(written or b"0")):
            raise StoreUnavailable(found)
        if blob and self.codec.open(blob, place(name)) != self.codec.pepper.hex():
            raise StoreUnavailable("Redis was emptied and begun anew: the next poll takes that up")

    async def set_clock(self) -> None:
        """Let `clock` go by Redis's as it is now. Raises RedisError."""
        await self.clock.ask(self._connection)

    async def server(self) -> str:
        """What it is and of which version, such as `Valkey 9.1.2`. Raises RedisError."""
        info = await self.redis.info("server")
        if version := info.get("valkey_version"):  # it calls itself Redis 7.2, too, for old clients
            return f"Valkey {version}"
        return f"Redis {info.get('redis_version', 'of a version that it does not tell')}"

    async def warnings(self) -> list[str]:
        """What about this Redis may cost data later, a sentence each. Raises RedisError."""
        save = None
        with suppress(ResponseError):  # not allowed, or renamed, where somebody else runs it
            save = (await self.redis.config_get("save")).get("save")
        return warnings({**await self.redis.info("memory"), **await self.redis.info("persistence")}, save)

    async def _reason(self, error: Exception) -> str:
        kwargs = self.redis.connection_pool.connection_kwargs
        found = trouble(error)
        if found == AWAY and "host" in kwargs and not isinstance(error, ResponseError):
            host, port = kwargs["host"], int(kwargs.get("port", PORT))
            if issubclass(self.redis.connection_pool.connection_class, SSLConnection):
                found = NO_TLS if await speaks_plainly(host, port) else await self._refusal()
            else:
                found = TLS_WANTED if await speaks_tls(host, port) else found
        return f"Redis does not answer ({type(error).__name__}); check redis.url" if found == AWAY else found

    async def _refusal(self) -> str:
        refused = await refusal(self.redis.connection_pool)
        return trouble(refused) if refused else AWAY


async def attach(
    redis: ArqRedis,
    encryption_keys: Sequence[str],
    *,
    account: str = ACCOUNT,
    configured: Callable[[], Sequence[str]] | None = None,
    plain: bool = False,
) -> Backend:
    """The state behind an open connection. For `plain` see `Codec.open`.

    Raises Unreadable; ConfigurationError for a state that is of a newer version, or of one that still runs.
    """
    backend = Backend(redis, Keys(account), Codec(encryption_keys), configured)
    await backend.format.bring_up()
    await backend.season(plain=plain)
    return backend


@asynccontextmanager
async def open_backend(
    where: RedisSettings | str, encryption_keys: Sequence[str] = (), **options: Any
) -> AsyncIterator[Backend]:
    """Connect to a Redis, which may be told by its address alone; takes the options of `attach`.

    Raises ConfigurationError (address), Unreadable or StoreUnavailable.
    """
    values = RedisSettings(url=SecretStr(where)) if isinstance(where, str) else where
    pool = open_pool(values)
    redis = ArqRedis(connection_pool=pool, job_serializer=serialize, job_deserializer=deserialize)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis.aclose, close_connection_pool=True)
        if isinstance(pool, SentinelConnectionPool):
            await stack.enter_async_context(followed(pool))
        await Backend(redis, Keys(), Codec()).ping()
        backend = await attach(redis, encryption_keys, **options)
        await stack.enter_async_context(backend.format.used())
        yield backend
