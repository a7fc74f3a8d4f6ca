"""Bugs that are planted on purpose, to see that the simulation finds each of them. For tests only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import bridge.store.records
import service.operations.assembly
import service.watch.pending
import service.watch.poller
import workers.delivery.apply
import workers.delivery.counting
import workers.delivery.matching
from bridge.exchange import Remote
from bridge.model import Entry, Key, State, Stored
from bridge.store import Gate, Keys, Ledger
from bridge.store.unbroken import Unbroken
from bridge.store.witness import Witness
from tests.simulation.bug import Bug, Patch
from tests.simulation.odds import Odds
from tests.simulation.tempers.bugs import BUGS_OF_TEMPERS
from workers.delivery.deciding import Decider
from workers.delivery.elsewhere import Elsewhere


def _never_overlap(odds: Odds) -> bool:
    """Whether two deliveries of a record hardly overlap: nothing but the bug makes a second account."""
    return not (odds.freeze or odds.delay or odds.lag or odds.redis_restored or odds.clock or odds.leap)


async def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _all_gone(_: Any, ids: Iterable[str]) -> dict[str, bool | None]:
    return dict.fromkeys(ids, False)


async def _no_names(*_: Any) -> list[str]:
    return []


async def _no_records(*_: Any) -> dict[Key, int]:
    return {}


async def _always(*_: Any) -> bool:
    return True


async def _undisturbed(witness: Witness) -> bool:
    await witness.leave()
    return True


_IS_BEHIND = service.watch.pending.is_behind
_CANDIDATES = workers.delivery.matching.candidates
_AT = Keys.at


def _not_for_retries(stored: Stored, entry: Entry | None, *rest: Any) -> bool:
    return (entry is None or entry.state is not State.RETRYING) and _IS_BEHIND(stored, entry, *rest)


def _first_of_several(matches: Sequence[Remote]) -> list[Remote]:
    return _CANDIDATES(matches)[:1]


def _shared_gate(self: Keys, target: str, name: str) -> str:
    return _AT(self, "all" if name in ("state", "faults", "throttle") else target, name)


def _scripted(module: Any, name: str, line: str, instead: str = "") -> Callable[[], Patch]:
    text: str = getattr(module, name)
    assert line in text
    return lambda: patch.object(module, name, text.replace(line, instead))


@contextmanager
def _both(*patches: Patch) -> Iterator[None]:
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


BUGS: dict[str, Bug] = {
    **BUGS_OF_TEMPERS,
    "lists-only": Bug(
        "WHOLE",
        "whoever the lists lack is believed to be gone",
        lambda: patch.object(service.operations.assembly.KenjoSource, "ask", _all_gone),
        lambda odds: odds.cut and not odds.forbidden,
        since=152,
    ),
    "forgotten-retry": Bug(
        "CONVERGES",
        "a retry whose job got lost is not asked for again",
        lambda: patch.object(service.watch.pending, "is_behind", _not_for_retries),
        lambda odds: odds.jobs or odds.throttled,
        since=2,
    ),
    "blind-create": Bug(
        "NO DUPLICATES",
        "an account is created without a look-up",
        lambda: patch.object(Decider, "_match", _nothing),
        lambda odds: not odds.unique and (odds.answer_lost or odds.crash),
        since=4,
    ),
    "no-guard": Bug(
        "NEVER BACKWARDS",
        "a worker writes without a look at its lock",
        lambda: patch.object(Ledger, "renew", _nothing),
        lambda odds: odds.freeze > 0.001,
        since=32,
    ),
    "no-fence": Bug(
        "NEVER BACKWARDS",
        "a service that lost its lease commits what it had read",
        _scripted(
            bridge.store.records, "_COMMIT", "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end"
        ),
        lambda odds: odds.unique and not odds.crash,
        odds={"late": 0.2},
    ),
    "no-limits": Bug(
        "HELD",
        "any number of people may be removed at once",
        lambda: patch.object(service.watch.pending, "excesses", lambda *_: ()),
        lambda odds: odds.many_leave,
        since=9,
    ),
    "no-window": Bug(
        "HELD",
        "what was removed a short time ago is forgotten",
        lambda: patch.object(Ledger, "done", _no_names),
        lambda odds: odds.many_leave,
        since=224,
    ),
    "uncounted": Bug(
        "HELD",
        "a worker removes people whom no poll has counted",
        lambda: patch.object(workers.delivery.counting, "covers", lambda *_: True),
        lambda odds: odds.many_leave or odds.answer_lost,
        since=84,
    ),
    "first-match": Bug(
        "OWNERSHIP",
        "of several accounts that match, the first one is taken",
        lambda: patch.object(workers.delivery.matching, "candidates", _first_of_several),
        lambda _: True,
        since=25,
    ),
    "any-match": Bug(
        "OWNERSHIP",
        "an account that is inactive, or carries another's id, is taken like any other",
        lambda: patch.object(workers.delivery.matching, "strange", lambda _: ""),
        lambda odds: odds.strangers,
        since=38,
    ),
    "unseen": Bug(
        "SEEN",
        "what a directory says that it did is believed",
        lambda: patch.object(workers.delivery.apply, "see_access", _nothing),
        lambda odds: odds.deaf,
        since=15,
    ),
    "unmissed": Bug(
        "CONVERGES",
        "what a directory was given for records that Redis has lost is forgotten",
        lambda: _both(
            patch.object(Ledger, "given", _no_records),
            patch("tests.simulation.faults.FAMILIES", ["records", "revisions"]),
        ),
        lambda odds: not odds.mistake,
        since=30,
        odds={"redis_partly": True},
    ),
    "unwatched": Bug(
        "CONVERGES",
        "a poll is short whatever has happened in Redis",
        lambda: patch.object(Witness, "undisturbed", _undisturbed),
        lambda _: True,
        since=52,
    ),
    "old-list": Bug(
        "NO DUPLICATES",
        "a list of accounts is believed although Redis has lost what was written since",
        lambda: patch.object(Unbroken, "lasts", _always),
        _never_overlap,
        odds={"unique": False, "redis_emptied": True},
    ),
    "one-gate": Bug(
        "ISOLATED",
        "a target that is down stops the others",
        lambda: patch.object(Keys, "at", _shared_gate),
        lambda odds: odds.second_target_down,
        since=19,
    ),
    "no-order": Bug(
        "ORDER",
        "a target does not wait for the one that it comes after",
        lambda: patch.object(Elsewhere, "check", _nothing),
        lambda _: True,
        since=0,
    ),
    "no-throttle": Bug(
        "BOUNDED",
        "a Retry-After is heard by one worker only",
        lambda: patch.object(Gate, "throttle", _nothing),
        lambda odds: odds.throttled,
        since=4,
    ),
}


@contextmanager
def planted(name: str | None, temper: str | None = None) -> Iterator[None]:
    """Run with a bug, or with none; at directories of one `temper`, or of those that the odds draw."""
    bug, drawn = BUGS.get(name or ""), Odds.draw
    odds: dict[str, Any] = dict(bug.odds) if bug else {}
    if bug or temper:
        odds["tempers"] = (temper or bug.temper,) * 2 if bug else (temper,) * 2
    with ExitStack() as stack:
        if bug:
            stack.enter_context(bug.plant())
        stack.enter_context(patch.object(Odds, "draw", lambda random: replace(drawn(random), **odds)))
        yield


def telling(name: str, seeds: Iterable[int]) -> Iterator[int]:
    """The seeds that have the faults which a bug needs to show."""
    return (seed for seed in seeds if BUGS[name].shows(Odds.of(seed)))
