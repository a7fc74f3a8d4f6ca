"""`check`: tries every part, writes nothing anywhere."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from bridge.errors import BridgeError
from bridge.exchange import Greeting
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import FieldPath
from bridge.mapping.route import Route
from bridge.model import Key, Record, Stored
from bridge.store.trouble import trouble
from service.kenjo.fields import WORKS, lists_for
from service.kenjo.lists import team_field_found
from service.kenjo.snapshot import build
from service.operations.assembly import Bridge, connected, exposures, fields_in_use, how_to_seal, kenjo
from service.operations.custom_fields import check_custom_fields
from service.operations.flows import summary
from service.operations.forgetting import forgotten, reminders
from service.operations.greet import greet
from service.operations.trying import try_out, unknown_entries
from service.watch.judging import asking
from workers.targets import load


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: a part, what it said of itself, and a sentence for each problem."""

    part: str
    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


async def check(bridge: Bridge, only: Collection[str] = ()) -> list[Finding]:
    """Configuration and Redis have passed when this runs: without them there is no bridge to check."""
    kenjo_finding, records = await _kenjo(bridge)
    findings = [
        Finding(
            "configuration", (f"targets: {', '.join(sorted(bridge.routes)) or 'none'}", *_exposed(bridge))
        ),
        await _redis(bridge),
        kenjo_finding,
        *await _protected(bridge, records),
        *await _forgotten(bridge),
        *await _sign_in(bridge),
    ]
    async with connected(bridge, only) as targets:
        greetings = await greet(bridge, targets, by_hand=True)
    for name, g in greetings.items():
        tried = await asyncio.to_thread(_tried, bridge.routes[name], records)
        facts = (*g.facts, *tried.facts, summary(bridge.routes[name]))
        findings.append(Finding(f"target {name}", facts, (*g.problems, *tried.problems)))
    return findings


def _tried(route: Route, records: Mapping[Key, Record]) -> Greeting:
    takes = load(route.settings.kind).fitted(route.settings).takes
    return try_out(route, list(records.values()), takes)


async def _protected(bridge: Bridge, records: Mapping[Key, Record]) -> list[Finding]:
    """Whether each entry of `protected` is somebody's; also of those who are known and gone from Kenjo."""
    number = len(bridge.values.protected)
    if not number or not records:
        return []
    try:
        known = await bridge.backend.records.known()
    except (BridgeError, RedisError):  # which stands in the row of Redis
        known = {}
    everybody = {**known, **{key: Stored(record, 1) for key, record in records.items()}}
    environment = Environment(bridge.values.lookups, bridge.values.zone)
    unknown = await asyncio.to_thread(unknown_entries, bridge.values, everybody, environment)
    return [
        Finding("protected", (f"entries that are somebody's: {number - len(unknown)} of {number}",), unknown)
    ]


async def _forgotten(bridge: Bridge) -> list[Finding]:
    """What is left to do about people who were forgotten."""
    try:
        warnings = [f"warning: {one}" for one in reminders(await forgotten(bridge))]
    except (BridgeError, RedisError):  # which stands in the row of Redis
        return []
    return [Finding("forgotten", tuple(warnings))] if warnings else []


async def _sign_in(bridge: Bridge) -> list[Finding]:
    """Whether people can sign in at the provider, if there is one."""
    web = bridge.values.web
    if web.oidc is None:
        return []
    from service.operations.signing_in import provider_facts  # only who has a provider loads it

    facts, problems = await provider_facts(web, web.oidc)
    return [Finding("sign-in", tuple(facts), tuple(problems))]


def _exposed(bridge: Bridge) -> list[str]:
    return [f"warning: {sentence}" for sentence in exposures(bridge)]


async def _redis(bridge: Bridge) -> Finding:
    """Whether it can be written to now, and what of its configuration may cost data later."""
    facts, problems = ["private" if bridge.values.redis.is_private else "answers", _sealed(bridge)], []
    try:
        facts[0] += f", {await bridge.backend.server()}"
        await bridge.backend.ready()
        facts += [f"warning: {one}" for one in await bridge.backend.warnings()]
    except BridgeError as error:
        problems.append(str(error))
    except RedisError as error:
        problems.append(trouble(error))
    return Finding("redis", tuple(facts), tuple(problems))


def _sealed(bridge: Bridge) -> str:
    if bridge.backend.codec.seals:
        return "records are encrypted"
    return f"warning: records are readable; {how_to_seal()}"


async def _kenjo(bridge: Bridge) -> tuple[Finding, Mapping[Key, Record]]:
    """Sign in and read what a poll reads, each list once. The records are those that a poll would see."""
    try:
        async with asking(bridge.backend), kenjo(bridge.values) as client:
            fields = fields_in_use(bridge.routes)
            lists = await client.fetch(lists_for(fields, bridge.values.timezones))
            custom = await check_custom_fields(client, fields)
    except BridgeError as error:
        return Finding("kenjo", problems=(str(error),)), {}
    facts = [f"{name}: {len(rows)}" for name, rows in sorted(lists.items())]
    field = bridge.values.kenjo.team_field or team_field_found(lists.get(WORKS, []))
    facts.append(f"teams of a person: {field or 'not found (kenjo.team_field names the field)'}")
    problems = [*_unknown_offices(bridge.values.timezones, lists.get("offices", [])), *custom.problems]
    finding = Finding("kenjo", (bridge.values.kenjo.url, *facts, *custom.facts), tuple(problems))
    return finding, await asyncio.to_thread(_records, bridge, lists, fields)


def _records(
    bridge: Bridge, lists: Mapping[str, list[Any]], fields: Collection[FieldPath]
) -> Mapping[Key, Record]:
    values = bridge.values
    zones, lead, team_field = values.office_zones, values.lead_days, values.kenjo.team_field
    now = datetime.now(UTC)
    return build(
        lists, fields, now=now, zone=values.zone, office_zones=zones, lead_days=lead, team_field=team_field
    ).records


def _unknown_offices(named: Iterable[str], offices: Iterable[Any]) -> Iterator[str]:
    rows = [row for row in offices if isinstance(row, dict)]
    ids, names = {row.get("_id") for row in rows}, {str(row.get("name")) for row in rows}
    for office in named:
        if office not in ids | names:
            near = difflib.get_close_matches(office, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"timezones names the office '{office}', which Kenjo does not have{hint}"
