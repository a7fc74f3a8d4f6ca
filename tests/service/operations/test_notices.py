"""People are told once of what needs them, and once that it is over."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import time as clock_time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from bridge.config.notice_settings import NoticeSettings
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import Key, Kind
from bridge.store import Hold
from service.operations.board import Board, Sight
from service.operations.conditions import conditions
from service.operations.notices import Teller, news, sender
from service.operations.standing import Stand, Standing
from tests.service.operated import Operator, park

NOW = 1_700_000_000.0
LEADS = type("Leads", (), {"leads": True})()
HOLD = Hold("directory-remove", "directory", "remove", 3, "3", "would close 3 accounts", NOW, ("person:a",))


def sight(*failing: str, age: float = 10.0, state: str = "running") -> Sight:
    """How a bridge with one target stands."""
    stands = {Key(Kind.PERSON, id_): Stand(Standing.FAILING, f"Ana Muster {id_}") for id_ in failing}
    return Sight(
        NOW,
        {"at": NOW - age},
        stands={"directory": stands},
        targets={"directory": {"state": state, "reason": "401"}},
    )


def told(before: set[str], now: Sight, *holds: Hold) -> tuple[str, ...]:
    """What is said after `before` was told; that is then what was told."""
    found = news(before, conditions(now, holds, (), before, BridgeSettings(), NOW), lambda _: "")
    before |= found.begun
    before -= found.ended
    return found.lines


def test_each_condition_is_told_when_it_begins_and_when_it_is_over() -> None:
    """Kenjo silent, a target closed, people failing, and all of it over == one line each time, no names."""
    before: set[str] = set()
    assert told(before, sight()) == ()
    assert told(before, sight(age=301)) == (
        "Kenjo has not been read for some time: what changes there is not carried on",
    )
    assert told(before, sight(age=301)) == ()
    assert told(before, sight("a", "b", state="halted")) == (
        "directory takes nothing now: 401",
        "directory: 2 more failing, 2 in all",
        "Kenjo is read again",
    )
    assert told(before, sight("a", "b", "c")) == (
        "directory: 1 more failing, 3 in all",
        "directory takes changes again",
    )
    assert told(before, sight("c")) == ()
    assert told(before, sight()) == ("directory: nobody fails any more",)
    assert before == set()


def test_a_hold_is_told_once_while_it_is_open() -> None:
    """It grows, and is decided == not told again."""
    before: set[str] = set()
    assert told(before, sight(), HOLD) == ("directory: held back, as it would close 3 accounts",)
    assert (
        told(before, sight(), Hold(**{**_fields(HOLD), "count": 4, "keys": ("person:a", "person:b")})) == ()
    )
    assert told(before, sight(), Hold(**{**_fields(HOLD), "state": "rejected"})) == ()
    assert told(before, sight(), Hold(**{**_fields(HOLD), "id": "directory-remove-1", "part": True})) == ()
    assert told(before, sight()) == ()


def _fields(hold: Hold) -> dict[str, Any]:
    return {name: getattr(hold, name) for name in hold.__slots__}


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        ("20:00-07:00", ["20:00", "23:59", "00:00", "06:59"], ["07:00", "19:59"]),
        ("12:00-13:00", ["12:30"], ["13:00"]),
    ],
)
def test_quiet_hours(hours: str, quiet: list[str], loud: list[str]) -> None:
    """Also over midnight; the end is not quiet any more."""
    settings = NoticeSettings(quiet=hours)
    assert all(settings.is_quiet(clock_time.fromisoformat(at)) for at in quiet)
    assert not any(settings.is_quiet(clock_time.fromisoformat(at)) for at in loud)
    assert not NoticeSettings().is_quiet(clock_time(3))


def test_hours_that_are_none() -> None:
    """A sentence, not silence for ever."""
    with pytest.raises(ValidationError, match="are no hours such as 20:00-07:00"):
        NoticeSettings(quiet="25:00-07:00")


@pytest.mark.parametrize(
    "address",
    ["nonsense-hunter2", "slck://hunter2/x", "slack://hunter2", "https://hooks.example.com/hunter2"],
)
def test_an_address_that_is_none(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Told by its place in the list: it may hold a password. The library does not log it, either."""
    with pytest.raises(ConfigurationError, match=r"notices\.to, entry 1, is no address") as error:
        sender(NoticeSettings(to=[SecretStr(address)]))
    assert "hunter2" not in f"{error.value} {caplog.text}"


@asynccontextmanager
async def inbox() -> AsyncIterator[tuple[list[str], str]]:
    """What arrives at an address of Apprise's, and that address."""
    came: list[str] = []

    async def take(request: web.Request) -> web.Response:
        came.append((await request.json())["message"])
        return web.Response(status=500 if len(came) == 1 else 200)

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        yield came, f"json://{server.host}:{server.port}/"


async def test_a_real_bridge(operator: Operator) -> None:
    """People fail, the first notice does not arrive == told with the next look, once, without a name."""
    async with inbox() as (came, address):
        operator.here.config["notices"] = {"to": [address], "link": "https://bridge.example.com"}
        await operator.sync()
        ids = operator.people()[:2]
        async with operator.bridge() as bridge:
            teller = Teller(bridge, Board(bridge), sender(bridge.values.notices), LEADS)
            assert await teller.look(time.time()) is None
            await park(operator, *ids)
            teller = Teller(bridge, Board(bridge), sender(bridge.values.notices), LEADS)
            assert await teller.look(time.time()) is None
            assert await teller.look(time.time()) is not None
            assert await teller.look(time.time()) is None
        assert came == ["- directory: 2 more failing, 2 in all\nhttps://bridge.example.com"] * 2
        assert not any(text in came[0] for text in operator.texts(ids))


async def test_a_notice_of_one_of_several_companies(operator: Operator) -> None:
    """Where there are several == the subject says which one it is about."""
    subjects = []

    async def send(subject: str, _text: str) -> list[bool]:
        subjects.append(subject)
        return [True]

    await operator.sync()
    await park(operator, operator.people()[0])
    async with operator.bridge() as bridge:
        bridge.values._company = "acme"
        assert await Teller(bridge, Board(bridge), send, LEADS).look(time.time()) is not None
    assert subjects == ["Kenjo Bridge: acme"]


async def test_one_address_that_is_never_reached(operator: Operator) -> None:
    """Of two one is out of order == the other is told once, and the log names the first by its place."""
    async with inbox() as (came, address):
        operator.here.config["notices"] = {"to": ["json://127.0.0.1:1/", address]}
        await operator.sync()
        await park(operator, operator.people()[0])
        async with operator.bridge() as bridge:
            send = sender(bridge.values.notices)
            assert list(await send("", "the first one is answered with 500")) == [False, False]
            teller = Teller(bridge, Board(bridge), send, LEADS)
            with capture_logs() as logs:
                assert await teller.look(time.time()) is not None
                assert await teller.look(time.time()) is None
        assert came[1:] == ["- directory: 1 more failing, 1 in all"]
        assert [log["missed"] for log in logs if log["event"] == "some could not be told"] == ["entry 1"]


async def test_a_look_that_raises_ends_nothing(operator: Operator) -> None:
    """An exception that nobody foresaw, again and again == said once, without its text; looks go on."""
    looks = 0

    class Odd(Board):
        async def look(self, *_: object) -> Sight:
            nonlocal looks
            looks += 1
            raise KeyError("planted")

    async def send(_subject: str, _text: str) -> list[bool]:
        return [True]

    async with operator.bridge() as bridge:
        soon = bridge.values.notices.model_copy(update={"every": 0.01})
        often = dataclasses.replace(bridge, values=bridge.values.model_copy(update={"notices": soon}))
        with capture_logs() as logs:
            running = asyncio.create_task(Teller(often, Odd(often), send, LEADS).run())
            await asyncio.sleep(0.5)
            assert not running.done()
            running.cancel()
    assert looks > 2
    (reason,) = [log["reason"] for log in logs if log["event"] == "cannot look what to tell"]
    assert ("KeyError" in reason, "planted" in reason) == (True, False)


async def test_the_command(operator: Operator) -> None:
    """`notices --test` sends one, and says so; without addresses it says what to set."""
    ended = await operator("notices")
    assert (ended.code, "notices.to names nobody" in ended.err) == (3, True)
    async with inbox() as (came, address):
        operator.here.config["notices"] = {"to": [address]}
        refused = await operator("notices", "--test")
        assert "was not reached" in refused.err
        ended = await operator("notices", "--test")
        assert (ended.code, ended.out) == (0, "sent to: 1 addresses\n")
        assert len(came) == 2
