"""The contract's rig for webhooks: looks at what a receiver has kept, past the target."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bridge.model import Kind
from tests.workers.targets.webhook_server import PATH, SECRET, Receiver, webhook_server
from workers.targets.notebook import Scratch
from workers.targets.webhook.target import ADAPTER
from workers.testing.rig import HttpRig

OTHER_SECRET = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoaXJ0eSB0d28gYnl0ZXM="


class WebhookRig(HttpRig):
    """A receiver; `own` are settings."""

    adapter = ADAPTER
    has_teams = True
    is_asked = False
    clearable = "jobTitle"
    changes: Mapping[str, Any] = {
        "email": "ana.neu@example.com",
        "lastName": "Şahin-Müller 🌻",
        "displayName": 'Ana "Şahin" Müller',
        "jobTitle": "Head of Purchasing",
        "language": None,
        "workPhone": "+49 89 222222",
        "managerId": "kenjo-p9",
    }

    def __init__(self, origin: str, receiver: Receiver, **own: Any) -> None:
        self.origin = origin
        self.receiver = receiver
        self.notebook: Scratch = Scratch()
        self.own = own

    def settings(self, origin: str) -> dict[str, Any]:
        return {"kind": "webhook", "url": origin + PATH, "secret": SECRET, **self.own}

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secret": OTHER_SECRET}

    def person(self, number: int) -> dict[str, Any]:
        return {
            "id": f"kenjo-p{number}",
            "email": f"ana.mueller{number}@example.com",
            "firstName": "Anneliese",
            "lastName": f"Müller{number}",
            "displayName": f"Ana Müller {number}",
            "jobTitle": "Buyer",
            "department": 'Sales & "Service"',
            "managerId": None,
            "language": "pt-BR",
            "workPhone": f"+49 30 1000{number}",
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"id": f"kenjo-t{number}", "name": f'Team "{number}" \\ Süd', "kind": "team"}

    async def can_be_members(self, count: int) -> list[str]:
        return [f"person:m{number:03d}" for number in range(count)]

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        data = self.receiver.objects[kind].get(subject(remote_id))
        if data is None or kind is Kind.PERSON:
            return data
        return {**data, "members": {f"person:{member}" for member in data["members"]}}

    async def count(self, kind: Kind) -> int:
        return len(self.receiver.objects[kind])

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.receiver.objects[Kind.PERSON][subject(remote_id)]["active"])

    async def add_foreign(self, remote_id: str) -> None:
        self.receiver.foreign[subject(remote_id)] = "Anchen"

    async def has_foreign(self, remote_id: str) -> bool:
        return self.receiver.foreign[subject(remote_id)] == "Anchen"

    async def add_member(self, remote_id: str, member: str) -> None:
        self.receiver.objects[Kind.TEAM][subject(remote_id)]["members"].add(subject(member))


def subject(remote_id: str) -> str:
    return remote_id.partition(":")[2]


@asynccontextmanager
async def webhook_rig(receiver: Receiver | None = None, **own: Any) -> AsyncIterator[WebhookRig]:
    """A rig with a receiver of its own."""
    receiver = receiver or Receiver()
    async with webhook_server(receiver) as origin:
        yield WebhookRig(origin, receiver, **own)
