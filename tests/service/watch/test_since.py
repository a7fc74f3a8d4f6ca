"""Since when something waits, as metrics tell it: from the poll that found it until it has arrived."""

from __future__ import annotations

from bridge.metrics import Metrics
from bridge.store.gate import HALTED, MAINTENANCE
from tests.polling import Watch, approve, ids, people, with_leavers

PENDING = "oldest_pending_timestamp_seconds"
LEAVER = "oldest_leaver_timestamp_seconds"
HOLD = "oldest_hold_timestamp_seconds"


async def told(watch: Watch, name: str, **labels: str) -> float | None:
    """What one metric is, as a scrape now would show it."""
    metrics = Metrics()
    await metrics.standing.read(watch.backend, ["directory"])
    labels = labels or {"target": "directory"}
    return metrics.registry.get_sample_value(f"kenjo_bridge_{name}", labels)


async def test_pending_is_as_old_as_the_oldest_that_has_not_arrived(watch: Watch) -> None:
    """Pending at two polls, 60 s apart == the first one's time; delivered == nothing is told."""
    assert await told(watch, PENDING) is None
    first = watch.clock.now
    await watch.poll(*people(ids(10), title="Lead"))
    watch.clock.now += 60
    await watch.poll(*people(ids(10), title="Head"))
    assert await told(watch, PENDING) == first
    await watch.work()
    assert await told(watch, PENDING) is None


async def test_a_held_leaver_is_as_old_as_the_poll_that_found_them(watch: Watch) -> None:
    """8 of 10 leave and are held == leavers and a hold of that time, nothing pending; closed == none."""
    left = watch.clock.now
    await watch.poll(*with_leavers(8))
    watch.clock.now += 60
    await watch.poll(*with_leavers(8))
    assert await told(watch, LEAVER) == left
    assert await told(watch, HOLD) == left
    assert await told(watch, PENDING) is None
    await approve(watch)
    await watch.poll()
    await watch.work()
    assert await told(watch, LEAVER) is None
    assert await told(watch, HOLD) is None


async def test_a_target_is_up_while_nothing_is_wrong_with_it(watch: Watch) -> None:
    """Resting at a person's word == up; halted == down, and the gate names the one state that it is in."""
    gate = watch.backend.gate("directory")
    await gate.rest("a new release", None)
    assert await told(watch, "target_up") == 1
    assert await told(watch, "target_gate", target="directory", state=MAINTENANCE) == 1
    await gate.resume()
    await gate.pause(HALTED, "401")
    assert await told(watch, "target_up") == 0
    assert await told(watch, "target_gate", target="directory", state=HALTED) == 1
    assert await told(watch, "target_gate", target="directory", state="open") == 0
