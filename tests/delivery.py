"""A delivery on real parts: Redis, a SCIM server behind a proxy that can fail, and a deliverer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from bridge.config.settings import RetrySettings
from bridge.diff import revised
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import ChangeKind, Entry, Key, Kind, Record, RecordChange, Stored
from bridge.store import Lease
from bridge.store.backend import Backend
from service.watch.holding import keep_back, withdraw_outdated
from service.watch.pending import Standing, assess, window_since
from tests.scim_server import scim_server
from tests.workers.targets.odd_scim import TOKEN, Odd, odd_scim
from workers.connect import open_target
from workers.delivery.deliver import Deliverer
from workers.targets import load
from workers.testing.proxy import Proxy, proxy_to

TARGET = "directory"
SCIM = {"Content-Type": "application/scim+json"}


def person(id_: str, *, lifecycle: str = "active", manager: str | None = None, **fields: Any) -> Record:
    """A person with every field that the default SCIM mapping reads."""
    name = fields.get("name", id_.capitalize())
    data = {
        "id": id_,
        "lifecycle": lifecycle,
        "account": {"email": fields.get("email", f"{id_}@example.com"), "language": "de"},
        "personal": {"firstName": name, "lastName": "Muster", "displayName": f"{name} Muster"},
        "work": {
            "jobTitle": fields.get("title", "Clerk"),
            "department": "Sales",
            "company": "Muster GmbH",
            "employeeNumber": "7",
            "workPhone": "+49 30 1",
            "workMobile": "+49 170 1",
            "reportsToId": manager,
        },
    }
    return Record(Key(Kind.PERSON, id_), data)


def team(id_: str, *members: str, name: str = "") -> Record:
    """A team of people."""
    data = {"id": id_, "name": name or f"Team {id_}", "members": list(members)}
    return Record(Key(Kind.TEAM, id_), data)


@dataclass
class Clock:
    """A clock that tests move."""

    now: float = 1_700_000_000.0


@dataclass
class Delivery:
    """What a test works with."""

    backend: Backend
    proxy: Proxy
    deliverer: Deliverer
    lease: Lease
    clock: Clock
    direct: Any
    path: str = "/v2"

    async def know(self, *records: Record, gone: bool = False) -> None:
        """Count what would be taken away, and commit records, as a poll does."""
        assert await self.lease.acquire()
        kind = ChangeKind.VANISHED if gone else ChangeKind.CHANGED
        changes = [RecordChange(kind, record) for record in records]
        known = await self.backend.records.known()
        await self._count({**known, **revised(known, changes, self.clock.now)})
        await self.backend.records.commit(changes, self.lease, self.clock.now)

    async def deliver(self, *records: Record) -> None:
        """Commit and deliver records one after the other."""
        for record in records:
            await self.know(record)
            await self.deliverer.deliver(record.key)

    async def judge(self) -> None:
        """Count what would be done and hold it or let it go, as a poll does."""
        assert await self.lease.acquire()
        standing = await self._count(await self.backend.records.known())
        await keep_back(standing, self.backend, self.clock.now)
        await withdraw_outdated(standing, self.backend, self.clock.now)

    async def _count(self, known: Mapping[Key, Stored]) -> Standing:
        route, now = self.deliverer.route, self.clock.now
        standing = await assess(known, route, self.backend, now)
        await self.deliverer.ledger.count(standing.counted, self.lease.grip(), window_since(route, now))
        return standing

    async def entry(self, id_: str, kind: Kind = Kind.PERSON) -> Entry:
        """The ledger's entry of a record."""
        found = await self.deliverer.ledger.entry(Key(kind, id_))
        assert found is not None
        return found

    async def newest(self, key: Key) -> int:
        """The revision of what Kenjo says now."""
        stored = await self.backend.records.get(key)
        assert stored is not None
        return stored.revision

    async def users(self) -> list[dict[str, Any]]:
        """All accounts as the server has them."""
        return await self._list("Users")

    async def groups(self) -> list[dict[str, Any]]:
        """All groups as the server has them."""
        return await self._list("Groups")

    async def user(self, id_: str) -> dict[str, Any]:
        """The one account of a Kenjo id."""
        (found,) = [user for user in await self.users() if user.get("externalId") == id_]
        return found

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an account past the bridge."""
        return await self._create("Users", body)

    async def create_group(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a group past the bridge."""
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
        return await self._create("Groups", {"schemas": schemas, **body})

    async def _create(self, resource: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self.direct.post(f"{self.path}/{resource}", json=body, headers=SCIM) as answer:
            assert answer.status == 201
            created: dict[str, Any] = await answer.json(content_type=None)
            return created

    async def set_title(self, id_: str, title: str) -> None:
        """Change an account past the bridge."""
        path = f"Users/{(await self.user(id_))['id']}"
        await self._patch(path, {"op": "replace", "path": "title", "value": title})

    async def set_active(self, id_: str) -> None:
        """Open an account past the bridge."""
        path = f"Users/{(await self.user(id_))['id']}"
        await self._patch(path, {"op": "replace", "path": "active", "value": True})

    async def add_member(self, group: str, user: str) -> None:
        """Put an account into a group past the bridge."""
        await self._patch(f"Groups/{group}", {"op": "add", "path": "members", "value": [{"value": user}]})

    async def forget_everything(self) -> None:
        """Delete all that the bridge remembers of this account."""
        keys = [key async for key in self.backend.redis.scan_iter(self.backend.keys.prefix + "*")]
        await self.backend.redis.delete(*keys)

    async def forget_locks(self) -> None:
        """Let all locks end, as those of a worker that is stopped for long do."""
        locks = [key async for key in self.backend.redis.scan_iter(self.backend.keys.locks(TARGET) + "*")]
        await self.backend.redis.delete(*locks)

    async def _patch(self, path: str, operation: dict[str, Any]) -> None:
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        async with self.direct.patch(
            f"{self.path}/{path}", json={"schemas": schemas, "Operations": [operation]}, headers=SCIM
        ) as done:
            assert done.status in (200, 204)

    async def _list(self, resource: str) -> list[dict[str, Any]]:
        async with self.direct.get(f"{self.path}/{resource}", params={"count": "1000"}) as answer:
            found: list[dict[str, Any]] = (await answer.json(content_type=None)).get("Resources") or []
            return found


@asynccontextmanager
async def delivery(
    backend: Backend,
    *,
    retry: RetrySettings | None = None,
    odd: Odd | None = None,
    server: Callable[[], AbstractAsyncContextManager[tuple[str, str]]] | None = None,
    **target: Any,
) -> AsyncIterator[Delivery]:
    """Set everything up; `target` are settings of the SCIM target, `odd` are differences of an odd server.

    `server` gives the base address and token of another one.
    """
    clock = Clock()
    async with server() if server else serving(odd) as (base_url, token):
        origin, path = base_url[: base_url.rindex("/")], base_url[base_url.rindex("/") :]
        async with (
            proxy_to(origin) as proxy,
            aiohttp.ClientSession() as session,
            aiohttp.ClientSession(origin, headers={"Authorization": f"Bearer {token}"}) as direct,
        ):
            adapter = load("scim")
            settings = adapter.settings.model_validate(
                {
                    "kind": "scim",
                    "base_url": proxy.url + path,
                    "token": SecretStr(token),
                    "timeout": 10.0,
                    "rate": 1000.0,
                    **target,
                }
            )
            route = Route(TARGET, settings, adapter.mapping)
            connected = open_target(route, backend, session)
            deliverer = Deliverer(
                route=route,
                target=connected.target,
                ledger=backend.ledger(TARGET),
                gate=backend.gate(TARGET),
                queue=backend.queue,
                retry=retry or RetrySettings(),
                observer=Metrics(),
                clock=lambda: clock.now,
                turn=connected.turn,
            )
            yield Delivery(backend, proxy, deliverer, backend.lease(), clock, direct, path)


@asynccontextmanager
async def serving(odd: Odd | None) -> AsyncIterator[tuple[str, str]]:
    """The real SCIM server, or the odd one: address and token."""
    if odd is None:
        async with scim_server() as server:
            yield server
    else:
        async with odd_scim(odd) as (_, base_url):
            yield base_url, TOKEN
