"""Whatever a target raises or answers is one record's failure, in a sentence, and everything else goes on."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bridge.config.settings import RetrySettings
from bridge.errors import BridgeError, ConfigurationError, TryLater, WriteRefused
from bridge.exchange import Applied
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, Kind, Outcome, State, Stored
from bridge.store.backend import Backend
from service.watch.poller import Poller
from tests.delivery import TARGET, Delivery, person
from tests.odd_answers import ANSWERS, saying
from tests.polling import Script
from tests.workers.gating import other, state, until, working
from workers.connect import open_target
from workers.delivery.deliver import Deliverer
from workers.delivery.first_contact import FirstContact
from workers.delivery.gate_watch import answers
from workers.targets.base import Target

ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")
PLANTED = "planted"

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Raising:
    """Stands before a target: raises at one method, for everybody or for the record with one id."""

    def __init__(self, target: Target, method: str, error: BaseException, only: str = "") -> None:
        self._target = target
        self._method = method
        self._error = error
        self._only = only

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self._target, name)

        async def method(*arguments: Any, **named: Any) -> Any:
            if self._only and self._only not in str(arguments):
                return await getattr(self._target, name)(*arguments, **named)
            raise self._error

        return method


def raising(run: Delivery, method: str, error: BaseException, only: str = "") -> Deliverer:
    target: Any = Raising(run.deliverer.target, method, error, only)
    return dataclasses.replace(run.deliverer, target=target)


class Planted(Exception):
    """An exception that no library knows."""


ERRORS: list[type[Exception]] = [
    Planted, AssertionError, AttributeError, EOFError, ExceptionGroup, FileNotFoundError, IndexError,
    KeyError, MemoryError, NotImplementedError, OSError, OverflowError, RecursionError, RuntimeError,
    StopAsyncIteration, SystemError, TimeoutError, TypeError, ValueError, ZeroDivisionError,
    ConfigurationError, WriteRefused,
]  # fmt: skip


def planted(kind: type[Exception]) -> Exception:
    return ExceptionGroup(PLANTED, [KeyError(PLANTED)]) if kind is ExceptionGroup else kind(PLANTED)


@quick
@given(error=st.sampled_from(ERRORS), method=st.sampled_from(["find", "send"]))
async def test_an_exception_is_an_attempt_of_its_record(
    run: Delivery, error: type[Exception], method: str
) -> None:
    """Any exception at any verb == an attempt of that record, by its class, and its neighbour is served."""
    await run.lease.acquire()  # so that there is something to forget
    await run.forget_everything()
    await run.know(person("ana"), person("ben"))
    deliverer = raising(run, method, planted(error), only="id='ana'")
    for number in (1, 2):
        await deliverer.deliver(ANA)
        entry = await run.entry("ana")
        assert (entry.state, entry.attempts) == (State.RETRYING, number)
        if not issubclass(error, BridgeError):  # whose texts are ours
            assert ("KeyError" if error is ExceptionGroup else error.__name__) in entry.reason
            assert PLANTED not in entry.reason
    await deliverer.deliver(BEN)
    assert (await run.entry("ben")).state is State.APPLIED
    assert await state(run) == "running"


async def test_it_ends(run: Delivery) -> None:
    """An exception at each of three attempts == parked, with the class; `failures retry` may try again."""
    await run.know(person("ana"))
    deliverer = raising(run, "find", KeyError(PLANTED))
    deliverer = dataclasses.replace(deliverer, retry=RetrySettings(attempts=3))
    for _ in range(3):
        await deliverer.deliver(ANA)
    entry = await run.entry("ana")
    assert entry.state is State.FAILED
    assert "gave up after 3 attempts" in entry.reason
    assert "KeyError" in entry.reason


async def test_a_removal_that_raises(run: Delivery) -> None:
    """An exception when a leaver is deactivated == retrying, and the account is still known."""
    await run.deliver(person("ana"))
    await run.know(person("ana", lifecycle="left"))
    await raising(run, "read", ZeroDivisionError(PLANTED)).deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, entry.attempts) == (State.RETRYING, 1)
    assert await run.deliverer.ledger.linked() == {"person:ana"}


async def test_what_cannot_be_written_is_a_failure_too(run: Delivery) -> None:
    """An id that is half a letter, which no JSON can hold == that record's attempt."""

    class Odd(Raising):
        async def send(self, *_arguments: Any) -> list[Applied]:
            return [Applied("\ud83d", Outcome.CREATED)]

    await run.know(person("ana"))
    odd: Any = Odd(run.deliverer.target, "", ValueError())
    await dataclasses.replace(run.deliverer, target=odd).deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, entry.attempts) == (State.RETRYING, 1)


@pytest.mark.parametrize("method", ["size", "find", "check", "send"])
async def test_one_target_with_a_bug_stops_no_other(run: Delivery, method: str) -> None:
    """A target that raises from its first contact on == the workers live, the other target is served."""
    await run.know(person("ana"), person("ben"))
    await run.create(
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "else@example.com"}
    )
    async with aiohttp.ClientSession() as session:
        good = other(run, "good", session)
        bad = raising(run, method, RuntimeError(PLANTED))
        with capture_logs() as logs:
            async with working([bad, good], run.backend):
                await _asked(run, "good", TARGET)

                async def is_served() -> bool:
                    return len(await good.ledger.linked()) == 2

                await until(is_served, 30)
                await asyncio.sleep(1.2)  # a look of the gate's watch
    assert PLANTED not in str(logs)


async def test_a_look_at_redis_that_raises(run: Delivery) -> None:
    """An exception when it is asked whether Redis is ready == the worker waits, and serves afterwards."""
    looks = iter([KeyError(PLANTED)])

    class Blind(Backend):
        async def ready(self) -> None:
            if error := next(looks, None):
                raise error
            await Backend.ready(self)

    await run.know(person("ana"))
    with capture_logs() as logs:
        async with working([run.deliverer], Blind(run.backend.redis, run.backend.keys, run.backend.codec)):
            await _asked(run, TARGET)

            async def is_served() -> bool:
                return bool(await run.deliverer.ledger.linked())

            await until(is_served, 20)
    (waits,) = [log["reason"] for log in logs if log["event"] == "worker waits"]
    assert "KeyError" in waits
    assert PLANTED not in str(logs)


async def _asked(run: Delivery, *targets: str) -> None:
    from tests.workers.gating import ask

    for target in targets:
        await ask(run.backend, target, [ANA, BEN])


async def test_a_bug_at_first_contact_is_said_once_and_pauses(run: Delivery) -> None:
    """Three surveys that raise == the target waits to be probed; one sentence in the log."""
    await run.know(person("ana"))
    contact = FirstContact(raising(run, "size", RuntimeError(PLANTED)), run.backend)
    with capture_logs() as logs:
        assert [await contact.passed() for _ in range(4)] == [False] * 4
    assert await state(run) == "unreachable"
    assert [log["event"] for log in logs].count("first contact failed") == 1
    assert PLANTED not in str(logs)


async def test_one_look_up_that_always_fails_stops_no_first_contact(run: Delivery) -> None:
    """Of four people one cannot be looked up, ever == first contact is over after some passes."""
    await run.know(*(person(id_) for id_ in ("ana", "ben", "cleo", "dora")))
    await run.create(
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "else@example.com"}
    )
    contact = FirstContact(raising(run, "find", TryLater("answered 500"), only="id='ana'"), run.backend)
    assert [await contact.passed() for _ in range(6)] == [False] * 5 + [True]


async def test_a_probe_that_raises_is_an_answer(run: Delivery) -> None:
    """A check that raises what nobody foresaw == the target is there."""
    assert await answers(raising(run, "check", KeyError(PLANTED)))


class _Broken(Route):
    """A route with a bug."""

    def intend(self, *_arguments: Any, **_named: Any) -> Any:
        raise KeyError(PLANTED)


async def test_one_target_that_cannot_be_judged_stops_no_poll(run: Delivery) -> None:
    """A bug in one target's decision == the others are polled for; a problem names the target."""
    kenjo = Script()
    kenjo.say(person("ana"))
    good = run.deliverer.route
    bad = _Broken("bad", good.settings, {"person": {"userName": "person.account.email"}})
    poller = Poller(kenjo, run.backend, {"bad": bad, TARGET: good}, Metrics(), interval=1.0)
    assert await poller.lease.acquire()
    poll = await poller.poll_once()
    assert [target.route.name for target in poll.targets] == [TARGET]
    assert [(p.list, p.id) for p in poll.snapshot.problems] == [("targets", "bad")]
    assert "KeyError" in poll.snapshot.problems[0].reason
    assert PLANTED not in poll.snapshot.problems[0].reason
    assert await run.backend.redis.zcard(run.backend.queue.name(TARGET)) == 1
    seen = await run.backend.records.last_snapshot()
    assert seen
    assert seen["problem_count"] == 1


class _Odd(Route):
    """A route that cannot decide about Ana."""

    def _removable(self, stored: Stored) -> Any:
        if stored.record.key == ANA:
            raise KeyError(PLANTED)
        return super()._removable(stored)


async def test_one_record_that_cannot_be_decided_stops_no_other(run: Delivery) -> None:
    """A bug in the decision about Ana == Ana is parked with the class, Ben is asked for and delivered."""
    good = run.deliverer.route
    odd = _Odd(TARGET, good.settings, {"person": _sources(run)})
    kenjo = Script()
    kenjo.say(person("ana"), person("ben"))
    poller = Poller(kenjo, run.backend, {TARGET: odd}, Metrics(), interval=1.0)
    assert await poller.lease.acquire()
    poll = await poller.poll_once()
    assert poll.snapshot.problems == ()
    assert {ANA, BEN} <= poll.targets[0].pending
    for key in (ANA, BEN):
        await dataclasses.replace(run.deliverer, route=odd).deliver(key)
    entry = await run.entry("ana")
    assert (entry.state, "KeyError" in entry.reason, PLANTED in entry.reason) == (State.FAILED, True, False)
    assert (await run.entry("ben")).state is State.APPLIED


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(ANSWERS | st.binary(max_size=30), min_size=1, max_size=4), linked=st.booleans())
async def test_any_answer_ends_in_the_ledger(run: Delivery, said: list[bytes], linked: bool) -> None:
    """Any bytes as answers to look-ups, creates, changes == an entry with a sentence, or a paused target."""
    await run.lease.acquire()  # so that there is something to forget
    await run.forget_everything()
    await run.know(person("ana", name=PLANTED))
    if linked:
        await run.deliverer.ledger.link(ANA, "1")
    async with saying(*said) as address, aiohttp.ClientSession() as session:
        settings_ = run.deliverer.route.settings.model_copy(update={"base_url": address, "timeout": 2.0})
        route = Route(TARGET, settings_, {"person": _sources(run)})
        deliverer = dataclasses.replace(
            run.deliverer, route=route, target=open_target(route, run.backend, session).target
        )
        await deliverer.deliver(ANA)
        for ask in (deliverer.target.check, deliverer.target.size):
            await _one_of_ours(ask)
    entry = await run.deliverer.ledger.entry(ANA)
    assert entry or await state(run) != "running"
    if entry:
        assert len(entry.reason) < 400
        assert PLANTED not in entry.reason


def _sources(run: Delivery) -> dict[str, str]:
    return {name: one.source for name, one in run.deliverer.route.maps[Kind.PERSON].items()}


async def _one_of_ours(ask: Callable[[], Awaitable[object]]) -> None:
    try:
        await ask()
    except BridgeError as error:
        assert len(str(error)) < 400  # noqa: PT017 - most answers are no error
