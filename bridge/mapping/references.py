"""References to other records in a mapped result, and the remote ids that stand for them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bridge.exchange import Reference


def references(mapped: Mapping[str, Any]) -> set[str]:
    """The record keys that a mapped result refers to."""
    found: set[str] = set()
    for value in mapped.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Reference):
                found.add(str(item.key))
    return found


def without(mapped: Mapping[str, Any], keys: Collection[str]) -> Mapping[str, Any]:
    """The mapped result without references to some records: cleared, or taken out of a list."""
    if not keys:
        return mapped
    return {attribute: _without(value, keys) for attribute, value in mapped.items()}


def _without(value: Any, keys: Collection[str]) -> Any:
    if isinstance(value, list):
        return [item for item in value if not isinstance(item, Reference) or str(item.key) not in keys]
    return None if isinstance(value, Reference) and str(value.key) in keys else value


def resolve(mapped: Mapping[str, Any], links: Mapping[str, str], *, clear: bool = False) -> dict[str, Any]:
    """The mapped result with remote ids for references.

    A reference that is not at the target yet is left out, or cleared.
    """
    resolved: dict[str, Any] = {}
    for attribute, value in mapped.items():
        if isinstance(value, Reference):
            if str(value.key) in links or clear:
                resolved[attribute] = links.get(str(value.key))
        elif isinstance(value, list):
            resolved[attribute] = _members(value, links)
        else:
            resolved[attribute] = value
    return resolved


def _members(value: list[Any], links: Mapping[str, str]) -> list[Any]:
    if not any(isinstance(item, Reference) for item in value):
        return value
    return sorted(links[str(item.key)] for item in value if str(item.key) in links)
