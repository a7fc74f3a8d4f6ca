"""What an object had before it was changed, so that somebody can have it put back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.mapping.route import Route
from bridge.model import Kind, Outcome
from bridge.store.former import Former
from workers.delivery.decision import Decision

_CHANGES = (Outcome.UPDATED, Outcome.ADOPTED, Outcome.DEACTIVATED)
_PLAIN = (str, bool, int, float, type(None))


def former_of(route: Route, decision: Decision, outcome: Outcome) -> Former | None:
    """What a change that was done has replaced, as the target showed it; None where there is nothing.

    Of a group's members those who were taken out.
    """
    change, days = decision.change, route.settings.undo_days
    if change is None or not days or outcome not in _CHANGES:
        return None
    values: dict[str, Any] = {}
    members: dict[str, tuple[str, ...]] = {}
    for one in change.fields:
        if change.key.kind is Kind.TEAM and one.attribute in route.references:
            left = () if one.old is None else (str(one.old),)
            members[one.attribute] = (*members.get(one.attribute, ()), *left)
        elif _is_plain(one.old):
            values[one.attribute] = one.old
    return Former(values, {name: ids for name, ids in members.items() if ids}, days)


def _is_plain(value: Any) -> bool:
    """Whether it can be kept as it is, and be wanted again."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_plain(one) for name, one in value.items())
    return isinstance(value, _PLAIN)
