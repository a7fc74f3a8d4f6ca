"""`try`: what expressions give for one person, before they are saved, beside those of now. Writes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import Environment, Variables
from bridge.mapping.expressions import Expression, FieldPath
from bridge.mapping.route import Route
from bridge.model import Kind, Record, Stored
from service.operations.assembly import Bridge, KenjoSource, kenjo, see_target
from service.operations.naming import identifying, pick
from service.operations.unique import chosen, source
from service.watch.judging import asking
from workers.connect import route

Sources = Mapping[str, str | None]
"""Expressions by attribute; None takes the attribute out."""


def sources_of(options: Iterable[str]) -> dict[str, str | None]:
    """Attributes with their expressions from texts such as `title=person.work.jobTitle`.

    `title=null` takes an attribute out, as in bridge.yaml. Raises ConfigurationError.
    """
    found: dict[str, str | None] = {}
    for option in options:
        attribute, sign, source = (part.strip() for part in option.partition("="))
        if not (attribute and sign and source):
            raise ConfigurationError(
                f"--map '{option}': write an attribute, an equals sign and an expression, such as"
                " --map title='upper(person.work.jobTitle)'"
            )
        found[attribute] = None if source == "null" else source
    return found


async def compare(
    bridge: Bridge, target: str, who: str, sources: Sources, moment: datetime
) -> dict[str, Any]:
    """What a target's attributes are for one record as Kenjo has it: as configured, and as changed.

    Kenjo is asked, and not what is stored: an expression may use fields that no target has used yet, and
    there may have been no sync. Without `sources`, all attributes as they are. Raises ConfigurationError
    for expressions that are none and a name of nobody, SourceUnavailable.
    """
    see_target(bridge, target)
    now = bridge.routes[target]
    changed = route(_changed(bridge.values, target, sources), target, lambda: moment)
    fields = now.fields | changed.fields
    record = await _record(bridge, who, fields | identifying(fields), moment)
    environment = Environment(bridge.values.lookups, bridge.values.zone, lambda: moment)
    variables, kind = environment.variables(record), record.key.kind
    before, after = now.maps.get(kind, {}), changed.maps.get(kind, {})
    unique = await _unique(bridge, target, record) if not sources else []
    rows: list[dict[str, Any]] = [
        {
            "attribute": attribute,
            "now": _told(before.get(attribute), variables),
            **({"new": _told(after.get(attribute), variables)} if sources else {}),
            **({"once": True} if attribute in now.once else {}),
        }
        for attribute in sources or before
    ]
    return {
        "record": str(record.key),
        "target": target,
        "unserved": _unserved(now, record),
        "attributes": rows + unique,
    }


async def _unique(bridge: Bridge, target: str, record: Record) -> list[dict[str, Any]]:
    """What nobody else has: the target is asked what is free."""
    route_ = bridge.routes[target]
    if record.key.kind is not Kind.PERSON or not route_.unique.expressions:
        return []
    return [
        {
            "attribute": name,
            "now": {"source": source(route_, name), "value": one.value, "error": one.error},
            "once": True,
            "why": one.why,
        }
        for name, one in (await chosen(bridge, target, record)).items()
    ]


def _changed(values: BridgeSettings, target: str, sources: Sources) -> BridgeSettings:
    """The configuration as it would be with these expressions in the target's `map`."""
    settings = values.targets[target]
    for attribute in sources:
        if attribute in settings.from_:
            raise ConfigurationError(
                f"targets.{target}.from.{attribute} says where this comes from: map is not used for it"
            )
        if attribute in settings.unique:
            raise ConfigurationError(
                f"targets.{target}.unique.{attribute} says what is chosen from: without --map, try shows what"
                " this person gets"
            )
    changed = settings.model_copy(update={"map": {**settings.map, **sources}})
    return values.model_copy(update={"targets": {**values.targets, target: changed}})


async def _record(bridge: Bridge, who: str, fields: frozenset[FieldPath], moment: datetime) -> Record:
    """Somebody as Kenjo has them now. Raises ConfigurationError for a name of nobody, SourceUnavailable."""
    async with asking(bridge.backend), kenjo(bridge.values, clock=lambda: moment) as client:
        source = dataclasses.replace(KenjoSource.of(client, bridge), fields=fields)
        snapshot = await bridge.backend.forgotten.without(await source.fetch_snapshot())
    return snapshot.records[pick({key: Stored(one, 0) for key, one in snapshot.records.items()}, who)]


def _unserved(now: Route, record: Record) -> str:
    """In words, why this record gets nothing at the target; "" when it does."""
    if not now.serves(record.key.kind):
        return "the target gets no records of this kind"
    try:
        return now.unserved(Stored(record, 0))
    except RecordRejected as wrong:
        return str(wrong)


def _told(expression: Expression | None, variables: Variables) -> dict[str, Any]:
    """An expression with its value, or why it has none; without a source where nothing is mapped."""
    if expression is None:
        return {"source": None, "value": None, "error": ""}
    try:
        return {"source": expression.source, "value": expression.evaluate(variables), "error": ""}
    except RecordRejected as wrong:
        return {"source": expression.source, "value": None, "error": str(wrong)}


def failed(found: Mapping[str, Any]) -> bool:
    """Whether some new expression has no value for this record; without new ones, some present one."""
    return any(row.get("new", row["now"])["error"] for row in found["attributes"])
