"""From settings to routes and connected targets: the one place where a target's kind is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from bridge.config.addresses import same_place
from bridge.config.configuration import target_settings
from bridge.config.exposure import plain_http, refuse_in_production
from bridge.config.settings import AnyTarget, TargetSettings, Values
from bridge.errors import ConfigurationError
from bridge.mapping.environment import Environment
from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.mapping.vocabulary import problems
from bridge.model import Kind
from bridge.store.backend import Backend
from bridge.wire.http import Http, open_session
from bridge.wire.quiet import LONGEST_PAUSE
from workers.targets import load
from workers.targets.base import Target

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def routes(values: Values, clock: Clock = utc_now) -> dict[str, Route]:
    """The route of every configured target; `clock` gives the day of their expressions.

    Raises ConfigurationError, naming the setting.
    """
    return {name: route(values, name, clock) for name in values.targets}


def route(values: Values, name: str, clock: Clock = utc_now) -> Route:
    """The route of one target. Raises ConfigurationError, naming the setting."""
    _check_address(values, name)
    adapter = load(values.targets[name].kind)
    settings = target_settings(name, values.targets[name], adapter.settings)
    at_target = plain_http(f"targets.{name}.base_url", adapter.base_url(settings), values)
    refuse_in_production(values, [at_target], "or name its host in allow.plain_http")
    for attribute in settings.map:
        if problem := adapter.check_attribute(attribute):
            raise ConfigurationError(f"targets.{name}.map.{attribute}: {problem}")
    environment = Environment(values.lookups, values.zone, clock)
    compiled = Route(name, settings, adapter.mapping, Protected(values.protected, environment), environment)
    _check_match(compiled)
    wrong = [problem for one in compiled.expressions for problem in problems(one, environment)]
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return compiled


def _check_address(values: Values, name: str) -> None:
    """Two targets that write to one account would fight over whoever moves from one scope to the other.

    Raises ConfigurationError, naming both.
    """
    here = _Place.of(values.targets[name])
    for other, settings in values.targets.items():
        there = _Place.of(settings)
        if other == name or here.address is None or here.address != there.address:
            continue
        if here.tenant and there.tenant and here.tenant != there.tenant and here.token != there.token:
            continue
        first, second = sorted((name, other))
        raise ConfigurationError(
            f"targets.{first} and targets.{second} have the same base_url: make them one target with a scope"
            " that names both groups of people; or, if their tokens belong to different accounts there, give"
            " each a tenant of its own"
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """What tells two targets apart, as it stands in the configuration."""

    address: str | None
    tenant: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, settings: AnyTarget) -> _Place:
        address = getattr(settings, "base_url", None)
        place = same_place(address) if isinstance(address, str) else None
        tenant, token = (str(getattr(settings, key, None) or "").strip() for key in ("tenant", "token"))
        return cls(place, tenant, token)


def _check_match(compiled: Route) -> None:
    """What a kind looks accounts up by has to be known of a person. Raises ConfigurationError."""
    settings = compiled.settings
    if "match" in settings.model_fields_set:
        for attribute in getattr(settings, "match", ()):
            if attribute not in compiled.maps[Kind.PERSON]:
                raise ConfigurationError(
                    f"targets.{compiled.name}.match has '{attribute}', which is not mapped for people"
                )


@dataclass(frozen=True, slots=True)
class Connected:
    """A target that can be called, and what it is to get."""

    route: Route
    target: Target


@asynccontextmanager
async def connect(
    routes: Mapping[str, Route], backend: Backend, longest_pause: float = LONGEST_PAUSE
) -> AsyncIterator[dict[str, Connected]]:
    """Connect to each target, with a session, a time-out and a rate of its own. Sends nothing yet.

    `longest_pause`: seconds for which a target is left alone at most, however many it asks for.
    """
    async with open_session() as session:
        yield {
            name: Connected(route, open_target(route, backend, session, longest_pause))
            for name, route in routes.items()
        }


def open_target(
    route: Route, backend: Backend, session: aiohttp.ClientSession, longest_pause: float = LONGEST_PAUSE
) -> Target:
    """A target with its address, its pace and its gate on a session. Sends nothing yet."""
    settings: TargetSettings = route.settings
    adapter = load(settings.kind)
    http = Http(
        session,
        adapter.base_url(settings),
        headers=adapter.headers(settings),
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        turn=backend.pace(route.name, settings.rate).turn,
        told=backend.gate(route.name).throttle,
        longest_pause=longest_pause,
        classify=adapter.classify,
    )
    return adapter.connect(settings, http)
