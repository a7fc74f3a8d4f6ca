"""From settings to routes and connected targets: the one place where a target's kind is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

import aiohttp

from bridge.config.configuration import target_settings
from bridge.config.exposure import of_target, refuse_in_production
from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.errors import ConfigurationError
from bridge.mapping.checks import wrong_with
from bridge.mapping.environment import Environment
from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.model import Kind
from bridge.store.backend import Backend
from bridge.wire.http import open_session
from bridge.wire.quiet import LONGEST_PAUSE
from bridge.wire.request import Turn
from workers.delivery.elsewhere import Elsewhere, Other
from workers.order import before, borrowed, check_order, ids
from workers.targets import load
from workers.targets.base import Adapter, Target, Tools

Clock = Callable[[], datetime]
Measuring = Callable[[str, str, float], None]


def _nobody(_target: str, _status: str, _seconds: float) -> None:
    """Nobody wants to hear of requests."""


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def routes(values: BridgeSettings, clock: Clock = utc_now) -> dict[str, Route]:
    """The route of every configured target; `clock` gives the day of their expressions.

    Raises ConfigurationError, naming the setting.
    """
    return {name: route(values, name, clock) for name in values.targets}


def route(values: BridgeSettings, name: str, clock: Clock = utc_now) -> Route:
    """The route of one target. Raises ConfigurationError, naming the setting."""
    check_order(values, name)
    settings = _settings(values, name)
    adapter = _fitted(name, settings)
    _check_address(values, name, settings)
    listened_to, read = of_target(name, settings, values)
    refuse_in_production(values, listened_to, "or name its host in allow.plain_http")
    refuse_in_production(values, read, "allow.readable_secrets lets it pass")
    for setting, attributes in (("map", settings.map), ("from", settings.from_), ("unique", settings.unique)):
        for attribute in attributes:
            if problem := adapter.check_attribute(attribute):
                raise ConfigurationError(f"targets.{name}.{setting}.{attribute}: {problem}")
    settings = _with_borrowed(values, name, settings)
    environment = Environment(values.lookups, values.zone, clock)
    compiled = Route(name, settings, adapter.mapping, Protected(values.protected, environment), environment)
    if wrong := list(wrong_with(compiled, adapter.mapping, adapter.takes, environment)):
        raise ConfigurationError("\n".join(dict.fromkeys(wrong)))
    return compiled


def _fitted(name: str, settings: TargetSettings) -> Adapter:
    """The kind's adapter for one target, which does not know what that is called."""
    kind = load(settings.kind)
    try:
        return kind.fitted(settings)
    except ConfigurationError as error:
        raise ConfigurationError(f"targets.{name}: {error}") from None


def _settings(values: BridgeSettings, name: str) -> TargetSettings:
    given = values.targets[name]
    return target_settings(name, given, load(given.kind).settings, values.folder)


def _with_borrowed(values: BridgeSettings, name: str, settings: TargetSettings) -> TargetSettings:
    """The settings with the expressions that stand at other targets."""
    if not settings.from_:
        return settings
    maps = {
        other: {attribute: one.source for attribute, one in route(values, other).maps[Kind.PERSON].items()}
        for other in before(settings)
    }
    return settings.model_copy(update={"map": {**settings.map, **borrowed(name, settings, maps)}})


def _check_address(values: BridgeSettings, name: str, settings: TargetSettings) -> None:
    """Two targets that write to one account would fight over whoever moves from one scope to the other.

    Raises ConfigurationError, naming both.
    """
    for other in values.targets:
        if other == name or not settings.shares(_settings(values, other)):
            continue
        first, second = sorted((name, other))
        raise ConfigurationError(
            f"targets.{first} and targets.{second} have the same {settings.url_setting}: make them one target"
            f" with a scope that names both groups of people{settings.or_else}"
        )


@dataclass(frozen=True, slots=True)
class Connected:
    """A target that can be called, and what it is to get. `turn` waits until it may be called once more.

    `elsewhere` is what targets have that come before it, where any do.
    """

    route: Route
    target: Target
    turn: Turn
    elsewhere: Elsewhere | None = None


@asynccontextmanager
async def connect(
    routes: Mapping[str, Route],
    backend: Backend,
    longest_pause: float = LONGEST_PAUSE,
    only: Collection[str] = (),
    measured: Measuring = _nobody,
) -> AsyncIterator[dict[str, Connected]]:
    """Connect to each target, or to those named in `only`. Sends nothing yet.

    Each has a time-out and a rate of its own. `longest_pause`: seconds for which a target is left alone at
    most, however many it asks for. `measured` hears of each request: its target, status and seconds.
    """
    async with open_session() as session, AsyncExitStack() as stack:
        targets = {
            name: open_target(route, backend, session, longest_pause, routes, measured)
            for name, route in routes.items()
            if not only or name in only
        }
        for one in targets.values():
            await stack.enter_async_context(one.target)
        yield targets


def open_target(
    route: Route,
    backend: Backend,
    session: aiohttp.ClientSession,
    longest_pause: float = LONGEST_PAUSE,
    routes: Mapping[str, Route] = MappingProxyType({}),
    measured: Measuring = _nobody,
) -> Connected:
    """A target, not entered yet, with its pace and its gate on a session. Sends nothing yet.

    `routes`: those of all targets, where it comes after others.
    """
    name, settings = route.name, route.settings
    turn = backend.pace(name, settings.rate).turn
    told = backend.gate(name).throttle
    vault, notebook = backend.vault(name), backend.notebook(name)
    budget, heard = backend.budget(name), partial(measured, name)

    def pace(rate: str, per_second: float) -> Turn:
        return backend.pace(name, per_second, rate).turn

    tools = Tools(session, turn, told, longest_pause, vault, notebook, route.zone, budget, heard, pace)
    first = {other: Other(routes[other], backend.ledger(other)) for other in before(settings)}
    elsewhere = Elsewhere(first, ids(settings)) if first else None
    return Connected(route, load(settings.kind).connect(settings, tools), turn, elsewhere)
