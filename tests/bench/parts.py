"""The processes around the one that is measured: a Kenjo, a directory, and how the bridge is told of them."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]


def configuration(source: tuple[str, str, str], target: str, concurrency: int = 10) -> str:
    return json.dumps(
        {
            "kenjo": {"base_url": source[0], "api_key": source[1]},
            "targets": {
                "directory": {
                    "kind": "scim",
                    "base_url": f"{target}/v2",
                    "token": "bench",
                    "rate": 100000,
                    "concurrency": concurrency,
                }
            },
            "log": {"level": "error"},
        }
    )


def counts(target: str) -> dict[str, int]:
    with urlopen(f"{target}/_control/counts") as answer:
        found: dict[str, int] = json.load(answer)
        return found


@contextlib.contextmanager
def kenjo(people: int) -> Iterator[tuple[str, str, str]]:
    """A sandbox Kenjo: its address, its key, the address of its controls."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--people", str(people), "--seed", "1"]
    with server(command, f"http://127.0.0.1:{port}/_sandbox/state"):
        yield f"http://127.0.0.1:{port}/api/v1", "sandbox-key", f"http://127.0.0.1:{port}/_sandbox"


@contextlib.contextmanager
def large_kenjo(people: int) -> Iterator[tuple[str, str, str]]:
    """A Kenjo that only answers with its lists: its address, its key, the address of its controls."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with server([sys.executable, "-m", "tests.bench.large", str(people), str(port)], f"{url}/_state"):
        yield f"{url}/api/v1", "key", url


@contextlib.contextmanager
def directory(late: int = 0) -> Iterator[str]:
    """A SCIM server that answers so many milliseconds late."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.directory.server", "--port", str(port), "--late", str(late)]
    with server(command, f"{url}/_control/counts"):
        yield url


@contextlib.contextmanager
def server(command: list[str], answers: str) -> Iterator[None]:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), urlopen(answers):
                    break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
