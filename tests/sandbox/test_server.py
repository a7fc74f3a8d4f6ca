import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import orjson
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox import Sandbox, create_app
from sandbox.state import Account


@asynccontextmanager
async def signed_in(sandbox: Sandbox) -> AsyncIterator[ClientSession]:
    token = sandbox.keys.login(sandbox.api_key)["token"]
    async with ClientSession(f"{sandbox.url}/", headers={"Authorization": token}) as session:
        yield session


async def test_two_sandboxes_at_once() -> None:
    """Two sandboxes listen on ports of their own and share no state."""
    async with Sandbox(people=2) as one, Sandbox(people=2) as two:
        assert one.url != two.url
        one.actions.hire()
        assert (len(one.account.employees), len(two.account.employees)) == (3, 2)


async def test_restart_keeps_port_and_account() -> None:
    """A sandbox that was stopped refuses connections, and comes back on its port with its people."""
    sandbox = Sandbox(people=2)
    async with sandbox:
        url, person = sandbox.url, sandbox.actions.hire()["account"]["_id"]
    async with ClientSession() as session:
        with pytest.raises(OSError, match="Cannot connect"):
            await session.get(url)
    async with sandbox, signed_in(sandbox) as session:
        assert sandbox.url == url
        async with session.get(f"employees/{person}") as answer:
            assert answer.status == 200


async def running(sandbox: Sandbox, number: int) -> bool:
    """Wait up to two seconds until that many requests are being answered."""
    for _ in range(200):
        if sandbox.requests.running == number:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_stop_does_not_wait_for_slow_answers() -> None:
    """A sandbox that stops gives up an answer that would take much longer."""
    async with Sandbox(people=1) as sandbox, ClientSession() as session:
        sandbox.faults.add("slow", seconds=60)
        waiting = asyncio.create_task(session.get(f"{sandbox.url}/teams"))
        assert await running(sandbox, 1)
        begin = monotonic()
        await sandbox.stop()
        assert monotonic() - begin < 5
        with pytest.raises(ClientError):
            await waiting


async def test_client_that_hangs_up_frees_its_request() -> None:
    """A request whose client has gone is not counted as running any more."""
    async with Sandbox(people=1) as sandbox, ClientSession() as session:
        sandbox.faults.add("slow", seconds=60)
        with pytest.raises(TimeoutError):
            await session.get(f"{sandbox.url}/teams", timeout=ClientTimeout(total=0.1))
        assert await running(sandbox, 0)


async def test_taken_port_is_an_os_error() -> None:
    """A port that is in use is an `OSError`, and nothing keeps running."""
    async with Sandbox(people=1) as sandbox:
        second = Sandbox(people=1, port=sandbox.port)
        with pytest.raises(OSError, match="in use"):
            await second.start()
        await second.stop()


async def test_create_app_alone() -> None:
    """`create_app` needs an account only, and knows the default key then."""
    runner = web.AppRunner(create_app(Account(people=1)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/auth/login"
    async with ClientSession() as session, session.post(url, json={"apiKey": "sandbox-key"}) as answer:
        assert answer.status == 200
    await runner.cleanup()


async def test_ten_thousand_people() -> None:
    """Every list of 10,000 people comes whole."""
    async with Sandbox(people=10_000) as sandbox, signed_in(sandbox) as session:
        for path in ("", "/accounts", "/personals", "/works", "/addresses", "/financials", "/homes"):
            async with session.get(f"employees{path}") as answer:
                assert len(orjson.loads(await answer.read())["data"]) == 10_000
        async with session.get("user-accounts") as answer:
            assert len(orjson.loads(await answer.read())) == 10_000


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def printed(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_command_line(number: signal.Signals) -> None:
    """`python -m sandbox` prints URL and key, serves that many people, and ends cleanly on a signal."""
    async with command("--port", "0", "--people", "7", "--api-key", "k") as process:
        shown = await asyncio.wait_for(printed(process), 20)
        async with ClientSession() as session:
            async with session.post(f"{shown['Kenjo sandbox']}/auth/login", json={"apiKey": "k"}) as answer:
                assert answer.status == 200
            async with session.get(f"{shown['Controls']}/state") as answer:
                state: dict[str, Any] = await answer.json()
        assert shown["API key"] == "k"
        assert state["employees"] == 7
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 20)
        assert (process.returncode, errors) == (0, b"")


async def test_command_line_says_that_the_port_is_taken() -> None:
    """A taken port ends the command with status 1 and one line that names it."""
    async with Sandbox(people=1) as sandbox, command("--port", str(sandbox.port)) as process:
        _, errors = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert errors.decode().startswith(f"Cannot listen on 127.0.0.1:{sandbox.port}: ")
        assert errors.count(b"\n") == 1
