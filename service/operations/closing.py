"""What has to be taken back at the targets before somebody is forgotten: references, and access if wanted.

It is done by ordinary deliveries, in this process, beside whatever workers run elsewhere. A mark in Redis
makes every delivery from now on leave the person out, so that nothing is given anew meanwhile. It stays until
all is erased, and after a kill the same command goes on from there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.commands import command
from bridge.errors import BridgeError, ConfigurationError, NotFound
from bridge.mapping.route import Action
from bridge.model import Key, Kind, State
from bridge.printable import counted
from bridge.store import Ledger
from bridge.store.forgotten import CLOSE, REFERENCES
from service.operations.assembly import Bridge, connected, deliverers
from service.operations.greet import greet
from workers.connect import Connected
from workers.delivery.deliver import Deliverer
from workers.delivery.sending import shows

PATIENCE = 60.0
"""Seconds for one target to take everything back."""

_RETRY_INTERVAL = 0.2  # seconds between two tries
_LEFT_ALONE = (State.SKIPPED, State.REMOVED)
"""Who stands so at a target is not changed there any more, and keeps the manager that was given."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one target has of a person. `account`: its id there; `open`: as far as the ledger knows."""

    account: str | None
    open: bool
    groups: tuple[Key, ...]
    people: tuple[Key, ...]

    def sentence(self, name: str) -> str:
        """The same in words."""
        parts = [f"account {self.account} is {'open' if self.open else 'closed'}"] if self.account else []
        parts += (
            [counted(len(self.groups), "group has", "groups have") + " it as a member"] if self.groups else []
        )
        parts += (
            [counted(len(self.people), "person has", "people have") + " it as manager"] if self.people else []
        )
        return f"{name}: {', '.join(parts)}"


async def held(bridge: Bridge, key: Key) -> dict[str, Held]:
    """What each target has of a person, also those that are configured no more. Reads Redis only."""
    found = {}
    for name in sorted(bridge.routes.keys() | await bridge.backend.targets()):
        ledger = bridge.backend.ledger(name)
        account, entry = (await ledger.links([str(key)])).get(str(key)), await ledger.entry(key)
        referring = await ledger.referring(key)
        groups = tuple(sorted(one for one in referring if one.kind is Kind.TEAM))
        people = tuple(sorted(one for one in referring if one.kind is Kind.PERSON))
        if account or referring:
            is_open = bool(account) and not (entry and entry.state is State.REMOVED)
            found[name] = Held(account, is_open, groups, people)
    return found


async def take_back(bridge: Bridge, key: Key, there: Mapping[str, Held], *, close: bool) -> None:
    """Take back all references to a person, and with `close` all access, and see it done.

    Raises ConfigurationError that says what could not be done; nothing may be erased then.
    """
    there = {name: one for name, one in there.items() if name in bridge.routes or (close and one.open)}
    await _check_allowed(bridge, key, there, close=close)
    if not there:
        await bridge.backend.forgotten.leave(key, CLOSE if close else REFERENCES)
        return
    async with connected(bridge, there) as targets:
        troubles = {name: said.problems for name, said in (await greet(bridge, targets)).items()}
        if trouble := [f"{name}: {'; '.join(said)}" for name, said in troubles.items() if said]:
            raise ConfigurationError(f"nothing was erased or changed, as {'. '.join(trouble)}")
        await bridge.backend.forgotten.leave(key, CLOSE if close else REFERENCES)
        for carrier in deliverers(bridge, targets):
            await _Taking(bridge, targets[carrier.route.name], carrier, key, close=close).finish()


async def _check_allowed(bridge: Bridge, key: Key, there: Mapping[str, Held], *, close: bool) -> None:
    """Whether accounts may be closed at all. Raises ConfigurationError."""
    stored = await bridge.backend.records.get(key)
    for name, one in there.items():
        if not (close and one.open):
            continue
        if name not in bridge.routes:
            raise ConfigurationError(f"{name} is configured no more, so that {key} cannot be closed there")
        if stored is None:
            raise ConfigurationError(f"what Kenjo says of {key} is not stored: run {command('sync')} first")
        intent = bridge.routes[name].intend(dataclasses.replace(stored, gone=True), linked=True)
        if intent.action is not Action.DEACTIVATE:
            raise ConfigurationError(
                f"nothing was erased or changed, as {name} is not to close the account: {intent.reason}."
                " Close it there, then run it again without --close"
            )


class _Taking:
    """Takes everything back at one target."""

    def __init__(
        self, bridge: Bridge, target: Connected, carrier: Deliverer, key: Key, *, close: bool
    ) -> None:
        self._bridge = bridge
        self._target = target
        self._carrier = carrier
        self._ledger: Ledger = carrier.ledger
        self._key = key
        self._close = close

    async def finish(self) -> None:
        """Deliver until nothing is left. Raises ConfigurationError after PATIENCE."""
        begun = await self._ledger.under_way()  # with what was known before the mark
        end = time.monotonic() + PATIENCE
        while True:
            left = [*await self._open(), *await self._referring()]
            begun = {
                k: token for k, token in (await self._ledger.under_way()).items() if begun.get(k) == token
            }
            if not left and not begun:
                break
            if time.monotonic() > end:
                raise await self._not_taken(left)
            for key in left:
                await self._deliver(key)
            await asyncio.sleep(_RETRY_INTERVAL)
        await self._see_closed()
        for key in await self._ledger.referring(self._key):
            await self._drop(key)

    async def _deliver(self, key: Key) -> None:
        """Try once, unless it is too early for another try. Raises ConfigurationError when it is refused."""
        entry = await self._ledger.entry(key)
        if entry and entry.state is State.RETRYING and entry.retry_at > time.time():
            return
        await self._ledger.doubt([key])
        if key == self._key:
            await self._bridge.backend.holds.release(self._carrier.route.name, [str(key)])
        else:
            await self._release(key)
        await self._carrier.deliver(key)
        entry = await self._ledger.entry(key)
        if entry and entry.state is State.FAILED:
            raise await self._not_taken([key])

    async def _release(self, key: Key) -> None:
        """Let a group go that is held because of this person alone. Raises ConfigurationError for others."""
        holds, name = self._bridge.backend.holds, self._carrier.route.name
        if str(key) not in await holds.held(name):
            return
        for hold in await holds.all():
            others = {other for other in hold.keys if other.startswith(Kind.PERSON)} - {str(self._key)}
            if hold.target == name and others and str(key) in hold.keys:
                raise ConfigurationError(
                    f"nothing was erased, as {key} is held by {hold.id} for other people too: decide on that"
                    f" first ({command('holds')}), then run it again"
                )
        await holds.release(name, [str(key)])

    async def _open(self) -> list[Key]:
        """The person, while their account is to be closed and is not."""
        if not self._close or not await self._ledger.links([str(self._key)]):
            return []
        entry = await self._ledger.entry(self._key)
        return [] if entry and entry.state is State.REMOVED else [self._key]

    async def _referring(self) -> list[Key]:
        """Who refers to the person and can be changed."""
        entries = await self._ledger.entries()
        return [
            key
            for key, entry in entries.items()
            if str(self._key) in entry.refs and entry.state not in _LEFT_ALONE and key != self._key
        ]

    async def _see_closed(self) -> None:
        """Read the account. Raises ConfigurationError when it still gives access."""
        account = (await self._ledger.links([str(self._key)])).get(str(self._key))
        if not self._close or account is None:
            return
        name = self._carrier.route.name
        try:
            is_open = await shows(self._target.target, self._key, account)
        except NotFound:
            return
        except BridgeError as error:
            raise ConfigurationError(
                f"nothing was erased, as {name} does not show the account: {error}"
            ) from None
        if is_open:
            raise ConfigurationError(f"nothing was erased, as the account at {name} still gives access")

    async def _not_taken(self, left: list[Key]) -> ConfigurationError:
        entries = await self._ledger.entries()
        name = self._carrier.route.name
        paused = (await self._bridge.backend.gate(name).paused()).get("reason", "")
        reasons = {entries[key].reason for key in left if key in entries and entries[key].reason}
        why = paused or "; ".join(sorted(reasons)[:3]) or "other deliveries are not over"
        shown = ", ".join(str(key) for key in left[:5])
        return ConfigurationError(
            f"nothing was erased, as {name} has not taken back {shown}: {why}. Run it again"
        )

    async def _drop(self, key: Key) -> None:
        """Forget a reference of an object that the bridge changes no more."""
        if entry := await self._ledger.entry(key):
            refs = tuple(ref for ref in entry.refs if ref != str(self._key))
            await self._ledger.write(key, dataclasses.replace(entry, refs=refs))
