"""`check`: tries every part, writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from bridge.errors import BridgeError
from service.cli.assembly import Bridge, connected, fields_in_use, kenjo
from service.cli.greet import greet
from service.fields import WORKS, lists_for
from service.lists import team_field_found


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
    redis = bridge.values.redis.url
    findings = [
        Finding("configuration", (f"targets: {', '.join(sorted(bridge.routes)) or 'none'}",)),
        Finding("redis", ("private" if redis is None else "answers",)),
        await _kenjo(bridge),
    ]
    async with connected(bridge, only) as targets:
        greetings = await greet(bridge, targets)
    return findings + [Finding(f"target {name}", g.facts, g.problems) for name, g in greetings.items()]


async def _kenjo(bridge: Bridge) -> Finding:
    """Sign in and read what a poll reads, each list once."""
    try:
        async with kenjo(bridge.values) as client:
            lists = await client.fetch(lists_for(fields_in_use(bridge.routes)))
    except BridgeError as error:
        return Finding("kenjo", problems=(str(error),))
    facts = [f"{name}: {len(rows)}" for name, rows in sorted(lists.items())]
    field = bridge.values.kenjo.team_field or team_field_found(lists.get(WORKS, []))
    facts.append(f"teams of a person: {field or 'not found (kenjo.team_field names the field)'}")
    return Finding("kenjo", (bridge.values.kenjo.url, *facts))
