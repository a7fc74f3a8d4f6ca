"""A folder behind SFTP, where files with everybody appear: what payroll and workforce tools read.

The adapter is the product's own, and so is what publishes; only the server is a model. The first directory
has one file, of those who work here; the second one a new file each time, of those who have left, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import model_validator

from tests.simulation.directory import Directory, Reply
from tests.simulation.kenjo import Kenjo
from tests.simulation.process import Delivery, Turn
from tests.simulation.tempers.reader import COLUMNS, END, Reader
from tests.simulation.tempers.sftp import Ssh
from tests.simulation.tempers.temper import Temper
from workers.targets import file
from workers.targets.base import Tools
from workers.targets.file.settings import FileSettings
from workers.targets.file.sftp import Sftp
from workers.targets.file.target import FileTarget

OTHERS = {
    "people.xlsx": "somebody's",
    "people-20231114.csv": "somebody's",
    "people-20200101-000000.csv": f"externalId\r\np0\r\n{END}\r\n",
}
"""Files that are not the bridge's, whatever they are called."""

_ADDRESSES = {
    "one": "sftp://bridge@one.example.com/in/people.csv",
    "two": "sftp://bridge@two.example.com/in/people-{year}{month}{day}-{hour}{minute}{second}.csv",
}


class Settings(FileSettings):
    """`host` tells one directory from another."""

    host: str = "one"

    @model_validator(mode="before")
    @classmethod
    def _of_its_host(cls, values: dict[str, Any]) -> dict[str, Any]:
        left_too = values["host"] == "two"
        columns = [*COLUMNS, "active"] if left_too else [*COLUMNS]
        return {"path": _ADDRESSES[values["host"]], "columns": columns, "inactive_rows": left_too, **values}


@dataclass
class Part:
    """A file that somebody has begun to write, and when."""

    begun: float
    content: str = ""


class FileDirectory(Directory):
    """`files`: those that are complete, `parts`: those that are not; `ours`: which the bridge has written."""

    kind = "file"
    has_objects = False

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.files = dict(OTHERS)
        self.parts: dict[str, Part] = {}
        self.ours: list[str] = []
        self.reader = Reader(self.world, self.name, self.referee)

    def _furnish(self, kenjo: Kenjo) -> None:
        """There are no accounts."""

    def throttles(self) -> Reply:
        """SFTP knows no time for which it is to be left alone."""
        return Reply(503)

    def lets_go(self, rows: int) -> bool:
        """Not more than those who do not work here any more."""
        return self.reader.lets_go(rows)

    def flaws(self) -> Iterator[str]:
        """What is wrong with the file that was written last; there is none before there is somebody."""
        yield from self.reader.flaws()

    def handle(self, method: str, path: str, params: Any, body: Any, by: Delivery | None) -> Reply:  # noqa: ARG002
        """Answer one request, and do at once what it asks for."""
        name, given = path.removeprefix("/"), params or {}
        match method:
            case "CONNECT":
                return Reply(200, "")
            case "LIST":
                return Reply(200, [*self.files, *self.parts])
            case "READ" | "STAT":
                return self._look(name, size=method == "STAT")
        self.referee.tries += 1
        if not isinstance(by, Turn):
            self.world.violate("OWNERSHIP", f"{method} {name} outside of any publication")
        match method:
            case "CREATE":
                return self._create_part(name)
            case "WRITE":
                return self._append(name, given["content"])
            case "REMOVE":
                return self._remove(name)
        return self._rename(name, given["to"], by)

    def _look(self, name: str, *, size: bool) -> Reply:
        part = self.parts.get(name)
        content = part.content if part else self.files.get(name)
        return Reply(404) if content is None else Reply(200, str(len(content)) if size else content)

    def _create_part(self, name: str) -> Reply:
        if name in self.parts or name in self.files:
            return Reply(409)
        self.parts[name] = Part(self.world.now)
        return Reply(200)

    def _append(self, name: str, content: str) -> Reply:
        if name not in self.parts:
            return Reply(404)
        if not self.world.chance(self.world.odds.deaf):  # else its disk is full, and it does not say so
            self.parts[name].content += content
        return Reply(200)

    def _remove(self, name: str) -> Reply:
        if self.parts.pop(name, None):
            return Reply(200)
        if name not in self.files:
            return Reply(404)
        if name not in self.ours:
            self.world.violate("OWNERSHIP", f"{name}, which is not ours, was deleted")
        elif name == self.ours[-1]:
            self.world.violate("WHOLE", f"{name}, the newest file, was deleted")
        del self.files[name]
        return Reply(200)

    def _rename(self, name: str, to: str, by: Delivery | None) -> Reply:
        """A part becomes a file, in place of the one that has its name."""
        part = self.parts.pop(name, None)
        if part is None:
            return Reply(404)
        if to in OTHERS:
            self.world.violate("OWNERSHIP", f"{to}, which is not ours, was overwritten")
        self.files[to] = part.content
        self.ours = [*(one for one in self.ours if one != to), to]
        if isinstance(by, Turn):
            left = [one for one, other in self.parts.items() if other.begun < by.since]
            if left:
                self.world.violate("BOUNDED", f"{left[0]} was begun before {to}, and is there still")
            self.reader.reads(part.content, by)
        return Reply(200)


def _connect(settings: Settings, tools: Tools) -> FileTarget:
    place = Sftp(settings)
    place._ssh = Ssh(tools.session)
    return FileTarget(settings, place, tools.notebook, tools.zone)


TEMPER = Temper(
    FileDirectory,
    dataclasses.replace(file.ADAPTER, settings=Settings, connect=_connect),
    {
        "map": {
            "externalId": "person.id",
            "userName": "person.account.email",
            "title": "person.work.jobTitle",
            "displayName": "person.personal.displayName",
            "alias": "person.work.employeeNumber",
        },
        "lines_after": [END],
        "keep_days": 0.25,
        "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "password": "of nobody",
    },
)
