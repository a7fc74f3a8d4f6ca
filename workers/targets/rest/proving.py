"""Proves a profile against its API, or against recorded answers: reads only, and tells what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from bridge.errors import BridgeError
from bridge.exchange import Wanted
from bridge.mapping.environment import Environment
from bridge.model import Key, Kind
from workers.targets.base import Tools
from workers.targets.rest.compiled import Objects
from workers.targets.rest.fields import has
from workers.targets.rest.scripts import Scope
from workers.targets.rest.settings import RestSettings
from workers.targets.rest.target import RestTarget, connect


@dataclass(slots=True)
class Proof:
    """What was seen.

    `steps` are sentences; `expressions`: what each one gave last, by its place; `attributes`: what one object
    shows, by attribute; `missing`: those that it has no place for.
    """

    steps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    expressions: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


async def prove(settings: RestSettings, tools: Tools) -> Proof:
    """Sign in, list a page, look up and read, of people and of groups. Sends nothing that writes."""
    proof = Proof()
    scope = Scope(Environment(zone=ZoneInfo(settings.timezone)), proof.expressions.__setitem__)
    target = connect(settings, tools, scope)
    try:
        for objects in settings.compiled.kinds:
            await _prove(target, objects, proof)
    except BridgeError as error:
        proof.problems.append(f"{error}")
    return proof


async def _prove(target: RestTarget, objects: Objects, proof: Proof) -> None:
    what = "people" if objects.kind is Kind.PERSON else "groups"
    search = target.search(objects.kind)
    proof.steps.append(f"{what}: {await search.size()} listed")
    first = await search.first()
    if first is None:
        proof.problems.append(f"there are no {what} to look at: make one there by hand")
        return
    await _look_up(target, objects, search.remote(first).keys, search.id_of(first), proof)
    there = await target.read(Key(objects.kind, "proof"), search.id_of(first))
    if there is None:
        proof.problems.append(f"{what}: one that is listed is not shown when it is read by its id")
        return
    proof.steps.append(f"{what}: one read by its id{_is_open(objects, there.open)}")
    for one in objects.fields.values():
        if has(there.content.item, one.read):
            proof.attributes[f"{what}.{one.name}"] = one.shown(there.content.item)
        else:
            proof.missing.append(f"{what}.{one.name} at {'.'.join(one.read)}")


def _is_open(objects: Objects, shown: bool | None) -> str:
    if objects.access is None:
        return ""
    return {True: ", in use", False: ", not in use", None: ", without saying if in use"}[shown]


async def _look_up(
    target: RestTarget, objects: Objects, keys: frozenset[tuple[str, str]], remote_id: str, proof: Proof
) -> None:
    what = "people" if objects.kind is Kind.PERSON else "groups"
    for name, value in sorted(keys):
        found = await target.find(Wanted(Key(objects.kind, "proof"), {name: value}))
        if remote_id in {one.id for one in found}:
            proof.steps.append(f"{what}: found by {name}")
        else:
            proof.problems.append(f"{what}: a look-up by {name} does not find one that has it")
    if not keys:
        proof.problems.append(f"{what}: one shows nothing by which it could be looked up")


def summary(value: Any) -> str:
    """What a value is, without it."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return f"an object with {', '.join(sorted(map(str, value))) or 'nothing'}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {bool: "true or false", str: "text", int: "a number", float: "a number"}[type(value)]
