"""What to try on a made-up Kenjo: commands of which each one shows something at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

_EVA = "eva.noll@nordlicht.example"


def changes(control_url: str, today: date) -> Iterator[str]:
    """Commands by which one person is hired, moved, renamed, and leaves, in this order."""
    eva = {"first_name": "Eva", "last_name": "Noll", "email": _EVA}
    yield _act(control_url, "hire", **eva, start=today.isoformat(), active=True)
    yield _act(control_url, "move", employee=_EVA, job_title="Head of Sales")
    yield _act(control_url, "rename", employee=_EVA, last_name="Berg")
    yield _act(control_url, "leave", employee=_EVA)


def look(base_url: str, token: str) -> str:
    """The command that shows this person's account at a SCIM server."""
    condition = f'filter=userName eq "{_EVA}"'
    return f"curl -G -H 'Authorization: Bearer {token}' {base_url}/Users --data-urlencode '{condition}'"


def _act(control_url: str, action: str, **choices: Any) -> str:
    return f"curl -X POST {control_url}/actions/{action} -d '{json.dumps(choices)}'"
