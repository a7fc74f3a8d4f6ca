"""For those who start arq themselves: `KENJO_BRIDGE_TARGET=directory arq workers.main.WorkerSettings`.

A stock arq worker serves one queue and never renews its claims, so its jobs have to be short: a killed
worker's job starts elsewhere after JOB_TIMEOUT + 10 seconds. `kenjo-bridge work` has neither limit.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from typing import Any

from arq.connections import RedisSettings
from arq.worker import func

from bridge import logs
from bridge.config.configuration import load_settings
from bridge.config.settings import Values
from bridge.errors import ConfigurationError
from bridge.metrics import Metrics
from bridge.model import Key
from bridge.store import Keys
from bridge.store.backend import attach
from bridge.store.queue import FUNCTION
from workers.connect import connect, route
from workers.delivery.deliver import Deliverer
from workers.delivery.gate_watch import watch
from workers.delivery.survey import FirstContact
from workers.main import worker_options

JOB_TIMEOUT = 14  # seconds: only the writes renew the lock here, so a longer job would lose it
NAME = "KENJO_BRIDGE_TARGET"


def worker_settings() -> dict[str, Any]:
    """Arq's keyword arguments for one target. Raises ConfigurationError."""
    values = load_settings()
    logs.configure(values.log)
    if values.redis.url is None:
        raise ConfigurationError("redis.url is missing: a worker started by arq needs a Redis to share")
    name = _target(values)
    the_route = route(values, name)
    stack = AsyncExitStack()

    async def start(ctx: dict[Any, Any]) -> None:
        backend = await attach(ctx["redis"], values.encryption.texts(), account=values.redis.prefix)
        connecting = connect({name: the_route}, backend, values.retry.longest_pause)
        targets = await stack.enter_async_context(connecting)
        ctx["deliverer"] = deliverer = Deliverer(
            route=the_route,
            target=targets[name].target,
            ledger=backend.ledger(name),
            gate=backend.gate(name),
            queue=backend.queue,
            retry=values.retry,
            observer=Metrics(),
            clock=time.time,
        )
        ctx["first_contact"] = first_contact = FirstContact(deliverer, backend)
        for work in (watch(deliverer), first_contact.wait()):
            stack.callback(asyncio.create_task(work).cancel)

    async def stop(_ctx: dict[Any, Any]) -> None:
        await stack.aclose()

    return {
        "functions": [func(_deliver, name=FUNCTION)],
        "redis_settings": RedisSettings.from_dsn(values.redis.url.get_secret_value()),
        "job_timeout": JOB_TIMEOUT,
        "job_completion_wait": int(values.shutdown_grace),
        "on_startup": start,
        "on_shutdown": stop,
        **worker_options(the_route, Keys(values.redis.prefix).at(name, "queue")),
    }


async def _deliver(ctx: dict[Any, Any], key: str) -> None:
    if ctx["first_contact"].is_over:  # else it stays pending, and the next poll asks again
        await ctx["deliverer"].deliver(Key.parse(key))


def _target(values: Values) -> str:
    """The target named in the environment, or the only one there is."""
    name = os.environ.get(NAME) or (next(iter(values.targets)) if len(values.targets) == 1 else "")
    if name not in values.targets:
        known = ", ".join(sorted(values.targets)) or "none"
        raise ConfigurationError(f"set {NAME} to the target to serve (there is: {known})")
    return name
