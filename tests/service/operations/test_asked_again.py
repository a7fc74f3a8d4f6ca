"""A `sync` delivers in one run all that can be delivered, also what nobody has a job for."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any

import pytest

import service.operations.sync
from bridge.model import Entry, Key, Kind, Outcome, State
from service.watch.poller import Poller
from tests.service.operated import Operator, row


async def test_a_lock_that_somebody_dead_left(operator: Operator) -> None:
    """The only job of a change meets a lock that ends later == delivered by the same run, exit 0."""
    (ana,) = operator.people()[:1]
    operator.here.sandbox.actions.rename(employee=ana, last_name="Neu")
    async with operator.backend() as backend:
        lock = backend.keys.lock("directory", Key(Kind.PERSON, ana))
    await operator.redis.set(lock, "killed", px=2500)
    result = await operator.sync(patience=8)
    assert (result.exit_code, row(result)["updated"]) == (0, 1)
    assert (await operator.users())[ana]["name"]["familyName"] == "Neu"


async def test_a_retry_whose_job_was_lost(operator: Operator) -> None:
    """A record waits for its next try and no job stands for it == tried when it is due, by the same run."""
    (ana,) = operator.people()[:1]
    key = Key(Kind.PERSON, ana)
    async with operator.backend() as backend:
        ledger = backend.ledger("directory")
        former = await ledger.entry(key) or Entry()
        waiting = dataclasses.replace(
            former, state=State.RETRYING, outcome=Outcome.FAILED, retry_at=time.time() + 2
        )
        await ledger.write(key, waiting)
    result = await operator.sync(patience=8)
    assert (result.exit_code, row(result)["failed"]) == (0, 0)


async def test_a_sync_that_always_finds_more_ends(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deliveries always find somebody whom no poll has counted == five more polls, then an end."""
    polls, poll_once = [], Poller.poll_once

    async def counted(self: Poller, *arguments: Any) -> Any:
        polls.append(arguments)
        return await poll_once(self, *arguments)

    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(Poller, "poll_once", counted)
    monkeypatch.setattr(service.operations.sync, "_found", always)
    assert (await asyncio.wait_for(operator.sync(), 60)).exit_code == 0
    assert len(polls) == 6
