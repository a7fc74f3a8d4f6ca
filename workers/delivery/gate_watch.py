"""Watches the gate of one target: probes it while it does not answer, and goes on when a pause has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.exceptions import RedisError

from bridge.errors import StoreUnavailable, TryLater, unforeseen
from bridge.logs import get_logger
from bridge.store.gate import UNREACHABLE
from bridge.store.queue import Due
from workers.delivery.deliver import Deliverer

log = get_logger("watch")

CHECK_INTERVAL = 1.0  # seconds between looks at the gate
FIRST_GAP = (
    5.0  # seconds to the first probe of a target that does not answer; each further gap is twice as long
)
LONGEST_GAP = 300.0


async def watch(deliverer: Deliverer, beat: Callable[[], None] = lambda: None) -> None:
    """Run until cancelled."""
    paused, gap, said = False, FIRST_GAP, ""
    while True:
        await asyncio.sleep(CHECK_INTERVAL)
        beat()
        try:
            state = (await deliverer.gate.paused()).get("state")
            if state == UNREACHABLE and await deliverer.gate.may_probe(gap):
                gap = min(gap * 2, LONGEST_GAP)
                if await answers(deliverer):
                    await deliverer.gate.resume()
                    deliverer.observer.resumed(deliverer.route.name)
                    state = None
            if state is None:
                gap = FIRST_GAP
                if paused:
                    await ask_again(deliverer)
            paused = state is not None
        except (RedisError, OSError, StoreUnavailable):
            continue  # the worker's own loop says that Redis is away
        except Exception as error:  # noqa: BLE001 - the other targets are watched on, whatever it is
            if (reason := str(unforeseen(error))) != said:
                log.warning("gate cannot be watched", target=deliverer.route.name, reason=reason)
            said = reason


async def answers(deliverer: Deliverer) -> bool:
    """Whether the target answers at all; what it says does not matter here."""
    try:
        await deliverer.target.check()
    except TryLater as error:
        return not error.unreachable
    except RedisError:
        raise
    except Exception:  # noqa: BLE001 - it has answered, if with something that nobody foresaw
        return True
    return True


async def ask_again(deliverer: Deliverer) -> None:
    """Let everything pending be looked at: what waits for its next try may have waited for the target."""
    ranks = await deliverer.ledger.pending()
    due = [Due(key, rank) for key, rank in ranks.items()]
    await deliverer.queue.add(deliverer.route.name, due, deliverer.clock())
