"""Records that a target refuses, and faults that pass: parked, tried again, or left alone."""

from __future__ import annotations

from bridge.config.settings import RetrySettings
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person
from workers.testing.proxy import answer, at, dropped, echo, page

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


async def test_one_bad_record_does_not_stop_another(run: Delivery) -> None:
    """The directory refuses Ana with 400 == Ana is parked with its words, Ben is created."""
    await run.know(person("ana"), person("ben"))
    run.proxy.fail(at("POST", echo(400)))
    await run.deliverer.deliver(ANA)
    await run.deliverer.deliver(BEN)
    entry = await run.entry("ana")
    assert entry.state is State.FAILED
    assert "400" in entry.reason
    assert [user["externalId"] for user in await run.users()] == ["ben"]


async def test_a_failure_names_no_value(run: Delivery) -> None:
    """The directory repeats everything it was sent in its error == none of it is in the ledger's reason."""
    await run.know(person("ana", name="Planted", email="planted@example.com", title="Planted title"))
    run.proxy.fail(at("POST", echo(400)))
    await run.deliverer.deliver(ANA)
    reason = (await run.entry("ana")).reason
    assert "lanted" not in reason
    assert "Muster" not in reason


async def test_a_refusal_of_a_read_names_no_value(run: Delivery) -> None:
    """The directory names the person when its account is read == the name is not in the ledger's reason."""
    await run.deliver(person("ana", name="Planted"))
    run.proxy.fail(answer(400, '{"detail": "Planted Muster is locked"}'))
    await run.deliver(person("ana", name="Planted", title="Lead"))
    reason = (await run.entry("ana")).reason
    assert "is locked" in reason
    assert "Planted" not in reason


async def test_a_parked_record_is_tried_again_when_it_changes(run: Delivery) -> None:
    """Parked, then changed in Kenjo == delivered."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", answer(400)))
    await run.deliverer.deliver(ANA)
    await run.deliver(person("ana", title="Lead"))
    assert (await run.entry("ana")).state is State.APPLIED


async def test_a_parked_record_is_left_alone(run: Delivery) -> None:
    """Parked, and nothing has changed == no request."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", answer(400)))
    await run.deliverer.deliver(ANA)
    run.proxy.seen.clear()
    await run.deliverer.deliver(ANA)
    assert run.proxy.seen == []


async def test_throttling_waits_as_long_as_asked(run: Delivery) -> None:
    """429 with Retry-After: 90 == the next try is due after 90 seconds and not before."""
    await run.know(person("ana"))
    run.proxy.fail(answer(429, Retry_After="90"))
    await run.deliverer.deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, entry.retry_at) == (State.RETRYING, run.clock.now + 90)


async def test_waiting_grows_and_ends(backend: Backend) -> None:
    """A target that answers 500 for ever == growing waits, then parked as failed."""
    async with delivery(backend, retry=RetrySettings(first=1, longest=8, attempts=6)) as run:
        await run.know(person("ana"))
        run.proxy.fail_always(answer(500))
        waits = []
        for _ in range(6):
            await run.deliverer.deliver(ANA)
            waits.append((await run.entry("ana")).retry_at - run.clock.now)
        assert [low <= wait <= 2 * low for low, wait in zip((0.5, 1, 2, 4, 4), waits, strict=False)] == [
            True
        ] * 5
        entry = await run.entry("ana")
        assert entry.state is State.FAILED
        assert "gave up after 6 attempts" in entry.reason


async def test_an_unreachable_target_uses_up_no_attempts(backend: Backend) -> None:
    """No answer at all, more often than the attempts allow == still to be tried."""
    async with delivery(backend, retry=RetrySettings(attempts=2)) as run:
        await run.know(person("ana"))
        run.proxy.fail_always(dropped)
        for _ in range(4):
            await run.deliverer.deliver(ANA)
        assert (await run.entry("ana")).state is State.RETRYING


async def test_refused_credentials_pause_the_target(run: Delivery) -> None:
    """401 == the target is paused with the reason, and no further request is sent."""
    await run.know(person("ana"), person("ben"))
    run.proxy.fail(answer(401))
    await run.deliverer.deliver(ANA)
    run.proxy.seen.clear()
    await run.deliverer.deliver(BEN)
    paused = await run.deliverer.gate.paused()
    assert (paused["state"], run.proxy.seen) == ("halted", [])
    assert "401" in paused["reason"]


async def test_a_page_instead_of_json_is_a_passing_fault(run: Delivery) -> None:
    """A gateway's HTML with 200 == nothing is created, tried again later."""
    await run.know(person("ana"))
    run.proxy.fail(page())
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.RETRYING
    assert run.proxy.writes == []


async def test_an_expression_that_fails_parks_that_person(backend: Backend) -> None:
    """A mapping that cannot be evaluated for Ana == Ana parked, Ben created."""
    async with delivery(backend, map={"title": "person.work.jobTitle + 'x'"}) as run:
        await run.deliver(person("ana", title=None), person("ben"))
        assert (await run.entry("ana")).state is State.FAILED
        assert (await run.user("ben"))["title"] == "Clerkx"
