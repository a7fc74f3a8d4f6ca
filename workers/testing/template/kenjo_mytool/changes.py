"""What differs between an object and what it should be. Pure: what a plan shows is what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import NotFound
from bridge.exchange import Change, FieldChange, Remote, Wanted
from bridge.model import Kind, Outcome

from .server import Thing

LOOKED_UP = {Kind.PERSON: ("kenjoId", "email"), Kind.TEAM: ("kenjoId", "name")}
"""By what an object is found, in this order. Kenjo's id comes first: an e-mail address may change."""


def keys(kind: Kind, attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an object is looked up by, and no two may have in common."""
    return [(name, str(attributes[name])) for name in LOOKED_UP[kind] if attributes.get(name)]


def change(wanted: Wanted, there: Remote | None) -> Change | None:
    """What has to be sent; None for nothing. See `workers.targets.base.Target.change`."""
    if there is None:
        return None if wanted.removal else _differing(wanted, Outcome.CREATED, None, {}, wanted.attributes)
    if wanted.removal == "delete":
        return Change(wanted.key, Outcome.DELETED, there.id)
    if there.content is None:
        raise NotFound("is not there any more")
    if wanted.key.kind is Kind.TEAM:
        outcome = Outcome.DEACTIVATED if wanted.removal else Outcome.UPDATED
        return _differing(wanted, outcome, there.id, there.content, _with_others(wanted, there.content))
    if wanted.removal:
        return _differing(wanted, Outcome.DEACTIVATED, there.id, there.content, {"active": False})
    return _differing(wanted, Outcome.UPDATED, there.id, there.content, wanted.attributes)


def _with_others(wanted: Wanted, there: Mapping[str, Any]) -> dict[str, Any]:
    """A team with our members and those that others have put there: only what we gave is taken away."""
    ours = wanted.attributes.get("members") or []
    others = set(there.get("members") or []) - wanted.released
    return {**wanted.attributes, "members": sorted({*others, *ours})}


def _differing(
    wanted: Wanted,
    outcome: Outcome,
    remote_id: str | None,
    there: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> Change | None:
    """A change of what differs only: attributes that no mapping knows stay as they are."""
    content: Thing = {name: value for name, value in attributes.items() if there.get(name) != value}
    fields = [FieldChange(name, there.get(name), value) for name, value in content.items()]
    return Change(wanted.key, outcome, remote_id, content, lambda: fields) if content else None
