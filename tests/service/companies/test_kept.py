"""How one company's process is kept: real processes, and waits of a tenth of a second."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bridge.config.settings import BridgeSettings
from service.companies import kept as keeping
from service.companies.child import Child, Live
from service.companies.kept import Kept
from tests.running import until

Keep = Callable[[Live], Kept]


def says_why(_values: BridgeSettings, _socket: Path, line: Connection) -> None:
    line.send("its key is wrong")


def answers_nothing(_values: BridgeSettings, _socket: Path, _line: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


@pytest.fixture
async def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Keep]:
    monkeypatch.setattr(keeping, "PATIENCE", 1000)
    for name in ("CHECK_EVERY", "FIRST_PAUSE", "LONGEST_PAUSE", "EXTRA"):
        monkeypatch.setattr(keeping, name, 0.1)
    made = []

    def make(live: Live) -> Kept:
        made.append(
            Kept("acme", lambda values: Child(values, tmp_path / "s", live, "service.companies.kept"), 0.1)
        )
        made[-1].settle(BridgeSettings())
        return made[-1]

    yield make
    await asyncio.gather(*(one.stop() for one in made))


async def test_one_that_ends_begins_again_and_says_why(keep: Keep) -> None:
    """A process that ends with a sentence == that is its problem, and it is started again and again."""
    company = keep(says_why)
    await until(lambda: at_least(company, 2), 20)
    assert company.problem == "its key is wrong"


async def test_one_that_does_not_answer_is_ended(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that serves nothing and hears no SIGTERM == it is killed, and started again."""
    monkeypatch.setattr(keeping, "PATIENCE", 3)
    company = keep(answers_nothing)
    await until(lambda: at_least(company, 1), 20)
    assert "has not answered" in company.problem


async def test_a_stop_ends_it(keep: Keep) -> None:
    """`stop` == the process is gone, although it hears no SIGTERM."""
    company = keep(answers_nothing)
    await until(lambda: runs(company), 20)
    assert company.child
    pid = company.child.pid
    await company.stop()
    assert not await runs(company)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_no_more_files(keep: Keep) -> None:
    """The first process has as many open files as it may have == said; later it begins all the same."""
    with no_more_files():
        company = keep(says_why)
        await until(lambda: at_least(company, 1), 20)
        assert company.problem == keeping.FULL
    await until(lambda: says(company, "its key is wrong"), 20)


@contextmanager
def no_more_files() -> Iterator[None]:
    limits, files = resource.getrlimit(resource.RLIMIT_NOFILE), list[int]()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        with suppress(OSError):
            while True:
                files.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for one in files:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def says(company: Kept, problem: str) -> bool:
    return company.problem == problem


async def at_least(company: Kept, restarts: int) -> bool:
    return company.restarts >= restarts


async def runs(company: Kept) -> bool:
    return company.child is not None
