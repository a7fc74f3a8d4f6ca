"""How an operator's command looks into a bridge, whether that runs or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from service.cli.app import read, start
from service.operations.assembly import Bridge, opened


def visit(
    config: Path | None,
    work: Callable[[Bridge], Awaitable[int]],
    *,
    plain: bool = False,
    moving: bool = False,
) -> int:
    """Do something with the state of the configured bridge. Returns the exit code.

    `plain` and `moving` are what they are for `opened`.
    """

    async def run() -> int:
        async with opened(read(config), join=True, plain=plain, moving=moving) as bridge:
            return await work(bridge)

    return start(run())
