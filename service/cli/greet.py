"""Asks targets whether they can be used, and lets a halted one go on when it can."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bridge.errors import BridgeError
from bridge.model import Greeting
from bridge.store.gate import HALTED, UNREACHABLE
from service.cli.assembly import Bridge
from workers.connect import Connected


async def greet(bridge: Bridge, targets: Mapping[str, Connected]) -> dict[str, Greeting]:
    """The greeting of every target; a fault becomes its problem. Sends nothing that writes."""
    greetings = await asyncio.gather(*(_greeting(target) for target in targets.values()))
    for name, greeting in zip(targets, greetings, strict=True):
        gate = bridge.backend.gate(name)
        # A target that is held waits for a person, whatever it says of itself.
        if not greeting.problems and (await gate.paused()).get("state") in (HALTED, UNREACHABLE):
            await gate.resume()
            bridge.metrics.resumed(name)
    return dict(zip(targets, greetings, strict=True))


async def revive(bridge: Bridge, targets: Mapping[str, Connected]) -> None:
    """Ask the halted targets, and only those: a restart with a new token needs no other word."""
    halted = {name: target for name, target in targets.items() if await bridge.backend.gate(name).paused()}
    await greet(bridge, halted)


async def _greeting(target: Connected) -> Greeting:
    try:
        return await target.target.check()
    except BridgeError as error:
        return Greeting(problems=(str(error),))
