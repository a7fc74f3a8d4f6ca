"""What somebody has, or would get, of what nobody else has: for `explain` and `try`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.errors import BridgeError, RecordRejected
from bridge.exchange import Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Route
from bridge.model import Entry, Record, Stored
from bridge.store.claims import Case
from service.operations.assembly import Bridge, connected
from service.operations.sketching import Sketch
from service.operations.telling import shown
from workers.connect import Connected
from workers.delivery.choosing import Choice, Choosing

KEPT = "the account keeps what it has"
_TO_COME = "is chosen when an account is made"
_PLACES = ("first", "second", "third")


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """The value of one attribute, None where nobody knows it here, and why it is this one."""

    value: str | None = None
    why: str = ""
    error: str = ""


def source(route: Route, attribute: str) -> str:
    """Its expressions, the first choice first."""
    return ", ".join(expression.source for expression in route.unique.expressions[attribute])


def told(
    attribute: str, choices: Iterable[Choice], entry: Entry | None, *, linked: bool, values: bool = True
) -> Told:
    """What somebody has been given, or would be (`choices`). `values`: whether values may be shown."""
    if linked:
        given = entry.unique.get(attribute) if entry else None
        return Told(given, "given with the account, which keeps it" if given else KEPT)
    choice = next((one for one in choices if one.attribute == attribute), None)
    return Told(choice.value, passed(choice, values=values)) if choice else Told(why=_TO_COME)


def passed(choice: Choice, *, values: bool) -> str:
    """Why it is not an earlier choice, in words."""
    if not choice.passed:
        return "the first choice"
    first = choice.passed[: len(_PLACES)]
    names = [f'"{one.value}"' for one in first] if values else [f"the {place} choice" for place in _PLACES]
    words = [f"{name} is taken by {one.by}" for name, one in zip(names, first, strict=False)]
    more = len(choice.passed) - len(first)
    return "; ".join([*words, *([f"{more} more are taken"] if more else [])])


async def chosen(bridge: Bridge, target: str, record: Record) -> Mapping[str, Told]:
    """What a record as Kenjo has it has or would get at a target now, by attribute. Asks the target."""
    route, ledger = bridge.routes[target], bridge.backend.ledger(target)
    entry = await ledger.entry(record.key)
    linked = bool(await ledger.links([str(record.key)]))
    choices: tuple[Choice, ...] = ()
    try:
        if not linked:
            async with connected(bridge, [target]) as targets:
                choices = await _choices(bridge, targets[target], record, entry)
    except RecordRejected as wrong:
        return dict.fromkeys(route.unique.expressions, Told(error=str(wrong)))
    except BridgeError as wrong:
        return dict.fromkeys(route.unique.expressions, Told(error=f"the target cannot be asked: {wrong}"))
    there = linked or not choices
    return {name: told(name, choices, entry, linked=there) for name in route.unique.expressions}


async def _choices(bridge: Bridge, one: Connected, record: Record, entry: Entry | None) -> tuple[Choice, ...]:
    """What would be chosen for a new account; nothing where the record's own seems to be there."""
    if await one.target.find(Wanted(record.key, resolve(one.route.map(record), {}))):
        return ()
    view = Sketch(bridge.backend.ledger(one.route.name))
    case = Case(stored=Stored(record, 0), entry=entry, link=None)
    return await Choosing(one.route, one.target, view, case, entry or Entry()).choose()


def rows(
    route: Route, choices: Iterable[Choice], entry: Entry | None, *, linked: bool, values: bool
) -> list[dict[str, Any]]:
    """For `explain`: each attribute as a row beside those of the mapping."""
    found = []
    for attribute in route.unique.expressions:
        one = told(attribute, choices, entry, linked=linked, values=values)
        value = shown(one.value, values)
        row = {"attribute": attribute, "source": source(route, attribute), "value": value}
        found.append({**row, "once": True, "why": one.why})
    return found
