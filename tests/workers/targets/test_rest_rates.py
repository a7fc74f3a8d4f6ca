"""How often requests are sent to an API with a profile, and for how long it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import TryLater
from bridge.exchange import Change
from bridge.mapping.route import Route
from bridge.model import Kind
from bridge.store.backend import Backend
from bridge.wire.http import open_session
from bridge.wire.request import Turn
from tests.workers.targets.oddhr_rig import PROFILE, OddHRRig, oddhr_rig
from tests.workers.targets.oddhr_server import OddHR
from workers.connect import open_target
from workers.targets.base import Target, Tools
from workers.targets.rest.target import ADAPTER
from workers.testing.permits import Always
from workers.testing.rig import person, team

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
"""1,700,000,000 seconds after 1970."""

CALLS = "rates:\n  calls: {methods: [POST, PUT], per_second: 3}\n"


class Turns:
    """Notes the turns of each rate."""

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}
        self.taken: list[str] = []

    def pace(self, name: str, per_second: float) -> Turn:
        self.rates[name] = per_second

        async def turn() -> None:
            self.taken.append(name)

        return turn

    def since(self) -> list[str]:
        taken, self.taken = self.taken, []
        return taken


@asynccontextmanager
async def oddhr(
    folder: Path, *changes: tuple[str, str], **more: Any
) -> AsyncIterator[tuple[OddHRRig, Target, Turns]]:
    """The worked example, with a profile that differs, and what notes its turns."""
    text = PROFILE.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "mytool.yaml").write_text(text)
    turns = Turns()
    async with oddhr_rig(str(folder / "mytool.yaml")) as rig, open_session() as session:
        given: Any = ADAPTER.settings.model_validate(rig.settings(rig.origin) | more)
        async with ADAPTER.connect(given, Tools(session, pace=turns.pace)) as target:
            yield rig, target, turns


async def send(target: Target, *changes: Change | None) -> None:
    for change in changes:
        assert change
        await target.send([change], Always())


async def test_only_its_requests_keep_to_a_rate(tmp_path: Path) -> None:
    """A rate of queries == each page and look-up takes a turn, and neither sign-in, reading nor writing."""
    pages = "pages: {by: cursor, size: 50, at: result.next}", "pages: {by: cursor, size: 2, at: result.next}"
    async with oddhr(tmp_path, pages) as (rig, target, turns):
        await send(target, *(target.change(person(rig, number), None) for number in range(5)))
        turns.since()
        assert [page.whole async for page in target.inventory(Kind.PERSON)] == [False, False, True]
        assert turns.since() == ["queries"] * 3
        assert len(await target.having(person(rig, 1).key, "mail", "ana.mueller1@example.com")) == 1
        assert turns.since() == ["queries"]
        assert await target.read(person(rig, 1).key, "P1")
        await send(target, target.change(team(rig, 1, []), None))
        assert turns.since() == []
        assert turns.rates == {"queries": 10}


async def test_pages_that_an_answer_names_keep_to_the_rate_of_their_list(tmp_path: Path) -> None:
    """A list goes on at the address in its header Link == each page takes a turn."""
    changes = ("requests: [POST /people/query]", "requests: [GET /circles]"), ("size: 20}", "size: 2}")
    async with oddhr(tmp_path, *changes) as (rig, target, turns):
        await send(target, *(target.change(team(rig, number, []), None) for number in range(5)))
        turns.since()
        assert len([page async for page in target.inventory(Kind.TEAM)]) == 3
        assert turns.since() == ["queries"] * 3


@pytest.mark.parametrize(("counts", "taken"), [("one", 1), ("each", 3)])
async def test_a_rate_of_methods(tmp_path: Path, counts: str, taken: int) -> None:
    """POST and PUT == one turn of a batch that counts as one, else one of each in it; GET takes none."""
    queries = PROFILE.read_text().partition("rates:\n")[2].partition("shows_within")[0]
    changes = (f"rates:\n{queries}", CALLS), ("counts: one", f"counts: {counts}")
    async with oddhr(tmp_path, *changes) as (rig, target, turns):
        await target.size()
        created = [change for n in range(3) if (change := target.change(person(rig, n), None))]
        turns.since()
        await target.send(created, Always())
        assert turns.since() == ["calls"] * taken
        assert await target.read(person(rig, 1).key, "P1")
        assert turns.since() == []
        assert turns.rates == {"calls": 3}


async def test_bridge_yaml_sets_a_rate(tmp_path: Path) -> None:
    """`rates` of the target == that, not the profile's; an unknown name is refused with the nearest."""
    async with oddhr(tmp_path, rates={"queries": 0.5}) as (_, _, turns):
        assert turns.rates == {"queries": 0.5}
    with pytest.raises(ValueError, match=r"has rates\.query, which .*; did you mean queries"):
        async with oddhr(tmp_path, rates={"query": 1}):
            pass
    with pytest.raises(ValueError, match="greater than 0"):
        async with oddhr(tmp_path, rates={"queries": 0}):
            pass


async def test_all_workers_share_a_rate(backend: Backend) -> None:
    """One query in twenty seconds == one worker's goes, the other's waits; what else is asked does not."""
    async with oddhr_rig() as rig, open_session() as session:
        given = {**rig.settings(rig.origin), "rate": 1000, "rates": {"queries": 0.05}}
        settings: Any = ADAPTER.settings.model_validate(given)
        route = Route("hr", settings, ADAPTER.fitted(settings).mapping)
        one, other = (open_target(route, backend, session).target for _ in range(2))
        await one.size()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.size(), 0.2)
        async with asyncio.timeout(15):
            await asyncio.gather(*(each.read(person(rig, 1).key, "P1") for each in (one, other) * 5))
        assert rig.oddhr.asked.count("POST /api/people/query") == 1


@pytest.mark.parametrize(
    ("expression", "headers", "seconds"),
    [
        ("number(body.again_in_ms) / 1000.0", {}, 7.5),
        ('number(headers["x-at"]) - now', {"X-At": "1700000042", "Date": DATE}, 42),
        ('number(headers["x-wait"])', {"X-Wait": "11", "Retry-After": "9"}, 11),
        ('number(headers["x-wait"])', {"Retry-After": "9"}, 9),
        ('number(headers["x-wait"])', {"X-Wait": "soon", "X-RateLimit-Reset": "13"}, 13),
        ('number(headers["x-wait"])', {}, 5),
        ("0 - 3", {}, None),
        ("1e300", {}, 3600),
    ],
)  # fmt: skip
async def test_how_long_it_is_left_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expression: str,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    """What the profile reads == that; no number there == what the usual headers say, else 5 s."""

    async def slow(_self: OddHR, _request: web.Request) -> web.Response:
        body = {"ok": False, "code": "SLOW_DOWN", "again_in_ms": 7500}
        return web.json_response(body, headers=headers)

    monkeypatch.setattr(OddHR, "person", slow)
    change = "wait: number(body.again_in_ms) / 1000.0", f"wait: '{expression}'"
    async with oddhr(tmp_path, change) as (rig, target, _):
        with pytest.raises(TryLater) as caught:
            await target.read(person(rig, 1).key, "P1")
        assert caught.value.after == (seconds if seconds is not None else 0)
