"""From settings to routes and connected targets: the one place where a target's kind is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bridge.backend import Backend
from bridge.configuration import target_settings
from bridge.errors import ConfigurationError
from bridge.http import Http
from bridge.protected import Protected
from bridge.route import Route
from bridge.settings import TargetSettings, Values
from workers.targets import load
from workers.targets.base import Target


def routes(values: Values) -> dict[str, Route]:
    """The route of every configured target. Raises ConfigurationError, naming the setting."""
    return {name: route(values, name) for name in values.targets}


def route(values: Values, name: str) -> Route:
    """The route of one target. Raises ConfigurationError, naming the setting."""
    adapter = load(values.targets[name].kind)
    settings = target_settings(name, values.targets[name], adapter.settings)
    for attribute in settings.map:
        if problem := adapter.check_attribute(attribute):
            raise ConfigurationError(f"targets.{name}.map.{attribute}: {problem}")
    return Route(name, settings, adapter.mapping, Protected(values.protected))


@dataclass(frozen=True, slots=True)
class Connected:
    """A target that can be called, and what it is to get."""

    route: Route
    target: Target


@asynccontextmanager
async def connect(routes: Mapping[str, Route], backend: Backend) -> AsyncIterator[dict[str, Connected]]:
    """Connect to each target, with a session, a time-out and a rate of its own. Sends nothing yet."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
    ) as session:
        yield {name: Connected(route, _target(route, backend, session)) for name, route in routes.items()}


def _target(route: Route, backend: Backend, session: aiohttp.ClientSession) -> Target:
    settings: TargetSettings = route.settings
    adapter = load(settings.kind)
    http = Http(
        session,
        adapter.base_url(settings),
        headers=adapter.headers(settings),
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        turn=backend.pace(route.name, settings.rate).turn,
        classify=adapter.classify,
    )
    return adapter.connect(settings, http)
