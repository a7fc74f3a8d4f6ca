"""What `status` and `check` say of several companies at once: of each the same as by itself, or why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

from redis.exceptions import RedisError

from bridge.commands import of_company
from bridge.config.companies import Companies
from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.errors import BridgeError, unforeseen
from bridge.store.trouble import trouble
from service.operations.assembly import Bridge, opened
from workers.connect import routes

AT_ONCE = 5
"""Companies that are looked at at the same time."""

PATIENCE = 120.0
"""Seconds for one of them: one that hangs is said to, and the others are shown."""

_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True)
class Look(Generic[_Seen]):
    """What was seen of one company; `problem`: why nothing could be."""

    company: str
    seen: _Seen | None = None
    problem: str = ""


async def look_at_all(companies: Companies, look: Callable[[Bridge], Awaitable[_Seen]]) -> list[Look[_Seen]]:
    """Do the same with the state of each company, by name. What goes wrong with one is its own problem."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Look[_Seen]:
        company = companies.by_name[name]
        if company.values is None:
            return Look(name, problem=company.problem)
        async with room:
            return await _look(name, company.values, look)

    return list(await asyncio.gather(*(one(name) for name in sorted(companies.by_name))))


async def _look(name: str, values: BridgeSettings, look: Callable[[Bridge], Awaitable[_Seen]]) -> Look[_Seen]:
    try:
        with of_company(name):
            async with asyncio.timeout(PATIENCE), opened(values, join=True) as bridge:
                return Look(name, await look(bridge))
    except TimeoutError:
        return Look(name, problem=f"it took more than {PATIENCE:g} seconds")
    except RedisError as error:
        return Look(name, problem=trouble(error))
    except Exception as error:  # noqa: BLE001 - the other companies are shown all the same
        return Look(name, problem=str(unforeseen(error)))


def shared_targets(companies: Companies) -> list[str]:
    """A sentence for each two companies with targets that lead to the same accounts."""
    found: list[tuple[str, str, TargetSettings]] = []
    for name, company in sorted(companies.by_name.items()):
        try:
            compiled = routes(company.values) if company.values else {}
        except BridgeError:  # its own problem, which is said elsewhere
            continue
        found += [(name, target, route.settings) for target, route in compiled.items()]
    return [
        f"target {target} of {name} and target {other_target} of {other} lead to the same accounts: each"
        " leaves alone what the other one has made or matched first, so nobody should be in both scopes"
        for (name, target, settings), (other, other_target, theirs) in combinations(found, 2)
        if name != other and settings.shares(theirs)
    ]
