"""An operator at work: the commands in this process, as `kenjo-bridge` runs them, on a world of their own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bridge.config.configuration import load_settings
from bridge.store.backend import Backend, open_backend
from service.cli.main import main
from service.operations.assembly import Bridge, opened
from service.operations.sync import SyncResult, sync
from tests.world import Ended, World, expected, world
from workers.testing.proxy import echo


@dataclass
class Operator:
    """`here` is the world, `url` the Redis that belongs to it alone, `redis` a connection to that."""

    here: World
    url: str
    redis: Any

    async def __call__(self, *arguments: str) -> Ended:
        """Run a command: its exit code and what it wrote."""
        return await asyncio.to_thread(_command, [*arguments, "--config", str(self._configured())])

    async def sync(self, **options: Any) -> SyncResult:
        """Poll once and deliver everything."""
        async with self.bridge() as bridge:
            return await sync(bridge, **{"patience": 30.0, **options})

    @asynccontextmanager
    async def bridge(self) -> AsyncIterator[Bridge]:
        """The bridge as it is configured now."""
        async with opened(load_settings(self._configured(), {})) as bridge:
            yield bridge

    @property
    def target(self) -> dict[str, Any]:
        """The settings of the target."""
        found: dict[str, Any] = self.here.config["targets"]["directory"]
        return found

    @asynccontextmanager
    async def backend(self) -> AsyncIterator[Backend]:
        """The state that the commands see."""
        async with open_backend(self.url) as opened_backend:
            yield opened_backend

    def people(self) -> list[str]:
        """The ids of those who should have an account, in order."""
        return sorted(expected(self.here.sandbox))

    def leave(self, number: int) -> list[str]:
        """So many people leave; their ids."""
        leavers = self.people()[:number]
        for id_ in leavers:
            self.here.sandbox.actions.leave(employee=id_)
        return leavers

    def texts(self, ids: list[str]) -> set[str]:
        """Names and addresses of people: what no output should show unasked."""
        found = set()
        for id_ in ids:
            person = self.here.sandbox.account.employees[id_]
            personal = person["personal"]
            found |= {personal["lastName"], personal["displayName"], person["account"]["email"]}
        return found

    async def users(self) -> dict[str, dict[str, Any]]:
        """The accounts by Kenjo id. Nobody has two."""
        users = await self.here.users()
        found = {user["externalId"]: user for user in users if user.get("externalId")}
        assert len(found) == sum(1 for user in users if user.get("externalId"))
        return found

    async def inactive(self) -> list[str]:
        """The Kenjo ids of inactive accounts."""
        return sorted(id_ for id_, user in (await self.users()).items() if not user["active"])

    async def create(self, **attributes: Any) -> str:
        """Make an account by hand; its id."""
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], **attributes}
        async with self.here.direct.post("/v2/Users", json=body) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json(content_type=None))["id"])

    async def edit(self, id_: str, **values: Any) -> None:
        """Change somebody's account by hand."""
        operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        remote = (await self.users())[id_]["id"]
        async with self.here.direct.patch(f"/v2/Users/{remote}", json=body) as answer:
            assert answer.status in (200, 204), await answer.text()

    async def delete(self, id_: str) -> None:
        """Delete somebody's account by hand."""
        async with self.here.direct.delete(f"/v2/Users/{(await self.users())[id_]['id']}") as answer:
            assert answer.status == 204

    def _configured(self) -> Path:
        path = self.here.folder / "bridge.yaml"
        path.write_text(json.dumps(self.here.config))
        return path


@asynccontextmanager
async def operated(folder: Path, redis_url: str, people: int = 12) -> AsyncIterator[Operator]:
    """A world whose Redis is a database that is emptied first."""
    url = f"{redis_url}?db=1"
    redis = Redis.from_url(url)
    try:
        await redis.flushdb()
        async with world(folder, people) as here:
            here.config["redis"] = {"url": url}
            yield Operator(here, url, redis)
    finally:
        await redis.aclose()


def _command(arguments: list[str]) -> Ended:
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    former, sys.argv = sys.argv, ["kenjo-bridge", *arguments]
    code: Any = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.argv = former
    return Ended(int(code or 0), *(_text(stream) for stream in (out, err)))


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def row(result: SyncResult) -> Mapping[str, int]:
    """What was done at the target."""
    return result.targets["directory"].counts


async def park(operator: Operator, *ids: str) -> SyncResult:
    """These people change, and the directory refuses everything."""
    for id_ in ids:
        operator.here.sandbox.actions.rename(employee=id_, last_name="Planted")
    operator.here.proxy.fail_always(echo(400))
    result = await operator.sync()
    operator.here.proxy.fail_always(None)
    assert (result.exit_code, row(result)["failed"]) == (1, len(ids))
    return result
