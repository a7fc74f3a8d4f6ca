"""The bridge under exactly the permissions of docs/redis.md: it needs each of them, and has no other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from bridge.config.configuration import load_settings
from bridge.store.backend import open_backend
from tests.bridge.store.test_redis_kinds import PASSWORD, server
from tests.running import running, until
from tests.service.operated import Operator
from tests.world import world

TEXT = (Path(__file__).parents[3] / "docs/redis.md").read_text(encoding="utf-8")
(LINE,) = re.findall(r"^user bridge .*$", TEXT, re.MULTILINE)
KEYS = re.findall(r"~\S+", LINE)
GRANTED = frozenset(re.findall(r"\+(\S+)", LINE))
ADMIN = "user default on nopass ~* +@all"


@asynccontextmanager
async def under(folder: Path, line: str = LINE) -> AsyncIterator[tuple[Operator, Any]]:
    """A world whose bridge has these permissions in database 1, and somebody who may do everything there."""
    async with (
        server(folder / "redis", ADMIN, line.replace("PASSWORD", PASSWORD)) as port,
        world(folder) as here,
        Redis(port=port, db=1) as admin,
    ):
        url = f"redis://bridge:{PASSWORD}@127.0.0.1:{port}/1"
        here.config["redis"] = {"url": url}
        yield Operator(here, url, admin), admin


async def called(admin: Any) -> set[str]:
    """The commands that were called since the start, by whomever."""
    return {name.removeprefix("cmdstat_").partition("|")[0] for name in await admin.info("commandstats")}


async def everything(operator: Operator) -> None:
    """What a bridge does: watches and delivers, and all that a person can ask of it."""
    here, people = operator.here, operator.people()
    async with running(here, "run"):

        async def delivered() -> bool:
            return len(await here.users()) >= len(people)

        await until(delivered, 20)
        operator.leave(1)

        async def closed() -> bool:
            return bool(await operator.inactive())

        await until(closed, 20)
    for command in (
        ["check"], ["status"], ["people"], ["plan"], ["explain", people[1]], ["holds"],
        ["failures"], ["audit"],
        ["targets", "pause", "directory"], ["targets", "resume", "directory"], ["sync", "--verify"],
        ["forget", people[2], "--yes"], ["forget", people[2], "--undo"], ["rekey"], ["moved", "directory"],
    ):  # fmt: skip
        done = await operator(*command)
        assert done.code != 3, (command, done)


async def rarely(operator: Operator) -> None:
    """What only happens at times: a budget is looked at, and a poll ends without asking its witness."""
    values = load_settings(operator.here.folder / "bridge.yaml", {})
    async with open_backend(operator.url, values.encryption.texts()) as backend:
        assert await backend.budget("directory").used() == 0
        await (await backend.witness(["directory"])).leave()


@pytest.mark.long
async def test_all_are_needed(tmp_path: Path) -> None:
    """All that a bridge does == each documented command is called, and nothing that matters is refused."""
    async with under(tmp_path) as (operator, admin):
        await everything(operator)
        await rarely(operator)
        refused = {row["object"].partition("|")[0] for row in await admin.acl_log()}
        assert refused <= {"client", "config"}  # its name, which it may not tell; whether Redis saves
        assert GRANTED - await called(admin) == set()


@pytest.mark.long
@pytest.mark.parametrize("pattern", KEYS)
async def test_all_keys_are_needed(tmp_path: Path, pattern: str) -> None:
    """One pattern of keys is taken out == the bridge misses it."""
    async with under(tmp_path, LINE.replace(f" {pattern}", "")) as (operator, admin):

        async def missed() -> bool:
            return any(row["reason"] == "key" for row in await admin.acl_log())

        process = await operator.here.start("run")
        try:
            await until(missed, 20)
        finally:
            process.kill()
            await process.wait()


async def test_polls_can_be_short(tmp_path: Path) -> None:
    """Nothing is touched between two polls == Redis may say so under these permissions, too."""
    async with under(tmp_path) as (operator, _), open_backend(operator.url) as backend:
        assert await (await backend.witness(["directory"])).undisturbed()


async def test_nothing_else_is_allowed(tmp_path: Path) -> None:
    """Each other command of this server, and each key of somebody else == refused."""
    async with under(tmp_path) as (operator, admin), Redis.from_url(operator.url) as redis:
        for name, flags, arity in await commands(admin):
            if name in GRANTED or "no_auth" in flags:  # what comes before the login nobody can forbid
                continue
            with pytest.raises(
                (NoPermissionError, RedisError), match=r"(?i)no permissions|command not allowed"
            ):
                await redis.execute_command(*name.split("|"), *["x"] * (arity - 1 - name.count("|")))
        for key in ("other", "arq:job:other", "arq:queue", "arq:result:kenjo-bridge:2:a"):
            with pytest.raises(NoPermissionError):
                await redis.get(key)


async def commands(admin: Any) -> list[tuple[str, set[str], int]]:
    """What this server knows: name, flags, and how many words at least, those of the name included."""
    found = []
    for name, row in (await admin.command()).items():
        below = [(one[0].decode(), one[2], one[1]) for one in row.get("subcommands", [])]
        for full, flags, arity in below or [(name, row["flags"], row["arity"])]:  # only these do anything
            texts = {flag.decode() if isinstance(flag, bytes) else flag for flag in flags}
            found.append((full, texts, abs(arity)))
    return found
