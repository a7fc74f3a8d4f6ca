"""Keys are changed step by step under running processes, as docs/operations.md says, while people move on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bridge.codec import make_key
from tests.running import Running, has_name, own_redis, readiness, running, until
from tests.world import World, expected, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with own_redis() as redis, world(tmp_path, people=6) as ready:
        ready.config["redis"] = {"url": redis}
        yield ready


class Deployment:
    """A service and a worker that share a Redis."""

    def __init__(self, here: World) -> None:
        self.here = here
        self._stacks: dict[str, AsyncExitStack] = {}
        self.processes: dict[str, Running] = {}

    async def restart(self, *commands: str) -> None:
        """Start these processes anew, with what the configuration says by now."""
        for command in commands or ("work", "serve"):
            await self.stop(command)
            stack = self._stacks[command] = AsyncExitStack()
            self.processes[command] = await stack.enter_async_context(running(self.here, command))

    async def stop(self, command: str) -> None:
        if stack := self._stacks.pop(command, None):
            self.processes[command].process.terminate()
            await self.processes[command].process.wait()
            await stack.aclose()

    async def delivers(self, last_name: str) -> None:
        """Change somebody in Kenjo, and see them changed at the directory."""
        person = min(expected(self.here.sandbox))
        self.here.sandbox.actions.rename(employee=person, last_name=last_name)
        await until(lambda: has_name(self.here, person, last_name), 20)

    async def says(self, command: str, words: str) -> None:
        """Wait until a process says at /readyz that it waits, and why."""

        async def said() -> bool:
            status, text = await readiness(session)
            return status == 503 and words in text

        async with aiohttp.ClientSession(self.processes[command].address) as session:
            await until(said, 20)

    async def is_ready(self, command: str) -> None:
        async def said() -> bool:
            return (await readiness(session))[0] == 200

        async with aiohttp.ClientSession(self.processes[command].address) as session:
            await until(said, 20)


@pytest.fixture
async def deployment(here: World) -> AsyncIterator[Deployment]:
    deployed = Deployment(here)
    yield deployed
    for command in ("serve", "work"):
        await deployed.stop(command)


async def test_the_encryption_key(deployment: Deployment) -> None:
    """The four steps with a change after each restart == each arrives; then the old key is of no use."""
    here, old, new = deployment.here, make_key(), make_key()
    steps = ({"key": old}, {"key": old, "old_keys": [new]}, {"key": new, "old_keys": [old]}, {"key": new})
    for number, keys in enumerate(steps):
        if number == 3:
            assert (await here.run("rekey")).code == 0
        here.config["encryption"] = keys
        for command in ("serve", "work"):
            await deployment.restart(*(("work", "serve") if number == 0 else (command,)))
            await deployment.delivers(f"Schritt {number} {command}")
    here.config["encryption"] = {"key": old}
    assert "add it to encryption.old_keys" in (await here.run("status")).err


async def test_a_process_that_lacks_the_key_waits_for_it(deployment: Deployment) -> None:
    """A service seals with a key that the worker lacks == it says so and waits; given the key, it goes on."""
    here, old, new = deployment.here, make_key(), make_key()
    here.config["encryption"] = {"key": old}
    await deployment.restart()
    await deployment.delivers("Erstens")
    here.config["encryption"] = {"key": new, "old_keys": [old]}
    settings = here.folder / "bridge.yaml"
    before = settings.read_text()
    await deployment.restart("serve")
    settings.write_text(before)  # the worker still finds the old key only
    here.sandbox.actions.rename(employee=min(expected(here.sandbox)), last_name="Zweitens")
    await deployment.says("work", "add it to encryption.old_keys")
    assert not await has_name(here, min(expected(here.sandbox)), "Zweitens")
    settings.write_text(json.dumps(here.config))
    await until(lambda: has_name(here, min(expected(here.sandbox)), "Zweitens"), 20)
    await deployment.is_ready("work")
    log = deployment.processes["work"].log
    assert log.count("add it to encryption.old_keys") == 1
    assert "Traceback" not in log


async def test_kenjos_key(deployment: Deployment) -> None:
    """A new key beside the old one, restart, the old one revoked == no gap."""
    here = deployment.here
    await deployment.restart()
    await deployment.delivers("Erstens")
    here.sandbox.keys.add("the-new-key")
    here.config["kenjo"]["api_key"] = "the-new-key"
    await deployment.restart("serve")
    here.sandbox.keys.revoke(here.sandbox.api_key)
    await deployment.delivers("Zweitens")


async def test_kenjos_key_the_other_way_round(deployment: Deployment) -> None:
    """The old key is revoked first == nothing changes anywhere until the restart with the new one."""
    here = deployment.here
    await deployment.restart()
    await deployment.delivers("Erstens")
    here.sandbox.keys.revoke(here.sandbox.api_key)
    here.sandbox.actions.rename(employee=min(expected(here.sandbox)), last_name="Zweitens")
    await until(lambda: logged(deployment.processes["serve"], "refused the API key"), 20)
    assert not await has_name(here, min(expected(here.sandbox)), "Zweitens")
    here.sandbox.keys.add("the-new-key")
    here.config["kenjo"]["api_key"] = "the-new-key"
    await deployment.restart("serve")
    await until(lambda: has_name(here, min(expected(here.sandbox)), "Zweitens"), 20)


async def test_a_targets_token(deployment: Deployment) -> None:
    """A new token beside the old one, all restarted, the old one revoked == no gap."""
    here = deployment.here
    await deployment.restart()
    await deployment.delivers("Erstens")
    old = here.config["targets"]["directory"]["token"]
    here.tokens.add("the-new-token")
    here.config["targets"]["directory"]["token"] = "the-new-token"
    await deployment.restart()
    here.tokens.remove(old)
    await deployment.delivers("Zweitens")


async def test_a_targets_token_the_other_way_round(deployment: Deployment) -> None:
    """The old token is revoked first == the target halts; with the new one everywhere it goes on."""
    here = deployment.here
    await deployment.restart()
    await deployment.delivers("Erstens")
    here.tokens.remove(here.config["targets"]["directory"]["token"])
    here.tokens.add("the-new-token")
    here.sandbox.actions.rename(employee=min(expected(here.sandbox)), last_name="Zweitens")
    await until(lambda: logged(deployment.processes["work"], "halted"), 20)
    here.config["targets"]["directory"]["token"] = "the-new-token"
    await deployment.restart()
    await until(lambda: has_name(here, min(expected(here.sandbox)), "Zweitens"), 20)


async def logged(process: Running, words: str) -> bool:
    return words in process.log
