"""What one poll let go may be under way when the next one counts: together they stay within the limit."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model import Key, Kind
from bridge.store.backend import Backend
from service.watch import poller
from tests.delivery import Delivery, delivery
from tests.polling import Watch, ids, inactive, people, start, with_leavers


def first_two_left() -> list[Any]:
    """Two of the ten have left."""
    return with_leavers(2)


def next_two_left() -> list[Any]:
    """Those two are back, and two others have left."""
    return [*people(ids(2)), *people(ids(2, 2), lifecycle="left"), *people(ids(6, 4))]


async def test_a_late_worker_asks_what_the_newest_poll_counted(run: Delivery, watch: Watch) -> None:
    """A removal was claimed, its person came back and two others left == theirs are done, and no third."""
    await watch.poll(*first_two_left())
    claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "p000"), "late")
    assert claim
    await watch.take()
    await watch.round(*next_two_left())
    run.proxy.seen.clear()
    await run.deliverer.carry(claim)
    assert run.proxy.writes == []
    assert await inactive(run) == ids(2, 2)
    await watch.round()
    assert (await run.entry("p000")).open is True
    assert await run.backend.holds.all() == []


async def test_a_late_worker_sees_what_is_held_since(run: Delivery, watch: Watch) -> None:
    """A removal was claimed, then two others leave too == it is held with them, and is not done."""
    await watch.poll(*with_leavers(1))
    claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "p000"), "late")
    assert claim
    await watch.poll(*with_leavers(3))
    await run.deliverer.carry(claim)
    assert await inactive(run) == []
    assert (await watch.hold()).count == 3


@pytest.mark.parametrize("step", ["assess", "keep_back"])
async def test_what_is_done_while_a_poll_counts(
    run: Delivery, watch: Watch, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Two return and two leave, and workers are at work in the middle of that poll == never more than two."""
    await watch.poll(*first_two_left())
    original, late = getattr(poller, step), await watch.take()

    async def slowly(*arguments: Any) -> Any:
        done = await original(*arguments)
        while late:
            await run.deliverer.deliver(late.pop())
        return done

    monkeypatch.setattr(poller, step, slowly)
    await watch.poll(*next_two_left())
    monkeypatch.undo()
    assert await inactive(run) == (ids(2) if step == "assess" else [])
    await watch.work()
    assert await inactive(run) == ([] if step == "assess" else ids(2, 2))
    await watch.round()
    await watch.round()
    assert await inactive(run) == ids(2, 2)
    assert await run.backend.holds.all() == []


async def test_what_was_done_is_counted_once(run: Delivery, watch: Watch) -> None:
    """Two leave and are closed; a day later two more == closed too: the first are not under way for ever."""
    await watch.round(*first_two_left())
    run.clock.now += 25 * 3600
    await watch.round(*with_leavers(4))
    assert await inactive(run) == ids(4)


async def test_a_late_deletion_asks_too(backend: Backend) -> None:
    """A deletion that is due was claimed, and its person came back == the account is there, and open."""
    removal = {"left": "delete", "after_days": 7}
    async with delivery(backend, removal=removal, rate=1000) as run:
        watch = await start(run, 10)
        await watch.round(*with_leavers(1))
        run.clock.now += 8 * 24 * 3600
        await watch.poll()
        claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "p000"), "late")
        assert claim
        assert claim.counted == "delete"
        former = (await run.user("p000"))["id"]
        await watch.poll(*people(ids(10)))
        await run.deliverer.carry(claim)
        await watch.round()
        assert (await run.user("p000"))["id"] == former
        assert await inactive(run) == []
