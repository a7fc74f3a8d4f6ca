"""The page of one person shows what the target was asked for them last, and what it said: no values."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bridge.wire.calls import MOST
from service.operations.explaining import explain
from tests.service.operated import Operator
from workers.testing.proxy import Fault, Proxy, dropped, echo


def writes(fault: Fault) -> Fault:
    """Meet requests that write with a fault; what reads is passed on."""

    async def meet(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        return await (proxy.forward(request) if request.method == "GET" else fault(proxy, request))

    return meet


async def test_made_refused_and_unanswered(operator: Operator) -> None:
    """Made, refused in words that name her, no answer == each call, its answer without the values."""
    one, here = operator.people()[-1], operator.here
    made = await _calls(operator, one)
    assert ("POST /Users", "answered 201") in [(call["what"], call["answer"]) for call in made]
    assert all(0 <= call["seconds"] < 10 for call in made)

    names = {"Ñandússon", "Maurer"}
    here.proxy.fail_always(writes(echo(400)))
    here.sandbox.actions.rename(employee=one, last_name="Ñandússon")
    await operator.sync()
    refused = (await _calls(operator, one))[-1]
    assert refused["what"] == "PATCH /Users/…"
    assert refused["answer"].startswith("answered 400: cannot use […]")

    here.proxy.fail_always(writes(dropped))
    here.sandbox.actions.rename(employee=one, last_name="Maurer")
    here.config["retry"] = {"first": 60}  # each further try would push out what came before
    await operator.sync(patience=1.0)
    here.proxy.fail_always(None)
    calls = await _calls(operator, one)
    assert calls[-1]["answer"].startswith("no answer")
    assert refused in calls
    assert len(calls) == MOST
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls)
    remote = (await operator.users())[one]["id"]
    for text in operator.texts([one]) | names | {one, remote}:
        assert text not in str(calls)


async def test_nothing_is_added_by_what_sends_nothing(operator: Operator) -> None:
    """A sync in which nothing has changed == the same calls as before."""
    before = [await _calls(operator, one) for one in operator.people()]
    await operator.sync()
    assert [await _calls(operator, one) for one in operator.people()] == before


async def test_they_are_forgotten(operator: Operator) -> None:
    """Somebody is forgotten == their calls are gone from Redis, those of others are not."""
    one, other = operator.people()[:2]
    assert (await operator("forget", one, "--yes")).code == 0
    async with operator.backend() as backend:
        where = backend.keys.at("directory", "calls")
        assert not await operator.redis.hexists(where, f"person:{one}")
        assert await operator.redis.hexists(where, f"person:{other}")


async def _calls(operator: Operator, one: str) -> list[dict[str, Any]]:
    async with operator.bridge() as bridge:
        page = await explain(bridge, one, values=False)
    found: list[dict[str, Any]] = page["targets"]["directory"]["calls"]
    return found
