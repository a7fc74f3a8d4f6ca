"""Deliveries to a target that answers for a while that what it has just made is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.errors import TryLater
from bridge.exchange import Remote, Wanted
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Kind, State
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery, person
from tests.workers.targets.shelf import ADAPTER, LOOKED_UP, Shelf, ShelfTarget
from workers.targets.base import Abilities

HOUR = 3600.0
ANA = Key(Kind.PERSON, "ana")


class LateTarget(ShelfTarget):
    """A shelf on which nothing is seen as long as it is `dark`."""

    can = Abilities(late=True)
    dark = True

    fails = False
    """Whether looks end without an answer."""

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        if self.fails:
            raise TryLater("no answer")
        return [] if self.dark else await super().find(wanted, thorough=thorough)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        return None if self.dark else await super().read(key, remote_id)


class _Killed(BaseException):
    """The worker ends."""

    @staticmethod
    async def settle(*_: object) -> None:
        raise _Killed


@dataclass(frozen=True)
class Late:
    """Deliveries of Ana, each of which knows only what the ledger tells, as another worker's would."""

    run: Delivery
    shelf: Shelf
    target: LateTarget

    async def again(self, *, after: float) -> Entry:
        """Deliver her once more, as a retry does."""
        self.run.clock.now += after
        await self.run.deliverer.deliver(ANA)
        return await self.run.entry("ana")

    @property
    def accounts(self) -> list[dict[str, object]]:
        return list(self.shelf.things(Kind.PERSON).values())


@pytest.fixture
async def late(backend: Backend, tmp_path: Path) -> AsyncIterator[Late]:
    shelf = Shelf()
    async with delivery(backend) as run:
        given = {"kind": "shelf", "path": tmp_path, "rate": 1000.0, "create_shows_within": HOUR}
        route = Route(TARGET, ADAPTER.settings.model_validate(given), ADAPTER.mapping)
        target = LateTarget(shelf)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=target)
        yield Late(run, shelf, target)


async def test_a_leaver_whose_account_is_not_shown_yet(late: Late) -> None:
    """She leaves at once, and her account is answered with 404 == not called closed before it is."""
    await late.run.deliver(person("ana"), person("ana", lifecycle="left"))
    assert (await late.again(after=60)).state is State.RETRYING
    late.target.dark = False
    assert (await late.again(after=60)).state is State.REMOVED
    assert [one["active"] for one in late.accounts] == [False]


async def test_another_address_before_the_account_is_shown(
    late: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is found under the new address, and only addresses are unique == no second account is made."""
    monkeypatch.setitem(LOOKED_UP, Kind.PERSON, ("userName",))
    await late.run.deliver(person("ana"), person("ana", email="ana.muster@example.com"))
    assert (await late.again(after=60)).state is State.RETRYING
    late.target.dark = False
    assert (await late.again(after=60)).state is State.APPLIED
    assert [one["userName"] for one in late.accounts] == ["ana.muster@example.com"]


@pytest.mark.parametrize(("crashes", "fails"), [(False, False), (True, False), (True, True)])
async def test_a_create_without_an_answer(
    late: Late, monkeypatch: pytest.MonkeyPatch, *, crashes: bool, fails: bool
) -> None:
    """Lost with the answer, or with the worker; then another address == no second account is made.

    Also where the first look after a crash `fails`.
    """
    monkeypatch.setitem(LOOKED_UP, Kind.PERSON, ("userName",))
    late.shelf.lose()
    if crashes:
        monkeypatch.setattr(late.run.deliverer.ledger, "settle", _Killed.settle)
        with pytest.raises(_Killed):
            await late.run.deliver(person("ana"))
        monkeypatch.undo()
        monkeypatch.setitem(LOOKED_UP, Kind.PERSON, ("userName",))
        late.run.clock.now += HOUR
    else:
        await late.run.deliver(person("ana"))
    await late.run.know(person("ana", email="ana.muster@example.com"))
    if fails:
        late.target.fails = True
        await late.again(after=60)
        late.target.fails = False
    assert (await late.again(after=60)).state is State.RETRYING
    assert len(late.shelf.writes) == 1
    late.target.dark = False
    monkeypatch.setitem(LOOKED_UP, Kind.PERSON, ("externalId",))
    assert (await late.again(after=30)).state is State.APPLIED
    assert [one["userName"] for one in late.accounts] == ["ana.muster@example.com"]


async def test_a_create_that_never_came(late: Late) -> None:
    """Its answer was an error, and nothing ever shows == created two minutes later."""
    late.shelf.lose()
    await late.run.deliver(person("ana"))
    late.shelf.things(Kind.PERSON).clear()
    assert (await late.again(after=100)).state is State.RETRYING
    assert late.accounts == []
    assert (await late.again(after=30)).state is State.APPLIED
    assert len(late.accounts) == 1


async def test_an_account_that_is_deleted_there(late: Late) -> None:
    """It is not there when it has to be shown == made anew."""
    await late.run.deliver(person("ana"))
    late.shelf.things(Kind.PERSON).clear()
    late.target.dark = False
    await late.run.deliver(person("ana", title="Boss"))
    assert late.accounts == []
    assert (await late.again(after=HOUR + 1)).state is State.APPLIED
    assert len(late.accounts) == 1
