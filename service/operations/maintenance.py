"""Lets a target rest at a person's word: nothing is sent to it, all that is for it waits."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.store.audit import operator
from bridge.store.gate import HELD
from bridge.store.holds import FIRST_CONTACT
from service.operations.assembly import Bridge, see_target
from service.operations.times import told


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """When a text says: a date and time, or a time of day, which is the next one. Raises ConfigurationError.

    Without a zone of its own it is a time of `zone`.
    """
    try:
        if len(text) <= len("23:59"):
            wanted = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day
            found = now.astimezone(zone).replace(
                hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0
            )
            found += timedelta(days=found <= now)
        else:
            found = datetime.fromisoformat(text)
            found = found if found.tzinfo else found.replace(tzinfo=zone)
    except ValueError:
        raise ConfigurationError(
            f"'{text}' is no time: write a time of day such as 18:30, or a date and time such as"
            " 2030-01-31T18:30"
        ) from None
    if found <= now:
        raise ConfigurationError(f"{told(found)} is over already")
    return found.astimezone(zone)


async def pause(bridge: Bridge, name: str, until: datetime | None, reason: str) -> None:
    """Let a target rest, until a moment or until somebody resumes it. Raises ConfigurationError."""
    see_target(bridge, name)
    gate, who, now = bridge.backend.gate(name), operator(), time.time()
    if (await gate.paused()).get("state") == HELD:
        raise ConfigurationError(
            f"nothing is sent to {name} as it is: it waits for a decision, see"
            f" {command('holds show', f'{name}-{FIRST_CONTACT}')}"
        )
    said = f"{reason or 'paused'} (by {who})"
    if until is not None:
        said += f", until {told(until)}"
    await gate.rest(said, until.timestamp() - now if until else None)
    await bridge.backend.audit.note("paused", now, target=name, by=who, reason=said)
