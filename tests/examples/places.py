"""The servers that stand in for the tools of the examples: accounts and groups, read past the bridge."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.workers.targets.odd_scim import CORE, ENTERPRISE, TOKEN, odd_scim
from tests.workers.targets.quiet_scim import Quiet, QuietScim
from tests.workers.targets.webhook_server import PATH, Receiver, webhook_server
from tests.workers.targets.webhook_server import SECRET as SIGNED
from workers.testing.proxy import Proxy, proxy_to

Accounts = dict[str, dict[str, Any]]
Members = dict[str, set[str]]


class Place(ABC):
    """A tool. `settings` are what reaches it here, in place of what bridge.yaml says or leaves to secrets."""

    settings: Mapping[str, str]

    @abstractmethod
    def accounts(self) -> Accounts:
        """What everybody has there, by Kenjo id and attribute; nothing that is empty."""

    def groups(self) -> Members:
        """The Kenjo ids of members, by the group's name."""
        return {}

    @property
    @abstractmethod
    def requests(self) -> int:
        """How often it was asked or told anything."""


class Behind(Place):
    """A place behind a proxy that counts."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    @property
    def requests(self) -> int:
        return len(self.proxy.seen)


class Scim(Behind):
    """A strict SCIM server with the habits of a product."""

    def __init__(self, proxy: Proxy, server: QuietScim) -> None:
        super().__init__(proxy)
        self.server = server
        self.settings = {"BASE_URL": f"{proxy.url}/scim", "TOKEN": TOKEN}

    def put(self, user: dict[str, Any]) -> None:
        """Somebody has an account from before, made by hand."""
        self.server.objects["Users"]["by-hand"] = {
            "schemas": [CORE["Users"]],
            "id": "by-hand",
            "active": True,
            **user,
        }

    def accounts(self) -> Accounts:
        users = self.server.objects["Users"].values()
        assert all(user.get("externalId") for user in users)
        ids = {user["id"]: user["externalId"] for user in users}
        found = {user["externalId"]: _flat(user, ids) for user in users}
        assert len(found) == len(users)
        return found

    def groups(self) -> Members:
        ids = {user["id"]: user["externalId"] for user in self.server.objects["Users"].values()}
        groups = self.server.objects["Groups"].values()
        return {one["displayName"]: {ids[m["value"]] for m in one.get("members", [])} for one in groups}


def _flat(user: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """A SCIM user by the names that a mapping uses."""
    flat: dict[str, Any] = {}
    for name, value in user.items():
        if name in ("emails", "phoneNumbers"):
            flat |= {f"{name}.{one['type']}": one["value"] for one in value}
        elif name == "name":
            flat |= {f"name.{part}": one for part, one in value.items()}
        elif name == ENTERPRISE:
            flat |= value
        elif name not in ("schemas", "id", "meta"):
            flat[name] = value
    if manager := flat.pop("manager", None):
        flat["manager"] = ids[manager if isinstance(manager, str) else manager["value"]]
    return flat


@asynccontextmanager
async def scim(**habits: Any) -> AsyncIterator[Scim]:
    async with odd_scim(Quiet(**habits), QuietScim) as (server, address):
        assert isinstance(server, QuietScim)
        async with proxy_to(address.removesuffix("/scim")) as proxy:
            yield Scim(proxy, server)


class Hook(Behind):
    """A receiver of webhooks that does what it is told."""

    def __init__(self, proxy: Proxy, receiver: Receiver) -> None:
        super().__init__(proxy)
        self.receiver = receiver
        self.settings = {"URL": proxy.url + PATH, "SECRET": SIGNED}

    def accounts(self) -> Accounts:
        return {
            id_: {
                name: value
                for name, value in data.items()
                if value is not None and name not in ("id", "changed")
            }
            for id_, data in self.receiver.objects["person"].items()
        }

    def groups(self) -> Members:
        teams = self.receiver.objects["team"].values()
        return {f"{one['kind']} {one['name']}": set(one["members"]) for one in teams}


@asynccontextmanager
async def hook(receiver: Receiver) -> AsyncIterator[Hook]:
    async with webhook_server(receiver) as origin, proxy_to(origin) as proxy:
        yield Hook(proxy, receiver)


class File(Place):
    """A CSV file in a folder beside bridge.yaml. `ids`: Kenjo ids by what stands in the column `key`.

    `names`: the columns, where no line of the file has them; `before`: lines before the first.
    """

    def __init__(
        self,
        path: Path,
        ids: Callable[[], Mapping[str, str]],
        *,
        key: str,
        names: Sequence[str] | None = None,
        before: int = 0,
        encoding: str = "utf-8",
    ) -> None:
        self._path, self.ids, self.key = path, ids, key
        self._form = names, before, encoding
        self.settings: dict[str, str] = {}
        path.parent.mkdir(exist_ok=True)

    @property
    def path(self) -> Path:
        """The newest file, where the name says the day."""
        return max(self._path.parent.glob(self._path.name), default=self._path)

    def lines(self) -> list[str]:
        return self.path.read_bytes().decode(self._form[2]).split("\r\n")[:-1]

    def accounts(self) -> Accounts:
        names, before, _ = self._form
        lines, ids = self.lines()[before:], self.ids()
        rows: Iterable[dict[str, Any]] = csv.DictReader(lines, names, delimiter=";")
        if self.path.suffix == ".jsonl":
            rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        empty = (None, "")
        found = [
            (ids[row[self.key]], {name: one for name, one in row.items() if one not in empty}) for row in rows
        ]
        assert len(dict(found)) == len(found)
        return dict(found)

    @property
    def requests(self) -> int:
        """A file that is written is a new one."""
        return self.path.stat().st_ino if self.path.exists() else 0
