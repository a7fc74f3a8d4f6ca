"""What a target adapter is: its verbs and a greeting, its settings, and its default mapping as data."""

from __future__ import annotations

import asyncio
import importlib.resources
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import aiohttp
import yaml

from bridge.config.settings import TargetSettings
from bridge.errors import RecordRejected
from bridge.exchange import (
    Change,
    Draft,
    Greeting,
    Page,
    Publication,
    Receipt,
    Refused,
    Remote,
    Wanted,
)
from bridge.mapping.shapes import EVERY
from bridge.model import Key, Kind
from bridge.wire.answer import Classify, classify_status
from bridge.wire.budget import Budget, Purse
from bridge.wire.http import Http, Sign, Stamp, Told
from bridge.wire.permit import Permit
from bridge.wire.quiet import LONGEST_PAUSE
from bridge.wire.request import Turn
from bridge.wire.timing import Measured, unheard
from bridge.wire.tokens import Pocket, Vault, classify_sign_in
from workers.targets.notebook import Notebook, Scratch


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a target can do.

    `shows`: an object is shown when it is asked for by its id; `lists`: all objects are listed; `groups`: it
    has groups of people; `follows`: it is told of leavers' values too, as payroll needs the last day of those
    who have left; `late`: for a while it may answer that a new object is not there; `later`: the kinds of
    records with which it does after a while what it has taken, also where its answer was lost.
    """

    shows: bool = True
    lists: bool = False
    groups: bool = True
    follows: bool = False
    late: bool = False
    later: frozenset[Kind] = frozenset()


class Target(Protocol):
    """One connected target, entered with `async with`.

    Methods return or raise (`bridge.errors`); they never sleep, retry or log. Reading changes nothing there;
    what is sent is asked for in the permit, before each single request, message or rename.
    """

    can: Abilities

    async def __aenter__(self) -> Self:
        """Open what stays open. Sends nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        del kind, error, trace

    async def check(self) -> Greeting:
        """Read, without writing, whether the target can be used. Raises what a first request would raise."""
        ...

    async def size(self) -> int:
        """How many accounts of people the target has."""
        ...

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up objects that may be this record's, in match order; the first attribute with a hit wins.

        No hit: an empty list. Several hits: all of them; the caller never guesses. `wanted` may have some of
        its attributes only; the others are not looked up. Raises RecordRejected when none can be.
        `thorough`: a create was answered with Conflict, so there is one, and more effort is worth it.
        """
        ...

    async def having(self, key: Key, attribute: str, value: str) -> list[Remote]:
        """The accounts that keep a new one from getting a value of an attribute of `looked_up_by`.

        Inactive ones count; letter case does not matter where it does not for the target. Raises what a
        look-up raises.
        """
        return await self.find(Wanted(key, {attribute: value}))

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """The attributes and values by which `find` looks a record up, each value in one normal form."""
        del wanted
        return ()

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects of a kind, page by page. Raises what a look-up raises. Not whole: it is no list."""
        del kind
        yield Page(())

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """The object of a record as it is now, with its content and the external id that it carries.

        None when the target does not show it.
        """
        ...

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What has to be sent so that `there` (None: a new object) becomes as wanted; None: nothing.

        Pure: what it needs to know of the target, the look-up or reading that came before has learnt. Raises
        RecordRejected for what cannot be had there, and NotFound for an object that is not shown (its content
        is None), where the target cannot change what it hides.
        """
        ...

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send changes; a receipt for each, in their order. One that fails says nothing of the others.

        A create that hits an existing object is refused with Conflict; an object that is not there any more
        with NotFound, unless it was to be taken away.
        """
        ...

    async def confirm(self, tickets: Sequence[str]) -> Sequence[Receipt]:
        """What has come of changes that `send` answered with a ticket; a receipt for each, in their order.

        Accepted: it is still to be done. Applied says it was, and what is read afterwards counts.
        """
        return [Refused(RecordRejected("nothing is known of this ticket")) for _ in tickets]


@runtime_checkable
class Publisher(Protocol):
    """A target that has more to do once its records are settled: what it was given is published whole.

    Asked by one worker at a time, and only while nothing is pending. It writes under its permit, as `send`.
    """

    async def due(self, last: Publication, now: float) -> bool:
        """Whether it is time: something has changed since the last publication, or a set time has come.

        Asked every second, so it is cheap.
        """
        ...

    async def draft(self, last: Publication, written: Mapping[str, str], now: float) -> Draft:
        """What would be published now, to be judged first. `written`: of each object what was last."""
        ...

    async def publish(self, draft: Draft, last: Publication, permit: Permit) -> Publication:
        """Publish what was drafted. Raises what a request raises; then what was there before is there still.

        Only what it has published itself, by `last`, may it take away.
        """
        ...


def mapping_of(package: str | None, file: str = "mapping.yaml") -> dict[str, Any]:
    """A default mapping that stands in a package as data; `package` is the caller's `__package__`."""
    text = importlib.resources.files(str(package)).joinpath(file).read_text("utf-8")
    mapping: dict[str, Any] = yaml.safe_load(text)
    return mapping


async def one_by_one(
    changes: Sequence[Change], send: Callable[[Change], Awaitable[Receipt]]
) -> Sequence[Receipt]:
    """Send each change by itself, all at the same time: what one of them raises is its own receipt."""

    async def receipt(change: Change) -> Receipt:
        try:
            return await send(change)
        except Exception as error:  # noqa: BLE001 - raised again by whoever the receipt is for
            return Refused(error)

    return await asyncio.gather(*(receipt(change) for change in changes))


async def _at_once() -> None:
    """The turn of whoever need not wait."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an adapter reaches its server with.

    `turn` waits until the next request that reads may leave (a permit does so for one that writes), `told`
    hears for how many seconds the server is to be left alone, at most `longest_pause`. `vault` keeps the
    tokens of a sign-in, `notebook` what was given to a target that shows nothing; both are shared by all
    processes. `zone` is the bridge's time zone, `budget` counts calls of which the server takes few in a day.
    `pace` gives what waits for a further rate of some requests, by its name and requests per second.
    `measured` hears of the status and seconds of each request, whatever carries it (`bridge.wire.timing`).
    """

    session: aiohttp.ClientSession
    turn: Turn | None = None
    told: Told | None = None
    longest_pause: float = LONGEST_PAUSE
    vault: Vault = field(default_factory=Pocket)
    notebook: Notebook = field(default_factory=Scratch)
    zone: tzinfo = UTC
    budget: Budget = field(default_factory=Purse)
    measured: Measured = unheard
    pace: Callable[[str, float], Turn] = lambda _name, _rate: _at_once

    def http(
        self,
        settings: TargetSettings,
        base_url: str,
        headers: Mapping[str, str],
        classify: Classify = classify_status,
        sign: Sign | None = None,
        stamp: Stamp | None = None,
        *,
        reads: bool = True,
        words: Collection[str] = (),
    ) -> Http:
        """HTTP below a base address, as the settings limit it.

        `classify` turns an answer into an error where the target deviates from HTTP's own words; `sign` gives
        what each request proves its sender with, where `headers` cannot (`bridge.wire.tokens.Tokens`).
        `stamp`, `reads` and `words` are those of `Http`.
        """
        return Http(
            self.session,
            base_url,
            headers=headers,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
            turn=self.turn,
            told=self.told,
            longest_pause=self.longest_pause,
            classify=classify,
            sign=sign,
            stamp=stamp,
            reads=reads,
            words=words,
            measured=self.measured,
        )

    def sign_in(self, settings: TargetSettings, base_url: str, classify: Classify = classify_sign_in) -> Http:
        """HTTP to what gives tokens: its requests are none of the target's, and take no turn.

        `classify` says more than `classify_sign_in` where the vendor does.
        """
        return Http(
            self.session, base_url, timeout=settings.timeout, classify=classify, measured=self.measured
        )


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a module `workers.targets.<kind>` exports as ADAPTER.

    `mapping` is data: `{"person": {attribute: CEL expression}, "team": {...}, "references": {attribute:
    "person" | "team"}, "required": {"person": [attributes], "team": [...]}, "exclusive": {the same, of
    attributes whose value only one object can have}, "group_name": attribute, "access": the person's
    attribute that is true where the account gives access}`. `connect` takes an instance of `settings`.
    """

    settings: type[TargetSettings]
    mapping: Mapping[str, Any]
    connect: Callable[[Any, Tools], Target]
    check_attribute: Callable[[str], str | None] = lambda _name: None
    """A sentence on what is wrong with an attribute's name in `map`, or None."""
    fit: Callable[[Any], tuple[Mapping[str, Any], Callable[[str], str | None]]] | None = None
    """The mapping and what checks an attribute's name, where these depend on the `settings`."""
    takes: Callable[[str], frozenset[str]] = lambda _name: EVERY
    """The kinds of values (`bridge.mapping.shapes`) that an attribute can hold; without a word of it, any."""

    def fitted(self, settings: TargetSettings) -> Self:
        """The adapter as it is under these settings. Raises ConfigurationError."""
        if self.fit is None:
            return self
        mapping, check_attribute = self.fit(settings)
        return replace(self, mapping=mapping, check_attribute=check_attribute, fit=None)
