"""Plays seeds on a Redis of their own and says what came of it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.conftest import listens, redis_binary
from tests.simulation.bugs import BUGS, planted, telling
from tests.simulation.simulate import Result, simulate

# Hashes that are lists inside: a hash table's order would be another one in each server.
_ORDERED = ["--hash-max-ziplist-entries", "100000", "--hash-max-ziplist-value", "1000000"]


@contextmanager
def redis_server() -> Iterator[redis.Redis]:
    """A connection to a Redis of our own."""
    with tempfile.TemporaryDirectory(prefix="kb-simulation-") as folder:
        socket = Path(folder) / "redis.sock"
        command = [redis_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        command += _ORDERED
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
            for _ in range(200):
                if listens(socket):
                    break
                time.sleep(0.02)
            client = redis.Redis(unix_socket_path=str(socket), single_connection_client=True)
            try:
                yield client
            finally:
                client.close()
                process.kill()  # nothing is to be kept, and nothing may hang


def play(seeds: Iterable[int], bug: str | None = None, temper: str | None = None) -> Iterator[Result]:
    """Play seeds one after the other, on a product with a planted bug if one is named.

    `temper`: the kind of all directories; None: as the odds draw it.
    """
    with redis_server() as client, planted(bug, temper):
        for seed in seeds:
            yield simulate(seed, client)


def play_all(seeds: Iterable[int], bug: str | None = None, temper: str | None = None) -> list[Result]:
    """The results of all seeds."""
    return list(play(seeds, bug, temper))


def report(result: Result, bug: str | None = None, temper: str | None = None) -> str:
    """What a person needs to know of a seed, above all of one that failed."""
    of = f" --temper {temper}" if temper else ""
    planted_bug = f" --bug {bug}" if bug else ""
    lines = [
        *result.tail,
        "",
        f"seed {result.seed} {'broke a promise:' if result.violations else 'kept all promises'}",
        *(f"  {text}" for text in dict.fromkeys(result.violations)),
        f"  with {result.odds}",
        f"replay: make simulate ARGS='--seed {result.seed}{of}'",
        f"    or: python -m tests.simulation --seed {result.seed}{of}{planted_bug}",
    ]
    return "\n".join(lines)


def caught(bug: str, seeds: Iterable[int]) -> Result | None:
    """The first seed that catches a planted bug by the promise that it breaks, if one does."""
    for result in play(telling(bug, seeds), bug):
        if any(text.startswith(BUGS[bug].breaks) for text in result.violations):
            return result
    return None
