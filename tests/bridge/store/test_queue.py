"""What is to be looked at, and how workers are woken: by jobs that arq itself reads, and by a list."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import orjson
import pytest
from arq.constants import job_key_prefix
from arq.jobs import deserialize_job
from arq.worker import Worker, func

from bridge.model import Key, Kind
from bridge.store.backend import Backend
from bridge.store.queue import FUNCTION, URGENT, Due, deserialize, serialize
from tests.bridge.deliveries import commit
from tests.polling import asked

TARGET = "directory"
NOW = 1_700_000_000.0


def due(name: str, rank: int = 1, at: float = 0.0) -> Due:
    return Due(Key(Kind.PERSON, name), rank, at)


async def run(backend: Backend, *, failed: int = 0) -> int:
    """Let an arq worker empty the queue; returns how often it was asked to look."""
    looks = 0

    async def look(ctx: dict[Any, Any]) -> None:
        nonlocal looks
        assert ctx["job_id"].startswith(backend.keys.prefix)
        looks += 1

    worker = Worker(
        functions=[func(look, name=FUNCTION)],
        queue_name=backend.queue.name(TARGET),
        redis_pool=backend.redis,
        burst=True,
        handle_signals=False,
        poll_delay=0.005,
        keep_result=0,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    await worker.async_run()
    assert worker.jobs_failed == failed
    return looks


async def names(backend: Backend) -> list[str]:
    return [key.id for key in await asked(backend)]


async def ids(backend: Backend) -> list[str]:
    return [job_id.decode() for job_id in await backend.redis.zrange(backend.queue.name(TARGET), 0, -1)]


async def test_records_stand_in_the_order_of_their_ranks(backend: Backend) -> None:
    """Leavers before all others, then ranks in their order, whichever was asked for first."""
    records = [due("team", 1000), due("boss"), due("b", 2), due("a", 2)]
    assert await backend.queue.add(TARGET, records, NOW) == 4
    await backend.queue.add(TARGET, [due("left", URGENT)], NOW + 60)
    assert await names(backend) == ["left", "boss", "a", "b", "team"]


async def test_the_more_urgent_rank_and_the_earlier_time_win(backend: Backend) -> None:
    """A record that is asked for again stands once, where the more urgent of both has it."""
    for rank in (5, 1, 9):
        await backend.queue.add(TARGET, [due("a", rank), due("b", 3)], NOW)
    assert await names(backend) == ["a", "b"]
    for at in (NOW + 50, NOW + 20, NOW + 90):
        await backend.queue.add(TARGET, [due("c", at=at)], NOW)
    await backend.queue.withdraw(TARGET, due("a").key)
    await backend.queue.withdraw(TARGET, due("b").key)
    assert (await backend.ledger(TARGET).due(10, NOW)).next_at == NOW + 20


@pytest.mark.parametrize("rank", [URGENT, 1])
async def test_what_is_later_is_not_due(backend: Backend, rank: int) -> None:
    """A record with a time waits for it, a leaver too, and wakes nobody."""
    await commit(backend, due("a").key, due("b").key)
    await backend.queue.add(TARGET, [due("a", rank, NOW + 10)], NOW)
    batch = await backend.ledger(TARGET).due(10, NOW)
    assert (batch.claims, batch.next_at, await ids(backend)) == ((), NOW + 10, [])
    await backend.queue.add(TARGET, [due("b", rank, NOW - 10)], NOW)
    assert [claim.key.id for claim in (await backend.ledger(TARGET).due(10, NOW)).claims] == ["b"]


async def test_arq_runs_the_look(backend: Backend) -> None:
    """Whatever is added, however many records == one look, after which neither job nor result stays."""
    for round_ in range(2):
        assert await backend.queue.add(TARGET, [due(f"{n:04}") for n in range(4500)], NOW + round_) == 4500
        assert await run(backend) == 1
    assert [name async for name in backend.redis.scan_iter(match=f"arq:*{backend.keys.prefix}*")] == []


async def test_job_is_json_and_names_nothing(backend: Backend) -> None:
    """The payload is JSON that arq reads with our deserializer, and names no record."""
    await backend.queue.wake(TARGET, 1000.0)
    (job_id,) = await ids(backend)
    payload = await backend.redis.get(job_key_prefix + job_id)
    assert json.loads(payload) == {"t": None, "f": FUNCTION, "a": [], "k": {}, "et": 1_000_000}
    read = deserialize_job(payload, deserializer=deserialize)
    assert (read.function, list(read.args), read.kwargs) == (FUNCTION, [], {})


@pytest.mark.parametrize("blob", [b"", b"\x80\x04K\x01.", b"not JSON", b"\xff"])
def test_what_is_no_json_is_refused(blob: bytes) -> None:
    """A payload that is not ours, a pickle among them, is the error that arq takes."""
    with pytest.raises(orjson.JSONDecodeError):
        deserialize(blob)


async def test_unreadable_job_stops_nothing(backend: Backend) -> None:
    """A job that cannot be read is dropped and the next one runs."""
    await backend.queue.wake(TARGET, 1000.0)
    await backend.queue.wake(TARGET, 2000.0)
    bad, _ = await ids(backend)
    await backend.redis.set(job_key_prefix + bad, b"\x80\x04K\x01.")
    assert await run(backend, failed=1) == 1


async def test_a_waking_that_nobody_hears_ends(backend: Backend) -> None:
    """A day of polls without a worker == one waking in the list, and everything ends by itself."""
    for minute in range(1440):
        await backend.queue.wake(TARGET, NOW + 60 * minute)
    redis: Any = backend.redis
    wake = backend.keys.at(TARGET, "wake")
    assert await redis.llen(wake) == 1
    assert 0 < await redis.ttl(wake) <= 3600
    job_id = (await ids(backend))[0]
    assert 0 < await backend.redis.ttl(job_key_prefix + job_id) <= 3600


async def test_one_who_waits_is_woken(backend: Backend) -> None:
    """Each waking wakes one of two who wait; nobody is woken when nothing is due."""
    waiting = [asyncio.create_task(backend.queue.woken(TARGET, 5)) for _ in range(2)]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await backend.queue.add(TARGET, [due("a")], NOW)
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert ([task.result() for task in done], len(rest)) == ([True], 1)
    assert time.monotonic() - began < 1.0
    await backend.queue.wake(TARGET, NOW)
    assert await asyncio.gather(*rest) == [True]
    assert await backend.queue.woken(TARGET, 1) is False


async def test_targets_have_queues_of_their_own(backend: Backend) -> None:
    """The same record stands for each target, and is withdrawn from one."""
    await backend.queue.add(TARGET, [due("a")], NOW)
    await backend.queue.add("other", [due("a"), due("b", at=NOW + 5)], NOW)
    assert [key.id for key in await asked(backend, "other")] == ["a", "b"]
    assert await backend.queue.withdraw("other", Key(Kind.PERSON, "b")) == 1
    assert await backend.queue.withdraw("other", Key(Kind.PERSON, "b")) == 0
    assert ([key.id for key in await asked(backend, "other")], await names(backend)) == (["a"], ["a"])


async def test_nothing_is_no_work(backend: Backend) -> None:
    """Nothing may be asked for, and wakes nobody."""
    assert await backend.queue.add(TARGET, [], NOW) == 0
    assert (await ids(backend), await names(backend)) == ([], [])
