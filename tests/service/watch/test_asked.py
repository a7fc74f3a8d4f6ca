"""Somebody asks for a poll: whoever polls hears it through Redis, at once, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bridge.metrics import Metrics
from bridge.model import Snapshot
from bridge.store.backend import Backend
from service.watch.poller import Poller
from tests.polling import Script

_AGES = 3600.0


class _Counted(Script):
    """A Kenjo that says when it is read; one of the answers may wait."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: asyncio.Queue[None] = asyncio.Queue()
        self.answers = asyncio.Event()
        self.answers.set()

    async def fetch_snapshot(self) -> Snapshot:
        self.reads.put_nowait(None)
        await self.answers.wait()
        return await super().fetch_snapshot()

    async def read(self) -> None:
        """Wait for the next reading; an interval that is an hour long brings none."""
        await asyncio.wait_for(self.reads.get(), 20)


@pytest.fixture
async def kenjo(backend: Backend) -> AsyncIterator[_Counted]:
    """Read by a process that polls every hour, for the first time just now."""
    found = _Counted()
    polling = asyncio.create_task(_poller(found, backend).run())
    await found.read()
    yield found
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


def _poller(kenjo: Any, backend: Backend) -> Poller:
    return Poller(kenjo, backend, {}, Metrics(), interval=_AGES)


async def test_a_poll_comes_when_it_is_asked_for(kenjo: _Counted, backend: Backend) -> None:
    """An hour's interval, and somebody asks == Kenjo is read now, once."""
    assert await backend.asked.ask() == 0.0
    await kenjo.read()
    assert not await backend.asked.take()


async def test_what_is_asked_during_a_poll_is_for_the_next_one(backend: Backend) -> None:
    """Somebody asks while Kenjo is being read == it is read once more: the lists may have been older."""
    kenjo = _Counted()
    kenjo.answers.clear()
    polling = asyncio.create_task(_poller(kenjo, backend).run())
    await kenjo.read()
    assert await backend.asked.ask() == 0.0
    kenjo.answers.set()
    await kenjo.read()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


async def test_who_stands_by_leaves_the_wish_to_who_polls(kenjo: _Counted, backend: Backend) -> None:
    """A second process that waits for the lease == it does not take the wish."""
    standby = _poller(kenjo, backend)
    assert not standby.leads
    assert await backend.asked.ask() == 0.0
    assert not await standby._is_asked()
    await kenjo.read()


async def test_nobody_asks_too_often(backend: Backend) -> None:
    """A second wish in 10 s == for how long to wait, and no wish; the first one stays."""
    assert await backend.asked.ask() == 0.0
    assert await backend.asked.take()
    assert 0.0 < await backend.asked.ask() <= 10.0
    assert not await backend.asked.take()
