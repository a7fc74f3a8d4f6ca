"""Ana's account at a real SCIM server, and the reasons for which she should not have it any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.model import DAY, Key, Kind, Record
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery, person
from workers.targets import load

ANA = Key(Kind.PERSON, "ana")
LIFECYCLES = {"inactive": "inactive", "left": "left", "gone": "active", "out_of_scope": "active"}
REASONS = list(LIFECYCLES)
SCOPE = 'person.work.jobTitle != "Elsewhere"'


@asynccontextmanager
async def served(
    backend: Backend, removal: dict[str, Any] | None = None, **more: Any
) -> AsyncIterator[Delivery]:
    """A directory with Ana's account."""
    settings = {"scope": SCOPE, "rate": 1000, "removal": removal or {}, **more}
    async with delivery(backend, **settings) as run:
        await run.deliver(person("ana"))
        yield run


def leaver(reason: str) -> Record:
    """Ana as she is when she goes for this reason."""
    title = "Elsewhere" if reason == "out_of_scope" else "Clerk"
    return person("ana", lifecycle=LIFECYCLES[reason], title=title)


async def leave(run: Delivery, reason: str) -> None:
    """Ana goes for this reason."""
    await run.know(leaver(reason), gone=reason == "gone")
    await run.deliverer.deliver(ANA)


async def accounts(run: Delivery) -> list[bool]:
    """For each account, whether it is active."""
    return [user["active"] for user in await run.users()]


async def wait(run: Delivery, days: float) -> None:
    """So many days pass, a poll counts what is due, then Ana is looked at."""
    run.clock.now += days * DAY
    await run.judge()
    await run.deliverer.deliver(ANA)


async def reconfigured(run: Delivery, protected: tuple[str, ...] = (), **settings: Any) -> None:
    """Change the target's settings, let a poll count what they do, and look at Ana."""
    changed = type(run.deliverer.route.settings).model_validate(
        {**run.deliverer.route.settings.model_dump(), **settings}
    )
    route = Route(TARGET, changed, load("scim").mapping, Protected(protected))
    object.__setattr__(run.deliverer, "route", route)  # as a worker with another bridge.yaml
    await run.judge()
    await run.deliverer.deliver(ANA)
