"""What is sent together, beyond what each kind's own tests say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bridge.wire.permit import Permit
from bridge.wire.places import Places, begin
from workers.targets.gathering import Gathering
from workers.testing.permits import Always


async def test_a_leaver_makes_its_company_urgent() -> None:
    """Three requests of two wait for one place, the last with a leaver among them == that one goes first."""
    places, went = Places(1), list[str]()

    async def post(items: Sequence[str], _permit: Permit) -> None:
        async with places.one():
            went.extend(items)

    async def one(item: str) -> None:
        begin(urgent=item == "leaver")
        await gathering.send(item, Always())

    gathering = Gathering[str, None](post, 2)
    names = ("a", "b", "c", "d", "leaver", "e")
    async with places.one():
        tasks = [asyncio.create_task(one(name)) for name in names]
        for _ in range(5):
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert went == ["leaver", "e", "a", "b", "c", "d"]
