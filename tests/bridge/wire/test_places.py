"""Requests that are further on are served first."""

from __future__ import annotations

import asyncio

from bridge.wire.places import Places, begin

FIRST = 0.01


class Row:
    """Tasks that each want places several times."""

    def __init__(self, number: int) -> None:
        self.places = Places(number)
        self.served: list[str] = []

    async def wants(self, name: str, times: int, *, urgent: bool = False) -> None:
        begin(urgent=urgent)
        for n in range(times):
            async with self.places.one():
                self.served.append(f"{name}{n}")
                await asyncio.sleep(0)


async def test_who_began_first_goes_on_first() -> None:
    """Ten tasks of three requests each, one place == none begins before the others but one are through."""
    row = Row(1)
    await asyncio.gather(*(row.wants(name, 3) for name in "abcdefghij"))
    for n, name in enumerate("abcdefghij"):
        before = row.served[: row.served.index(f"{name}0")]
        assert sum(f"{former}2" in before for former in "abcdefghij"[:n]) >= n - 1


async def test_who_is_urgent_goes_before_all() -> None:
    """One who comes last and is urgent == the next one, and through while the others still wait to begin."""
    row = Row(1)
    tasks = [asyncio.create_task(row.wants(name, 3)) for name in "abcde"]
    await asyncio.sleep(0)
    await row.wants("u", 2, urgent=True)
    assert row.served[:2] == ["a0", "u0"]
    assert "c0" not in row.served
    await asyncio.gather(*tasks)


async def test_there_are_so_many_places() -> None:
    """Ten who come at once, three places == three at a time, and all of them are free again."""
    places, inside, most = Places(3), 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with places.one():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(FIRST)
            inside -= 1

    for _ in range(2):
        await asyncio.gather(*(one() for _ in range(10)))
    assert (most, inside) == (3, 0)


async def test_who_is_cancelled_takes_no_place() -> None:
    """Some who wait are cancelled, one of them when its turn has just come == the others get their places."""
    places = Places(1)
    served: list[int] = []

    async def one(number: int) -> None:
        async with places.one():
            served.append(number)

    async with places.one():
        tasks = [asyncio.create_task(one(number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
    tasks[0].cancel()  # its turn has come, and it does not know yet
    await asyncio.wait(tasks, timeout=1)
    assert served == [2, 3]
    await asyncio.wait_for(one(9), 1)
