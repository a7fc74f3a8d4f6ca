"""How one process reaches Redis: with await points, and with faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import redis

from tests.simulation.process import DELIVERY, TURNED, Delivery, Process, Turn
from tests.simulation.store import Store

_RECORD = re.compile(r"(person|team):\w+")
_CLAIMED = 10  # values that a claim answers of each record
_TOLD = ("claim", "commit", "settle", "release", "pipeline")
"""Commands that a reader of the trace wants to see."""


class Wire:
    """The connection of one process, with the interface of `redis.asyncio.Redis` and its faults."""

    def __init__(self, store: Store, process: Process) -> None:
        self._store = store
        self._process = process
        self._world = process.world

    def __getattr__(self, name: str) -> Callable[..., Any]:
        source = self._store if name in ("set", "pttl", "expire", "info", "time") else self._store.client
        run = getattr(source, name)

        async def command(*args: Any, **kwargs: Any) -> Any:
            def heard() -> Any:
                answer = run(*args, **kwargs)
                self._hear_of_turn(name, args, answer)
                return answer

            return await self._through(f"{name} {args[0] if args else ''}", heard)

        return command

    async def eval(self, text: str, numkeys: int, *args: str | bytes | float) -> Any:
        """Run a script, and tell the referee's books of what it was about."""
        name = self._store.name_of(text)
        records = [arg for arg in args[numkeys:] if isinstance(arg, str) and _RECORD.fullmatch(arg)]

        if name == "commit" and self._world.chance(self._world.odds.late):
            self._process.freeze(15.0)

        def run() -> Any:
            answer = self._store.eval(text, numkeys, *args)
            self._keep_books(name, records, args[numkeys:], answer)
            self._hear_of_turn(name, args, answer)
            if name == "hand_over" and answer[0] == b"ok":
                for hear in self._store.on_hand_over:
                    hear(str(args[0]), str(args[numkeys + 3]), str(args[numkeys + 1]))
            return answer

        return await self._through(f"{name} {' '.join(records[:3])}", run)

    def pipeline(self, *, transaction: bool = True) -> WirePipeline:
        """Commands that go out together."""
        return WirePipeline(self, self._store, transaction)

    async def _through(self, what: str, run: Callable[[], Any]) -> Any:
        world, process = self._world, self._process
        await process.step()
        if world.chance(world.odds.redis_fails):
            process.troubles.append(world.now)
            world.note(process.name, f"!! redis not reached: {what}")
            raise redis.ConnectionError("simulated")
        answer = run()
        said = "" if what.startswith("xadd") else _short(answer)  # which is the time of the real clock
        world.note(process.name, f"redis {what} = {said}", shown=what.startswith(_TOLD))
        await process.step()
        if world.chance(world.odds.redis_reply_lost):
            process.troubles.append(world.now)
            world.note(process.name, f"!! redis's reply lost: {what}")
            raise redis.ConnectionError("simulated")
        return answer

    def _keep_books(self, name: str, records: Sequence[str], args: Sequence[Any], answer: Any) -> None:
        store, now = self._store, self._world.now
        if name == "commit" and answer is not None:
            version = self._process.fetched
            store.accepted.append(version)
            for record in records:
                if version < store.versions.get(record, 0):
                    self._world.violate(
                        "NEVER BACKWARDS", f"{record} committed from an older reading of Kenjo"
                    )
                store.versions[record] = version
                store.committed.append((record, version))
        if name == "pace":
            TURNED.set(now)
        delivery = DELIVERY.get()
        if delivery and not isinstance(delivery, Turn):
            delivery.checked = now
        if name == "claim":
            for record, token in zip(answer[4::_CLAIMED], answer[5::_CLAIMED], strict=True):
                self._begin(record.decode(), token.decode())
        told = {arg for arg in args if isinstance(arg, str)}
        if name == "renew":  # an answer that the lock is lost lets nothing be written
            told -= {token for token, good in zip(args[-len(answer) :], answer, strict=True) if not good}
        for token in self._process.deliveries.keys() & told:
            self._process.deliveries[token].checked = now

    def _hear_of_turn(self, name: str, args: Sequence[Any], answer: Any) -> None:
        """Note what a publication asks, and that it takes its turn and keeps it."""
        turn = DELIVERY.get()
        if not isinstance(turn, Turn) or not args:
            return
        what = str(args[0]).rpartition(":")[2]
        if (name, what) == ("zcard", "pending"):
            turn.looked = self._store.known()
        elif (name, what) == ("set", "publishing") and answer:
            turn.token, turn.losses, turn.known = str(args[1]), self._store.losses, turn.looked
            turn.since = self._world.now
        if (name, what) != ("renew", "publishing") or answer[0]:
            turn.checked = self._world.now

    def _begin(self, record: str, token: str) -> None:
        """A delivery has claimed a record, or claims it anew."""
        process, store = self._process, self._store
        delivery = process.deliveries.setdefault(
            token, Delivery(process.name, misconfigured=process.misconfigured)
        )
        delivery.record, delivery.version = record, store.versions.get(record, 0)
        delivery.losses = store.losses
        delivery.since = delivery.checked = self._world.now


class WirePipeline:
    """Collects commands; without a transaction a lost connection may leave some of them done."""

    def __init__(self, wire: Wire, store: Store, transaction: bool) -> None:
        self._wire = wire
        self._store = store
        self._transaction = transaction
        self._commands: list[tuple[str, tuple[Any, ...], Mapping[str, Any]]] = []
        self._watching: Any = None

    async def watch(self, *names: str) -> None:
        """Watch keys on a connection of the server's own, which ends when the pipeline does."""
        self._watching = self._store.client.pipeline(transaction=True)
        await self._wire._through(f"watch {len(names)} keys", lambda: self._watching.watch(*names))

    def multi(self) -> None:
        """The commands from here on go out together."""
        self._watching.multi()

    async def aclose(self) -> None:
        """Watch no more."""
        if self._watching is not None:
            self._watching.reset()
            self._watching = None

    def __getattr__(self, name: str) -> Callable[..., WirePipeline]:
        def add(*args: Any, **kwargs: Any) -> WirePipeline:
            kwargs.pop("px", None)  # of a job, which outlives every simulation
            self._commands.append((name, args, kwargs))
            return self

        return add

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._commands = []

    async def execute(self) -> list[Any]:
        """Send all commands. Raises redis.ConnectionError."""
        world = self._wire._world
        size = len(self._commands)
        if not self._transaction and size > 1 and world.chance(world.odds.redis_fails):
            size = world.random.randrange(size)
        answers: list[Any] = await self._wire._through(f"pipeline of {size}", lambda: self._run(size))
        if size < len(self._commands):
            raise redis.ConnectionError("simulated")
        return answers

    def _run(self, size: int) -> list[Any]:
        pipe = self._watching or self._store.client.pipeline(transaction=self._transaction)
        for name, args, kwargs in self._commands[:size]:
            self._store.enqueued += name == "zadd"
            getattr(pipe, name)(*args, **kwargs)
        answers: list[Any] = pipe.execute()
        return answers


def _short(answer: Any) -> str:
    if isinstance(answer, list | dict) and len(answer) > 2:
        return f"{len(answer)} values, first {_short(next(iter(answer)))}"
    return str(answer)[:60]
