"""What a person should hear of, and telling it: once when it begins, once when it is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from redis.exceptions import RedisError

from bridge.config.notice_settings import NoticeSettings
from bridge.errors import ConfigurationError, unforeseen
from bridge.logs import get_logger
from bridge.printable import visible
from bridge.store import Hold
from bridge.store.trouble import trouble
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.operations.overview import late_after
from service.operations.standing import Standing

log = get_logger("notices")

SUBJECT = "Kenjo Bridge"
Send = Callable[[str, str], Awaitable[Sequence[bool]]]
"""Sends a subject and a text. Says of each address in `notices.to` whether it was reached."""


@dataclass(frozen=True, slots=True)
class News:
    """What has begun and ended since people were told last: ids of conditions, and the lines that say it."""

    begun: frozenset[str]
    ended: frozenset[str]
    lines: tuple[str, ...]


def conditions(sight: Sight, holds: Sequence[Hold], interval: float, now: float) -> dict[str, str]:
    """What needs a person `now` (epoch seconds): by id, a sentence without names or values. Pure.

    A record that fails has an id of its own, and no sentence: how many there are is told.
    """
    found = {}
    if sight.snapshot and now - sight.snapshot["at"] > late_after(interval):
        found["kenjo"] = "Kenjo has not been read for some time: what changes there is not carried on"
    for hold in holds:
        if hold.state == "open":
            found[f"hold {hold.id}"] = f"{hold.target or 'Kenjo'}: held back, as it {hold.reason}"
    for name, target in sight.targets.items():
        if target["state"] != "running":
            found[f"target {name}"] = f"{name} takes nothing now: {target['reason']}"
    for name, stands in sight.stands.items():
        for key, stand in stands.items():
            if stand.standing is Standing.FAILING:
                found[f"failing {name} {key}"] = ""
    return found


def news(told: Collection[str], found: Mapping[str, str]) -> News:
    """What to tell, of what was told before and what there is. Pure."""
    begun, ended = frozenset(found.keys() - set(told)), frozenset(set(told) - found.keys())
    lines = [*_sentences(begun, found), *_failing(begun, found), *_over(ended, found)]
    return News(begun, ended, tuple(lines))


def _sentences(begun: Collection[str], found: Mapping[str, str]) -> Iterator[str]:
    yield from (found[id_] for id_ in sorted(begun) if found[id_])


def _failing(begun: Collection[str], found: Mapping[str, str]) -> Iterator[str]:
    """How many more fail at each target, and how many in all."""
    all_of = Counter(_target(id_) for id_ in found if id_.startswith("failing "))
    for target, more in sorted(Counter(_target(id_) for id_ in begun if id_.startswith("failing ")).items()):
        yield f"{target}: {more} more failing, {all_of[target]} in all"


def _over(ended: Collection[str], found: Mapping[str, str]) -> Iterator[str]:
    """What is well again. That a hold was decided, somebody has done on purpose."""
    if "kenjo" in ended:
        yield "Kenjo is read again"
    yield from (f"{_target(id_)} takes changes again" for id_ in sorted(ended) if id_.startswith("target "))
    failing = {_target(id_) for id_ in found if id_.startswith("failing ")}
    well = {_target(id_) for id_ in ended if id_.startswith("failing ")} - failing
    yield from (f"{target}: nobody fails any more" for target in sorted(well))


def _target(id_: str) -> str:
    return id_.split(" ")[1]


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
        sight = await self._board.look()
        found = news(
            await bridge.backend.notices.told(),
            conditions(sight, holds, bridge.values.kenjo.poll_interval, now),
        )
        if found.lines:
            reached = await self._send(SUBJECT, text_of(found.lines, settings))
            if not any(reached):
                log.warning("nobody could be told; it is tried again")
                return None
            if missed := _missed(reached):  # not again: the others would be told each time
                log.warning("some could not be told", of="notices.to", missed=missed)
        await bridge.backend.notices.note(found.begun, found.ended, now)
        return found if found.lines else None


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
