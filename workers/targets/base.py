"""What a target adapter is: its verbs and a greeting, its settings, and its default mapping as data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from bridge.config.settings import TargetSettings
from bridge.exchange import Change, Greeting, Page, Receipt, Refused, Remote, Wanted
from bridge.model import Key, Kind
from bridge.wire.http import Classify, Http, Told, Turn, classify_status
from bridge.wire.permit import Permit
from bridge.wire.quiet import LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a target can do.

    `shows`: an object is shown when it is asked for by its id; `lists`: all objects are listed; `groups`: it
    has groups of people.
    """

    shows: bool = True
    lists: bool = False
    groups: bool = True


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

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """The attributes and values by which `find` looks a record up, each value in one normal form."""
        del wanted
        return ()

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All objects of a kind, page by page. Raises what a look-up raises. Not whole: it is no list."""
        del kind
        yield Page(())

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """The object of a record as it is now, with its content; None when the target does not show it."""
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


@dataclass(frozen=True, slots=True)
class Tools:
    """What an adapter reaches its server with.

    `turn` waits until the next request that reads may leave (a permit does so for one that writes), `told`
    hears for how many seconds the server is to be left alone, at most `longest_pause`.
    """

    session: aiohttp.ClientSession
    turn: Turn | None = None
    told: Told | None = None
    longest_pause: float = LONGEST_PAUSE

    def http(
        self,
        settings: TargetSettings,
        base_url: str,
        headers: Mapping[str, str],
        classify: Classify = classify_status,
    ) -> Http:
        """HTTP below a base address, as the settings limit it.

        `classify` turns an answer into an error where the target deviates from HTTP's own words.
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
        )


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a module `workers.targets.<kind>` exports as ADAPTER.

    `mapping` is data: `{"person": {attribute: CEL expression}, "team": {...}, "references": {attribute:
    "person" | "team"}, "required": {"person": [attributes], "team": [...]}, "group_name": attribute,
    "access": the person's attribute that is true where the account gives access}`. `connect` takes an
    instance of `settings`.
    """

    settings: type[TargetSettings]
    mapping: Mapping[str, Any]
    connect: Callable[[Any, Tools], Target]
    check_attribute: Callable[[str], str | None] = lambda _name: None
    """A sentence on what is wrong with an attribute's name in `map`, or None."""
