"""Many who ask at about the same time are answered by one call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bridge.store.together import Together


class Doubler:
    """A call that doubles numbers, and takes until it is let go."""

    def __init__(self, most: int = 100) -> None:
        self.calls: list[list[int]] = []
        self.may_end = asyncio.Event()
        self.together = Together(self.call, most)

    async def call(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        await self.may_end.wait()
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]

    async def asked(self, *items: int) -> list[asyncio.Task[int]]:
        tasks = [asyncio.create_task(self.together.ask(item)) for item in items]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks


async def test_what_is_asked_meanwhile_goes_together() -> None:
    """Two at once, then five while that call is under way == two calls, and each has its own answer."""
    doubler = Doubler()
    tasks = await doubler.asked(1, 2)
    tasks += await doubler.asked(3, 4, 5, 6, 7)
    doubler.may_end.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10, 12, 14]
    assert doubler.calls == [[1, 2], [3, 4, 5, 6, 7]]


async def test_a_call_has_so_many_at_most() -> None:
    """Five who ask, three a call == two calls."""
    doubler = Doubler(most=3)
    tasks = await doubler.asked(*range(5))
    doubler.may_end.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]
    assert doubler.calls == [[0, 1, 2], [3, 4]]


async def test_an_error_is_theirs_who_asked() -> None:
    """One call fails == each of its askers hears it, and the next call goes on."""
    doubler = Doubler()
    failing = await doubler.asked(13, 1)
    following = await doubler.asked(2)
    doubler.may_end.set()
    found = await asyncio.gather(*failing, *following, return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError, int]
    assert await doubler.together.ask(3) == 6


async def test_one_who_is_cancelled_disturbs_nobody() -> None:
    """An asker is cancelled before the call, another during it == both items are sent."""
    doubler = Doubler()
    first, second = await doubler.asked(1, 2)
    third, fourth = await doubler.asked(3, 4)
    first.cancel()
    third.cancel()
    doubler.may_end.set()
    assert [await second, await fourth] == [4, 8]
    assert doubler.calls == [[1, 2], [3, 4]]


@pytest.mark.parametrize("rounds", [1, 3])
async def test_it_can_be_used_again(rounds: int) -> None:
    """Nobody asks for a while == the next one is answered all the same."""
    doubler = Doubler()
    doubler.may_end.set()
    for number in range(rounds):
        assert await doubler.together.ask(number) == 2 * number
        await asyncio.sleep(0.01)
    assert doubler.calls == [[number] for number in range(rounds)]
