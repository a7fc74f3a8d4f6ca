"""What a person should hear of, and telling it: once when it begins, once when it is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from redis.exceptions import RedisError

from bridge.config.notice_settings import NoticeSettings
from bridge.errors import ConfigurationError, unforeseen
from bridge.logs import get_logger
from bridge.model import Key
from bridge.printable import some, visible
from bridge.store.trouble import trouble
from service.operations import conditions
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.operations.conditions import OfRecord
from service.operations.forgetting import forgotten
from service.operations.naming import name_of

log = get_logger("notices")

SUBJECT = "Kenjo Bridge"
Send = Callable[[str, str], Awaitable[Sequence[bool]]]
"""Sends a subject and a text. Says of each address in `notices.to` whether it was reached."""
Called = Callable[[Key], str]
"""How a record is called in a notice; "" where nobody is named."""


@dataclass(frozen=True, slots=True)
class News:
    """What has begun and ended since people were told last: ids of conditions, and the lines that say it."""

    begun: frozenset[str]
    ended: frozenset[str]
    lines: tuple[str, ...]


def news(told: Collection[str], found: Mapping[str, str], called: Called) -> News:
    """What to tell, of what was told before and what there is. Pure. `called`: who is named, and how."""
    begun, ended = frozenset(found.keys() - set(told)), frozenset(set(told) - found.keys())
    now, more, fewer = (_by_target(ids) for ids in (found, begun, ended))
    lines = [
        *(found[id_] for id_ in sorted(begun) if found[id_]),
        *_more(more, now, called),
        *_over(ended, found),
        *_fewer(fewer, now, called),
    ]
    return News(begun, ended, tuple(lines))


_ByTarget = Mapping[tuple[str, str], Collection[Key]]


def _by_target(ids: Iterable[str]) -> _ByTarget:
    """Whose conditions there are, by kind and target."""
    found: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
    for one in filter(None, map(OfRecord.of, ids)):
        found[one.kind, one.target].add(one.key)
    return found


def _more(more: _ByTarget, now: _ByTarget, called: Called) -> Iterator[str]:
    """Of how many records something begins, and how many there are in all."""
    for (kind, target), keys in sorted(more.items()):
        count, all_ = f"{len(keys)} more", f"{len(now[kind, target])} in all"
        match kind:
            case conditions.FAILING:
                yield f"{target}: {count} failing{_names(keys, called)}, {all_}"
            case conditions.FIRST_DAY:
                yield f"{target}: {count} started work without an open account{_names(keys, called)}, {all_}"
            case conditions.UNREAD:
                since = f"since the first day of {count}{_names(keys, called)}, {all_}"
                yield f"Kenjo was not read {since}: until it is, no account is opened for them"


def _over(ended: Collection[str], found: Mapping[str, str]) -> Iterator[str]:
    """What is well again. That a hold was decided, somebody has done on purpose."""
    for id_ in sorted(ended):
        match id_.split(" "):
            case ["kenjo"]:
                yield "Kenjo is read again"
            case ["target", name]:
                yield f"{name} takes changes again"
            case ["forgotten", who, *_] if not any(one.startswith(f"forgotten {who} ") for one in found):
                yield f"{who}, who was forgotten: nothing is to be done any more"


def _fewer(fewer: _ByTarget, now: _ByTarget, called: Called) -> Iterator[str]:
    """Of how many it is over."""
    for (kind, target), keys in sorted(fewer.items()):
        left = len(now.get((kind, target), ()))
        if kind == conditions.FAILING and not left:
            yield f"{target}: nobody fails any more"
        elif kind == conditions.FIRST_DAY and left:
            count = f"{len(keys)} fewer without an open account since they started work"
            yield f"{target}: {count}{_names(keys, called)}, {left} in all"
        elif kind == conditions.FIRST_DAY:
            yield f"{target}: nobody who started work waits for an open account any more"


def _names(keys: Collection[Key], called: Called) -> str:
    found = [name for key in sorted(keys) if (name := called(key))]
    return f" ({some(found)})" if found else ""


class Leads(Protocol):
    """Something of which only one process at a time leads."""

    @property
    def leads(self) -> bool:
        """Whether it is this one's."""


def teller(bridge: Bridge, board: Board, poller: Leads) -> Teller | None:
    """What tells people, if anybody is to be told. Raises ConfigurationError as `sender`."""
    settings = bridge.values.notices
    return Teller(bridge, board, sender(settings), poller) if settings.to else None


async def send_one(settings: NoticeSettings, send: Send) -> None:
    """Send a notice, to see that it arrives. Raises ConfigurationError when somebody was not reached."""
    text = text_of(["this is a test: notices of Kenjo Bridge arrive here"], settings)
    if missed := _missed(await send(SUBJECT, text)):
        raise ConfigurationError(f"notices.to, {missed}, was not reached; what stands in the log says more")


def _missed(reached: Sequence[bool]) -> str:
    """Which addresses were not reached, by their place in the list: they may hold passwords."""
    places = [str(number) for number, is_reached in enumerate(reached, 1) if not is_reached]
    return f"entry {', '.join(places)}" if places else ""


class Teller:
    """Looks now and then, and tells what is new. Of several processes the one tells that polls."""

    def __init__(self, bridge: Bridge, board: Board, send: Send, leads: Leads) -> None:
        self._bridge = bridge
        self._board = board
        self._send = send
        self._leads = leads

    async def run(self) -> None:
        """Look for ever. Where a look fails, the next one tells."""
        said = ""
        while True:
            await asyncio.sleep(self._bridge.values.notices.every)
            try:
                if self._leads.leads:
                    await self.look(time.time())
                said = ""
            except Exception as error:  # noqa: BLE001 - polls and deliveries go on, whatever it is
                is_redis = isinstance(error, RedisError | OSError)
                if (reason := trouble(error) if is_redis else str(unforeseen(error))) != said:
                    log.warning("cannot look what to tell", reason=reason)
                said = reason

    async def look(self, now: float) -> News | None:
        """Tell what is new. None: nothing, or nobody was told now, so that the next look tells it."""
        bridge, settings = self._bridge, self._bridge.values.notices
        if settings.is_quiet(datetime.fromtimestamp(now, UTC).astimezone(bridge.values.zone).time()):
            return None
        holds = await bridge.backend.holds.all()
        sight, gone = await self._board.look(), await forgotten(bridge)
        told = await bridge.backend.notices.told()
        there = conditions.conditions(sight, holds, gone, told, bridge.values, now)
        found = news(told, there, partial(_called, sight) if settings.names else _unnamed)
        if found.lines:
            company = bridge.values.company
            subject = f"{SUBJECT}: {company}" if company else SUBJECT
            reached = await self._send(subject, text_of(found.lines, settings))
            if not any(reached):
                log.warning("nobody could be told; it is tried again")
                return None
            if missed := _missed(reached):  # not again: the others would be told each time
                log.warning("some could not be told", of="notices.to", missed=missed)
        await bridge.backend.notices.note(found.begun, found.ended, now)
        return found if found.lines else None


def _called(sight: Sight, key: Key) -> str:
    return name_of(sight.known.get(key)) or str(key)


def _unnamed(_key: Key) -> str:
    return ""


def text_of(lines: Sequence[str], settings: NoticeSettings) -> str:
    """What is sent."""
    more = [f"- and {len(lines) - 20} more"] if len(lines) > 20 else []
    return "\n".join(
        [*(f"- {visible(line)}" for line in lines[:20]), *more, *([settings.link] if settings.link else [])]
    )


def sender(settings: NoticeSettings) -> Send:
    """What sends to everybody in the settings. Raises ConfigurationError for an address that is none."""
    try:
        import apprise
    except ImportError:
        raise ConfigurationError(
            "notices need the extra `notices`: pip install 'kenjo-bridge[notices]'"
        ) from None
    everybody = []
    for number, address in enumerate(settings.to, 1):
        everybody.append(one := apprise.Apprise())
        with _unsaid():
            is_known = one.add(address.get_secret_value())
        if not is_known:
            raise ConfigurationError(f"notices.to, entry {number}, is no address that Apprise knows")

    async def reach(one: apprise.Apprise, subject: str, text: str) -> bool:
        try:
            return bool(await one.async_notify(title=subject, body=text))
        except Exception as error:  # noqa: BLE001 - the others are told, whatever it is
            log.warning("cannot tell", reason=str(unforeseen(error)))
            return False

    async def send(subject: str, text: str) -> Sequence[bool]:
        return await asyncio.gather(*(reach(one, subject, text) for one in everybody))

    return send


@contextmanager
def _unsaid() -> Iterator[None]:
    """Apprise logs an address that it cannot read, and that may hold a password or be one."""
    logger = logging.getLogger("apprise")
    former, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = former
