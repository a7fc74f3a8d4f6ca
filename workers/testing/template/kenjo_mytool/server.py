"""The tool's server: all that is read and written there, and nothing else.

Here it is a folder in which each object is a file, `person/p7.json`, so that it runs without a tool. Put
calls of your tool's API in its place. A tool that speaks HTTP is reached with `tools.http(...)`: it takes
turns, keeps to time-outs, asks the permit and turns statuses into errors; see
`workers/targets/scim/client.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from bridge.model import Kind

Thing = dict[str, Any]
"""An object by attribute, under the names that mapping.yaml uses."""


class Refused(Exception):
    """The tool will not take this object, whenever it is sent."""


class Folder:
    """People and teams in a folder. Raises OSError where it cannot be reached."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self, kind: Kind) -> dict[str, Thing]:
        """Every object of a kind, by its id."""
        files = sorted((self._path / kind).glob("*.json"))
        return {unquote(file.stem): json.loads(file.read_text("utf-8")) for file in files}

    def get(self, kind: Kind, id_: str) -> Thing | None:
        """One object, if it is there."""
        try:
            return dict(json.loads(self._file(kind, id_).read_text("utf-8")))
        except FileNotFoundError:
            return None

    def write(self, kind: Kind, id_: str, thing: Thing | None) -> None:
        """Put an object there, in place of what it was; None takes it away. Raises Refused."""
        file = self._file(kind, id_)
        if thing is None:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(thing, ensure_ascii=False), "utf-8")
        draft.replace(file)  # whoever reads it sees the former object or the new one

    def _file(self, kind: Kind, id_: str) -> Path:
        return self._path / kind / f"{quote(id_, safe='')}.json"
