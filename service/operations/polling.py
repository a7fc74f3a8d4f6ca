"""Asks the process that watches Kenjo to look now, whichever process that is."""

from __future__ import annotations

import time
from math import ceil

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.store.audit import operator
from service.operations.assembly import Bridge


class AskedTooOften(ConfigurationError):
    """Somebody has just asked: again in `after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"a poll was asked for just now: ask again in {ceil(after)} s")
        self.after = after


async def ask_for_poll(bridge: Bridge) -> None:
    """Let Kenjo be polled within about a second, or as soon as the poll ends that is under way.

    Raises ConfigurationError when nobody polls, AskedTooOften.
    """
    if await bridge.backend.lease().remaining() < 0:
        raise ConfigurationError(
            "no process watches Kenjo now, so nobody would hear it: start kenjo-bridge run or serve, or run"
            f" {command('sync')}"
        )
    if after := await bridge.backend.asked.ask():
        raise AskedTooOften(after)
    await bridge.backend.audit.note("poll asked for", time.time(), by=operator())
