"""Several events in one request: what concerns one of them concerns no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bridge.errors import LockLost, RecordRejected, TryLater
from bridge.exchange import Applied, Receipt, Refused
from tests.workers.targets.webhook_rig import WebhookRig, webhook_rig
from workers.testing.permits import Always, Counted
from workers.testing.proxy import Proxy, answer, lost
from workers.testing.rig import Allowed, person


@pytest.fixture
async def rig() -> AsyncIterator[WebhookRig]:
    async with webhook_rig(batch=10) as rig:
        yield rig


async def told(rig: WebhookRig, target: Allowed, *numbers: int, **permits: Counted) -> list[Receipt]:
    """Create people as deliveries do: each by itself, at the same time; `p3`: the permit of number 3."""

    async def one(number: int) -> Receipt:
        change = target.target.change(person(rig, number), None)
        assert change
        permit = permits.get(f"p{number}") or Always()
        return (await target.target.send([change], permit))[0]

    return list(await asyncio.gather(*map(one, numbers)))


def errors(receipts: list[Receipt]) -> list[type[Exception] | None]:
    return [type(one.error) if isinstance(one, Refused) else None for one in receipts]


async def test_they_go_together(rig: WebhookRig) -> None:
    """25 at the same time, 10 in a request == three requests, and each is there once."""
    async with rig.reached() as (target, line):
        receipts = await told(rig, target, *range(25))
        assert all(isinstance(one, Applied) for one in receipts)
        assert sorted(len(json.loads(seen.body)) for seen in line.writes) == [5, 10, 10]
    kinds = {request.headers["Content-Type"] for request in rig.receiver.requests}
    assert kinds == {"application/cloudevents-batch+json"}
    assert len(rig.receiver.events) == len(rig.receiver.objects["person"]) == 25


async def test_they_are_no_larger_than_an_event_may_be() -> None:
    """Events that together exceed `largest_event` == several requests, none of them larger."""
    async with webhook_rig(batch=100, largest_event=4096) as rig, rig.reached() as (target, line):
        await told(rig, target, *range(20))
        assert max(len(seen.body) for seen in line.writes) <= 4096 + 2
        assert 3 < len(line.writes) < 10
    assert len(rig.receiver.events) == 20


async def test_a_permit_that_is_refused(rig: WebhookRig) -> None:
    """The lock of one is lost == its receipt says so, it is not sent, and the others are."""
    async with rig.reached() as (target, line):
        receipts = await told(rig, target, 1, 2, 3, p2=Counted(allowed=0))
        assert errors(receipts) == [None, LockLost, None]
        assert [len(seen.json()) for seen in line.writes] == [2]
    assert set(rig.receiver.objects["person"]) == {"kenjo-p1", "kenjo-p3"}


async def test_an_event_that_is_refused(rig: WebhookRig) -> None:
    """A receiver refuses the list because of one == the others are told without it, with the same ids."""

    async def without_ben(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        events = json.loads(await request.read())
        ids = [event["subject"] for event in events]
        return await (answer(422)(proxy, request) if "kenjo-p2" in ids else proxy.forward(request))

    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        line.fail_always(without_ben)
        assert errors(await told(rig, target, 1, 2, 3)) == [None, RecordRejected, None]
        first, *others = [seen.json() for seen in line.writes]
        assert {one["id"] for some in others for one in some} == {one["id"] for one in first}
    assert set(rig.receiver.objects["person"]) == {"kenjo-p1", "kenjo-p3"}


async def test_a_lost_answer(rig: WebhookRig) -> None:
    """Nobody knows what has arrived == all are repeated by their ids, in whatever company, and count once."""
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        line.fail(lost)
        assert errors(await told(rig, target, 1, 2, 3)) == [TryLater] * 3
        await asyncio.gather(*(target.upsert(person(rig, n), f"person:kenjo-p{n}") for n in (2, 3)))
        await target.upsert(person(rig, 1), "person:kenjo-p1")
    assert len(rig.receiver.repeated) == len(rig.receiver.events) == 3


async def test_who_does_not_wait_any_more(rig: WebhookRig) -> None:
    """A delivery that is cancelled before its request leaves == not sent, and the others are."""
    async with rig.reached() as (target, _):
        change = target.target.change(person(rig, 1), None)
        assert change
        gone = asyncio.create_task(target.target.send([change], Always()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone.cancel()
        assert errors(await told(rig, target, 2, 3)) == [None, None]
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert set(rig.receiver.objects["person"]) == {"kenjo-p2", "kenjo-p3"}


async def test_the_end_while_somebody_waits(rig: WebhookRig) -> None:
    """The target is closed while events wait == who waits is told, and nothing is left behind."""
    async with rig.reached() as (target, line):
        change = target.target.change(person(rig, 1), None)
        assert change
        waiting = asyncio.create_task(target.target.send([change], Always()))
        await asyncio.sleep(0.001)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not line.writes
