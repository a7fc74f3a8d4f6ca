"""How pages call a record, and where its page is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bridge.model import Key, Kind
from service.operations.board import Sight
from service.operations.naming import name_of

_PATHS = {Kind.PERSON: "people", Kind.TEAM: "groups"}
KINDS = {path: kind for kind, path in _PATHS.items()}


def named(key: Key, sight: Sight, *, names: bool) -> dict[str, str]:
    """`{name, link}` of a record: its name for those who may see it, else its id."""
    known = name_of(sight.known.get(key)) if names else ""
    return {"name": known or key.id, "link": link_of(key)}


def key_of(request: web.Request) -> Key:
    """The record whose page is asked for."""
    return Key(KINDS[request.match_info["kind"]], request.match_info["id"])


def link_of(key: Key) -> str:
    """The page of a record."""
    return f"/{_PATHS[key.kind]}/{key.id}"


def told(row: Mapping[str, Any], sight: Sight, *, names: bool) -> dict[str, Any]:
    """A row, such as an event of the audit log, with the name and link of its `record`."""
    record = str(row.get("record", ""))
    key = Key.of(record)
    return {**row, **(named(key, sight, names=names) if key else {"name": record, "link": ""})}
