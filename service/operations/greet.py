"""Asks targets whether they can be used, and lets a halted one go on when it can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from redis.exceptions import RedisError

from bridge.commands import command
from bridge.errors import ConfigurationError, unforeseen
from bridge.exchange import Greeting
from bridge.store.audit import operator
from bridge.store.gate import HALTED, HELD, THROTTLED, UNREACHABLE
from bridge.store.holds import FIRST_CONTACT
from service.operations.assembly import Bridge, see_target
from workers.connect import Connected


async def greet(
    bridge: Bridge, targets: Mapping[str, Connected], *, by_hand: bool = False
) -> dict[str, Greeting]:
    """The greeting of every target; a fault becomes its problem. Sends nothing that writes.

    `by_hand`: a person wants to know, so that also those are asked who have asked to be left alone.
    """
    for name in targets if by_hand else ():
        if (await (gate := bridge.backend.gate(name)).paused()).get("state") == THROTTLED:
            await gate.reopen()
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
    states = {name: (await bridge.backend.gate(name).paused()).get("state") for name in targets}
    await greet(bridge, {name: targets[name] for name in targets if states[name] in (HALTED, UNREACHABLE)})


async def resume(bridge: Bridge, name: str) -> bool:
    """Let a target go on at a person's word. False when it was not paused. Raises ConfigurationError."""
    see_target(bridge, name)
    gate, who = bridge.backend.gate(name), operator()
    if (await gate.paused()).get("state") == HELD:
        raise ConfigurationError(
            f"{name} waits for a decision: see {command('holds show', f'{name}-{FIRST_CONTACT}')}"
        )
    if not await gate.reopen():
        return False
    bridge.metrics.resumed(name)
    await bridge.backend.audit.note("resumed", time.time(), target=name, by=who)
    return True


async def _greeting(target: Connected) -> Greeting:
    try:
        return await target.target.check()
    except RedisError:
        raise
    except Exception as error:  # noqa: BLE001 - the other targets are asked all the same
        return Greeting(problems=(str(unforeseen(error)),))
