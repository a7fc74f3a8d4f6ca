"""Puts the parts together: settings, Redis, Kenjo, routes, targets, workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from redis.exceptions import RedisError

from bridge.commands import command
from bridge.config.exposure import of_target, plain_http
from bridge.config.settings import BridgeSettings, RedisSettings
from bridge.errors import ConfigurationError, NotThere
from bridge.logs import get_logger
from bridge.mapping.expressions import FieldPath
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, Snapshot
from bridge.store.backend import Backend, open_backend
from bridge.store.private_redis import PrivateRedis, private_key, running_url
from bridge.tracing import exporting
from bridge.wire.http import open_session
from bridge.wire.timing import Measured, unheard
from service.kenjo.client import KenjoClient, utc_now
from service.kenjo.snapshot import View
from service.operations.custom_fields import CustomFields
from service.operations.whose import Account, recognise
from service.watch.poller import Poller
from workers.connect import Connected, connect, routes
from workers.delivery.deliver import Deliverer, Observer
from workers.delivery.elsewhere import Follower
from workers.delivery.inventory import Inventory
from workers.order import followers, ids

log = get_logger("bridge")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Bridge:
    """A configured bridge: where it keeps its state, what each target is to get, what it counts.

    `private`: the Redis of its own, if it has started one. `notes`: it may write whose the state is.
    """

    values: BridgeSettings
    backend: Backend
    routes: Mapping[str, Route]
    metrics: Metrics
    private: PrivateRedis | None
    notes: bool = False


def see_target(bridge: Bridge, target: str) -> None:
    """See that there is such a target. Raises NotThere that names those there are."""
    if target not in bridge.routes:
        known = ", ".join(sorted(bridge.routes))
        raise NotThere(f"there is no target '{target}' (there is: {known})")


@asynccontextmanager
async def opened(
    values: BridgeSettings,
    *,
    join: bool = False,
    plain: bool = False,
    moving: bool = False,
    clock: Clock = utc_now,
    configured: Callable[[], BridgeSettings] | None = None,
) -> AsyncIterator[Bridge]:
    """Open the state of the configured bridge, with a private Redis when none is configured.

    `join`: use the private Redis of a bridge that runs already, as an operator's command does. `plain`:
    believe values that are not sealed although there is a key (`rekey`). `moving`:
    take the state whoever it is of (`moved`). `clock` gives the day of
    expressions, `configured` reads the settings anew. Raises ConfigurationError or StoreUnavailable.
    """
    compiled = routes(values, clock)
    async with AsyncExitStack() as stack:
        if not join:
            stack.enter_context(exporting(values.tracing.endpoint))
        where: RedisSettings | str = values.redis
        keys = values.encryption.texts()
        private: PrivateRedis | None = None
        if values.redis.is_private:
            where = (await running_url(values.data_dir) if join else None) or ""
            if not where:
                private = await stack.enter_async_context(PrivateRedis(values.data_dir, join=join))
                where = private.url
            keys = keys or [private_key(values.data_dir)]
        anew = (
            (lambda: configured().encryption.texts()) if configured and not values.redis.is_private else None
        )
        backend = await stack.enter_async_context(
            open_backend(where, keys, account=values.redis.prefix, plain=plain, configured=anew)
        )
        if not moving:
            await recognise(backend, values, compiled, notes=not join)
        if private:
            await backend.continuity.carry_on()
        try:
            yield Bridge(values, backend, compiled, Metrics(compiled), private, notes=not join)
        finally:
            if private:  # it is stopped in order now, so that it forgets nothing
                with suppress(RedisError, OSError):
                    await backend.continuity.close()


def how_to_seal() -> str:
    """What to do about a Redis that can be read."""
    return f"set encryption.key (openssl rand -base64 32), then run {command('rekey')}"


def warn_of_readable_data(bridge: Bridge) -> None:
    """Say so when Redis holds personal data that whoever reads it can read, and what else others can read."""
    if not bridge.backend.codec.seals:
        log.warning("personal data is readable in redis", remedy=how_to_seal())
    for sentence in exposures(bridge):
        log.warning("others can read this", reason=sentence)


def exposures(bridge: Bridge) -> list[str]:
    """A sentence for each secret, and each way of people's data, that others can read."""
    values = bridge.values
    found = [plain_http("kenjo.base_url", values.kenjo.url, values)]
    for name, route in bridge.routes.items():
        ways, files = of_target(name, route.settings, values)
        found += [*ways, *files]
    return [*values.exposed, *filter(None, found)]


def fields_in_use(compiled: Mapping[str, Route]) -> frozenset[FieldPath]:
    """Every field that some target uses; nothing else is stored, and no list without one is fetched."""
    return frozenset().union(*(route.fields for route in compiled.values()))


@dataclass(frozen=True, slots=True)
class KenjoSource:
    """The poller's view of Kenjo: the fields in use, and where and when a person's days begin."""

    client: KenjoClient
    fields: frozenset[FieldPath]
    zone: ZoneInfo
    office_zones: Mapping[str, ZoneInfo]
    lead_days: int
    account: Account | None = None
    custom: CustomFields | None = None

    @classmethod
    def of(cls, client: KenjoClient, bridge: Bridge) -> KenjoSource:
        """What a bridge is configured to see."""
        values = bridge.values
        account = Account(bridge.backend, bridge.notes)
        fields = fields_in_use(bridge.routes)
        custom = CustomFields(fields)
        return cls(client, fields, values.zone, values.office_zones, values.lead_days, account, custom)

    async def fetch_snapshot(self) -> Snapshot:
        """One whole snapshot. Raises SourceUnavailable.

        ConfigurationError: it is another account's, or lacks a custom field that is in use.
        """
        await self._recognise()
        return await self.client.fetch_snapshot(
            self.fields, zone=self.zone, office_zones=self.office_zones, lead_days=self.lead_days
        )

    async def fetch_change(self, since: str) -> Snapshot | None:
        """The same; None when it would be the snapshot whose `origin` is `since`."""
        await self._recognise()
        view = View(self.fields, self.zone, self.office_zones, self.lead_days)
        return await self.client.fetch_change(view, since)

    async def _recognise(self) -> None:
        if self.account:
            await self.account.recognise(self.client)
        if self.custom:
            await self.custom.see(self.client)

    async def ask(self, keys: Collection[Key]) -> Mapping[Key, bool | None]:
        """Whether Kenjo has these people and groups (see `KenjoClient.ask`). Raises SourceUnavailable."""
        return await self.client.ask(keys)


@asynccontextmanager
async def kenjo(
    values: BridgeSettings, clock: Clock = utc_now, measured: Measured = unheard
) -> AsyncIterator[KenjoClient]:
    """A signed-out Kenjo client. Raises ConfigurationError when there is no key."""
    if not values.kenjo.api_key or not values.kenjo.api_key.get_secret_value().strip():
        raise ConfigurationError(
            "kenjo.api_key is missing: set it in bridge.yaml, as KENJO_BRIDGE_KENJO__API_KEY or as secret"
            " file kenjo__api_key (in Kenjo: Settings > Integrations > API keys)"
        )
    async with open_session() as session:
        pause = values.retry.longest_pause
        client = KenjoClient(session, values.kenjo, clock=clock, longest_pause=pause, measured=measured)
        try:
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def poller(bridge: Bridge) -> AsyncIterator[Poller]:
    """A poller of the configured account."""
    async with kenjo(bridge.values, measured=bridge.metrics.requested_kenjo) as client:
        yield Poller(
            KenjoSource.of(client, bridge),
            bridge.backend,
            bridge.routes,
            bridge.metrics,
            interval=bridge.values.kenjo.poll_interval,
        )


@asynccontextmanager
async def connected(bridge: Bridge, only: Collection[str] = ()) -> AsyncIterator[dict[str, Connected]]:
    """The targets, or those named in `only`. Raises ConfigurationError when there is no such target."""
    if not bridge.routes:
        raise ConfigurationError("no target is configured: add one under 'targets' in bridge.yaml")
    if unknown := set(only) - bridge.routes.keys():
        known = ", ".join(sorted(bridge.routes)) or "none"
        raise ConfigurationError(
            f"there is no target '{min(unknown)}' in the configuration (there is: {known})"
        )
    async with connect(
        bridge.routes, bridge.backend, bridge.values.retry.longest_pause, only, bridge.metrics.requested
    ) as targets:
        yield targets


def deliverers(
    bridge: Bridge,
    targets: Mapping[str, Connected],
    observer: Observer | None = None,
    chosen: Mapping[str, Collection[Key]] | None = None,
) -> list[Deliverer]:
    """One deliverer per connected target; the bridge's metrics hear of it unless somebody else does.

    `chosen`: by target, the only records to be delivered.
    """
    return [
        Deliverer(
            route=target.route,
            target=target.target,
            ledger=bridge.backend.ledger(name),
            gate=bridge.backend.gate(name),
            queue=bridge.backend.queue,
            retry=bridge.values.retry,
            observer=observer or bridge.metrics,
            clock=bridge.backend.clock,
            turn=target.turn,
            inventory=Inventory(
                target.target, bridge.backend.ledger(name), partial(bridge.backend.unbroken, name)
            ),
            chosen=None if chosen is None else chosen.get(name, ()),
            elsewhere=target.elsewhere,
            followers=_followers(bridge, name),
        )
        for name, target in targets.items()
    ]


def _followers(bridge: Bridge, name: str) -> list[Follower]:
    targets = bridge.values.targets
    return [
        Follower(bridge.backend.ledger(other), takes_id=name in ids(targets[other]).values())
        for other in followers(targets, name)
    ]
