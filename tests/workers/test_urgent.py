"""A leaver overtakes what waits in the queue."""

from __future__ import annotations

from aiohttp import web

from bridge.model import Key, Kind
from bridge.store.queue import URGENT, Due
from tests.delivery import TARGET, Delivery, person
from tests.polling import ids
from tests.workers.gating import until, working
from workers.testing.proxy import Proxy

ANA = Key(Kind.PERSON, "ana")
MANY = 1000


async def test_a_leaver_overtakes_what_was_read_before(run: Delivery) -> None:
    """1,000 records that take no time, Ana leaves when the first are done == she is among the next."""
    await run.deliver(person("ana"))
    nothing_to_do = [person(id_, lifecycle="upcoming") for id_ in ids(MANY)]
    await run.know(*nothing_to_do)
    done: dict[str, int] = {}

    async def count() -> int:
        return len(await run.deliverer.ledger.entries())

    async def noting(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        done.setdefault("then", await count())
        return await proxy.forward(request)

    async def begun() -> bool:
        return await count() > 20

    async def is_closed() -> bool:
        return not (await run.user("ana"))["active"]

    run.proxy.fail_always(noting)
    now = run.clock.now
    await run.backend.queue.add(TARGET, [Due(record.key) for record in nothing_to_do], now)
    async with working([run.deliverer], run.backend):
        await until(begun, 10)
        await run.know(person("ana", lifecycle="left"))
        await run.backend.queue.add(TARGET, [Due(ANA, URGENT)], now)
        at_first = await count()
        await until(is_closed, 10)
    assert done["then"] - at_first < MANY / 5
