"""The targets' queues, read by arq itself."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from arq.constants import job_key_prefix
from arq.jobs import deserialize_job
from arq.worker import Worker, func

from bridge.model import Entry, Key, Kind
from bridge.store.backend import Backend
from bridge.store.queue import FUNCTION, READ_BACK, URGENT, Job, deserialize, serial_of, serialize

TARGET = "directory"


def job(name: str, rank: int = 1, **more: Any) -> Job:
    return Job(Key(Kind.PERSON, name), revision=more.pop("revision", 1), rank=rank, **more)


async def run(backend: Backend, target: str = TARGET, *, failed: int = 0) -> list[str]:
    """Let an arq worker empty the queue one by one; returns the arguments in the order of execution."""
    seen: list[str] = []

    async def look(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        assert ctx["job_id"].startswith(backend.keys.prefix)
        assert not kwargs
        seen.extend(args)

    worker = Worker(
        functions=[func(look, name=FUNCTION)],
        queue_name=backend.queue.name(target),
        redis_pool=backend.redis,
        burst=True,
        handle_signals=False,
        max_jobs=1,
        poll_delay=0.005,
        keep_result=0,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    await worker.async_run()
    assert worker.jobs_failed == failed
    return seen


async def ids(backend: Backend) -> list[str]:
    waiting = await backend.redis.zrange(backend.queue.name(TARGET), 0, -1)
    return [job_id.decode() for job_id in waiting]


async def test_arq_runs_the_jobs_in_order(backend: Backend) -> None:
    """Leavers run before all others, then ranks in their order, and equal ranks as they were given."""
    jobs = [job("team", 1000), job("boss", 1), job("b", 2), job("a", 2), job("left", URGENT)]
    assert await backend.queue.enqueue(TARGET, jobs, time.time()) == 5
    assert await run(backend) == [f"person:{name}" for name in ("left", "boss", "b", "a", "team")]


async def test_later_leaver_overtakes_what_waits(backend: Backend) -> None:
    """A leaver found by a later poll runs before what an earlier one asked for."""
    now = time.time()
    await backend.queue.enqueue(TARGET, [job(str(n)) for n in range(5)], now - 3600)
    await backend.queue.enqueue(TARGET, [job("left", URGENT)], now)
    assert (await run(backend))[0] == "person:left"


async def test_reading_back_waits_for_what_comes_later(backend: Backend) -> None:
    """A change found by a later poll runs before what an earlier one only wanted to be read back."""
    now = time.time()
    await backend.queue.enqueue(TARGET, [job(str(n), READ_BACK + n) for n in range(3)], now - 60)
    await backend.queue.enqueue(TARGET, [job("team", 1000), job("changed")], now)
    expected = ["changed", "team", "0", "1", "2"]
    assert await run(backend) == [f"person:{name}" for name in expected]


async def test_nothing_is_left_after_a_run(backend: Backend) -> None:
    """Neither job nor result stays, so that the same record can be asked for again at once."""
    for _ in range(2):
        await backend.queue.enqueue(TARGET, [job("a")], time.time())
        assert await run(backend) == ["person:a"]
    assert [name async for name in backend.redis.scan_iter(match=f"arq:*{backend.keys.prefix}*")] == []


async def test_doubled_jobs_run_once(backend: Backend) -> None:
    """The same record asked for again while it waits runs once, where it stood first."""
    now = time.time()
    await backend.queue.enqueue(TARGET, [job("a"), job("b")], now)
    await backend.queue.enqueue(TARGET, [job("b"), job("a"), job("a")], now + 60)
    assert await run(backend) == ["person:a", "person:b"]


async def test_new_revision_and_new_try_are_new_jobs(backend: Backend) -> None:
    """A job's id tells account, target, record, revision and serial."""
    jobs = [job("a"), job("a", revision=2), job("a", serial=1), job("a", serial=2)]
    await backend.queue.enqueue(TARGET, jobs, time.time())
    tails = ["1:0", "2:0", "1:1", "1:2"]
    assert await ids(backend) == [f"{backend.keys.prefix}{TARGET}:person:a:{tail}" for tail in tails]
    assert await run(backend) == ["person:a"] * 4


async def test_retry_is_not_refused(backend: Backend) -> None:
    """The next try can be asked for by the job that stands in the queue while it runs, and once only."""
    now = 1000.0
    retrying = Entry(retry_at=now + 60.5)
    assert (serial_of(Entry()), serial_of(retrying)) == (0, 1_060_500)
    retry = job("a", at=retrying.retry_at, serial=serial_of(retrying))
    await backend.queue.enqueue(TARGET, [job("a")], now)
    for _ in range(2):
        await backend.queue.enqueue(TARGET, [retry], now)
    assert len(await ids(backend)) == 2


async def test_earlier_time_wins(backend: Backend) -> None:
    """A waiting job that is asked for again keeps the earlier of the two times, whichever came first."""
    name = backend.queue.name(TARGET)
    for at in (5000.0, 2000.0, 9000.0):
        await backend.queue.enqueue(TARGET, [job("a", at=at)], 1000.0)
    assert [score for _, score in await backend.redis.zrange(name, 0, -1, withscores=True)] == [2_000_000]


async def test_delayed_job_waits_for_its_time(backend: Backend) -> None:
    """A job with a time runs then and not before; others are not held up by it."""
    now = time.time()
    ended = job("past", rank=3, at=now - 60)
    await backend.queue.enqueue(TARGET, [job("later", at=now + 0.3), job("now", rank=2), ended], now)
    assert await run(backend) == ["person:now", "person:past", "person:later"]
    assert time.time() >= now + 0.299


@pytest.mark.parametrize("rank", [URGENT, 1])
async def test_delay_counts_for_leavers_too(backend: Backend, rank: int) -> None:
    """A leaver that is tried again waits as long as anybody else."""
    await backend.queue.enqueue(TARGET, [job("a", rank, at=2000.0)], 1000.0)
    assert await backend.redis.zrange(backend.queue.name(TARGET), 0, -1, withscores=True) == [
        (f"{backend.keys.prefix}{TARGET}:person:a:1:0".encode(), 2_000_000.0)
    ]


async def test_job_is_json_and_names_the_record_only(backend: Backend) -> None:
    """The payload is JSON that arq reads with our deserializer, with the record's key and nothing else."""
    await backend.queue.enqueue(TARGET, [job("a")], 1000.0)
    (job_id,) = await ids(backend)
    payload = await backend.redis.get(job_key_prefix + job_id)
    assert json.loads(payload) == {"t": None, "f": FUNCTION, "a": ["person:a"], "k": {}, "et": 1_000_000}
    read = deserialize_job(payload, deserializer=deserialize)
    assert (read.function, list(read.args), read.kwargs) == (FUNCTION, ["person:a"], {})


@pytest.mark.parametrize("blob", [b"", b"\x80\x04K\x01.", b"not JSON", b"\xff"])
def test_what_is_no_json_is_refused(blob: bytes) -> None:
    """A payload that is not ours, a pickle among them, is the error that arq takes."""
    with pytest.raises(orjson.JSONDecodeError):
        deserialize(blob)


async def test_unreadable_job_stops_nothing(backend: Backend) -> None:
    """A job that cannot be read is dropped and the next one runs."""
    await backend.queue.enqueue(TARGET, [job("bad"), job("good")], time.time())
    bad, _ = await ids(backend)
    await backend.redis.set(job_key_prefix + bad, b"\x80\x04K\x01.")
    assert await run(backend, failed=1) == ["person:good"]


async def test_payload_outlives_its_delay(backend: Backend) -> None:
    """Payloads end a day after they are due, so that no lost job stays for ever."""
    day, now = 24 * 3600, time.time()
    await backend.queue.enqueue(TARGET, [job("a"), job("b", URGENT), job("c", at=now + 3600)], now)
    lives = {
        job_id: await backend.redis.ttl(job_key_prefix + job_id) for job_id in sorted(await ids(backend))
    }
    assert list(lives.values()) == pytest.approx([day, day, day + 3600], abs=30)


async def test_many_jobs_keep_their_order(backend: Backend) -> None:
    """More jobs than one batch holds are all there, in order, and all of them due."""
    now = time.time()
    jobs = [job(f"{n:04}", rank=n + 1) for n in range(4500)]
    assert await backend.queue.enqueue(TARGET, reversed(jobs), now) == 4500
    waiting = await backend.redis.zrangebyscore(backend.queue.name(TARGET), 1, now * 1000)
    assert [job_id.decode().split(":")[-3] for job_id in waiting] == [j.key.id for j in jobs]


async def test_targets_have_queues_of_their_own(backend: Backend) -> None:
    """The same record is a job of its own for each target."""
    await backend.queue.enqueue(TARGET, [job("a")], time.time())
    await backend.queue.enqueue("other", [job("a"), job("b")], time.time())
    assert await run(backend, "other") == ["person:a", "person:b"]
    assert await run(backend) == ["person:a"]


async def test_no_jobs_are_no_work(backend: Backend) -> None:
    """An empty enqueue is allowed and leaves nothing."""
    assert await backend.queue.enqueue(TARGET, [], time.time()) == 0
    assert await ids(backend) == []
