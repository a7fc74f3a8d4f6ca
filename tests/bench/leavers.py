"""How long leavers wait while a bulk load is on its way: from seen in a poll to done at the target.

All people are queued as creates; when so many are there that the limit for removals is out of reach, some of
them leave, one after the other. The figures are the bridge's own, from its log (`deactivated ... seconds`).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from tests.bench.parts import ROOT, configuration, counts, directory, kenjo

LEAVERS = 100
POLL = 2.0  # seconds


def measure(people: int, leaving: int = LEAVERS) -> dict[str, float]:
    """Median, 99th percentile and longest wait in seconds, and how much was queued when the last one left."""
    with kenjo(people) as source, directory() as target, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bridge.yaml"
        settings = json.loads(configuration(source, target))
        settings["kenjo"]["poll_interval"] = POLL
        settings |= {"web": {"port": 0}, "log": {"level": "info", "format": "json"}}
        config.write_text(json.dumps(settings))
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "service.cli.main", "run", "--config", str(config)]
        with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stderr=output) as process:  # noqa: S603
            try:
                wait_for(target, leaving * 20)
                for person in there(source, target, leaving):
                    act(source, "leave", person)
                    time.sleep(0.05)
                queued = people - counted(target)
                waits = wait_for_waits(log, leaving)
            finally:
                process.terminate()
    cuts = statistics.quantiles(waits, n=100)
    return {"median": statistics.median(waits), "p99": cuts[98], "longest": max(waits), "queued": queued}


def wait_for_waits(log: Path, leaving: int) -> list[float]:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        lines = (json.loads(line) for line in log.read_bytes().splitlines() if line.startswith(b"{"))
        waits = [line["seconds"] for line in lines if line["event"] == "deactivated"]
        if len(waits) >= leaving:
            return waits
        time.sleep(0.5)
    sys.exit(f"only {len(waits)} of {leaving} leavers were deactivated")


def active(source: tuple[str, str, str]) -> Iterator[str]:
    """Ids of people who get an account."""
    login = Request(f"{source[0]}/auth/login", data=json.dumps({"apiKey": source[1]}).encode(), method="POST")
    login.add_header("Content-Type", "application/json")
    token = get(login)["token"]
    rows = get(Request(f"{source[0]}/employees/accounts", headers={"Authorization": token}))["data"]
    return (row["_id"] for row in rows if row["isActive"] and row.get("email"))


def wait_for(target: str, accounts: int) -> None:
    """Wait for so many accounts, or until no more come: some who are active have not begun, or have left."""
    end, last, moved = time.monotonic() + 900, 0, time.monotonic()
    while (now := counted(target)) < accounts:
        if now != last:
            last, moved = now, time.monotonic()
        if now and time.monotonic() - moved > 5:
            return
        if time.monotonic() > end:
            sys.exit(f"{accounts} accounts did not arrive")
        time.sleep(0.1)


def there(source: tuple[str, str, str], target: str, leaving: int) -> list[str]:
    """Some of those who have an account by now."""
    found = []
    for person in active(source):
        query = quote(f'externalId eq "{person}"')
        if get(Request(f"{target}/v2/Users?filter={query}"))["totalResults"]:
            found.append(person)
        if len(found) == leaving:
            break
    return found


def act(source: tuple[str, str, str], action: str, person: str) -> None:
    body = json.dumps({"employee": person}).encode()
    request = Request(f"{source[2]}/actions/{action}", data=body, method="POST")
    request.add_header("Content-Type", "application/json")
    get(request)


def counted(target: str) -> int:
    return counts(target)["objects"]


def get(request: Request) -> Any:
    with urlopen(request) as answer:
        return json.load(answer)
