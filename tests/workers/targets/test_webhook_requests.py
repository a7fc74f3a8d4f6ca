"""How a receiver is called: address, headers, signatures, secrets that stay secret; and what it answers."""

from __future__ import annotations

import asyncio
import base64

import pytest

from bridge.errors import BridgeError, RecordRejected, TargetHalted, TryLater
from tests.workers.targets.webhook_rig import OTHER_SECRET, webhook_rig
from tests.workers.targets.webhook_server import PATH, SECRET, Receiver
from workers.targets.webhook.signing import stamp
from workers.testing.proxy import Proxy, answer, page
from workers.testing.rig import person, team


async def test_the_address_is_called_as_it_stands() -> None:
    """A slash at the end of the path and spelled-out signs of the query arrive as they were configured."""
    async with webhook_rig() as rig, rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        (request,) = rig.receiver.requests
    assert request.raw_path.startswith(PATH.partition("?")[0] + "?")
    assert dict(request.query) == {"sig": "p4Y+q/8=", "sp": "/triggers/run"}
    assert request.headers["Content-Type"] == "application/cloudevents+json"


async def test_secrets_that_are_replaced() -> None:
    """The new and the old secret sign at once == a receiver that knows one of them takes it; else none."""
    for known, taken in ((SECRET, True), (OTHER_SECRET, True), ("whsec_" + "A" * 32, False)):
        own = {"secret": OTHER_SECRET, "old_secrets": [SECRET]}
        async with webhook_rig(Receiver(secret=known), **own) as rig, rig.reached() as (target, _):
            if taken:
                await target.upsert(person(rig, 1), None)
            else:
                with pytest.raises(TargetHalted, match="refuses the address or a key"):
                    await target.upsert(person(rig, 1), None)


async def test_without_a_secret() -> None:
    """Not signed == no signature, which `check` says; the id and the time are there."""
    async with webhook_rig(Receiver(secret=None), secret=None) as rig, rig.reached() as (target, line):
        greeting = await target.check()
        assert not line.writes
        await target.upsert(person(rig, 1), None)
        (request,) = rig.receiver.requests
    assert "not signed" in greeting.facts[0]
    assert "set secret" in greeting.facts[1]
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-timestamp"].isdecimal()


async def test_headers_that_a_receiver_checks() -> None:
    """A header with a blank in it arrives; the wrong one == halted, as n8n answers 403 to it."""
    ours, theirs = {"Authorization": "Bearer abc def"}, {"Authorization": "Bearer else"}
    async with webhook_rig(Receiver(headers=ours), headers=ours) as rig, rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        rig.receiver.headers = theirs
        with pytest.raises(TargetHalted, match="answered 403"):
            await target.upsert(person(rig, 2), None)


async def test_plain_json() -> None:
    """`content_type: application/json` == the same body by that name, alone and in a list."""
    for batch, kind in ((1, dict), (5, list)):
        own = {"content_type": "application/json", "batch": batch}
        async with (
            webhook_rig(Receiver(only="application/json"), **own) as rig,
            rig.reached() as (target, line),
        ):
            await target.upsert(person(rig, 1), None)
            assert isinstance(line.writes[0].json(), kind)


async def test_each_attempt_has_its_own_time() -> None:
    """The same event a minute later == the same id, another time, a signature that fits it."""
    now = [1_700_000_000.9]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    give = stamp([key], lambda: now[0])
    first, now[0] = give({"webhook-id": "a"}, b"{}"), now[0] + 60
    second = give({"webhook-id": "a"}, b"{}")
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1700000000", "1700000060")
    assert first["webhook-signature"] != second["webhook-signature"]


async def test_a_signature_is_made_after_waiting() -> None:
    """A permit that is given late == the time is that of the request, and the receiver takes it."""

    class Late:
        async def ask(self, *, paced: bool = False) -> None:
            del paced
            await asyncio.sleep(1.1)

    async with webhook_rig() as rig, rig.reached() as (target, _):
        target.permit = Late()
        begun = asyncio.get_running_loop().time()
        await target.upsert(person(rig, 1), None)
        assert asyncio.get_running_loop().time() - begun > 1
        (request,) = rig.receiver.requests
        (event,) = rig.receiver.events
    assert int(request.headers["webhook-timestamp"]) * 1_000_000 > int(event["sequence"])


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (301, "", TargetHalted, "set url to the final address"),
        (400, '{"detail": "no such field"}', RecordRejected, "no such field"),
        (400, "Queue is full.", TryLater, "answered 400"),
        (401, "", TargetHalted, "compare url"),
        (403, "", TargetHalted, "headers and secret"),
        (404, "", TargetHalted, "/webhook-test/ only while somebody tests; .* has /webhook/"),
        (405, "", TargetHalted, "takes POST"),
        (408, "", TryLater, "408"),
        (409, "", RecordRejected, "409"),
        (410, "", TargetHalted, "wants no more events: set another url"),
        (413, "", RecordRejected, "see largest_event"),
        (415, "", TargetHalted, "set content_type"),
        (422, "", RecordRejected, "422"),
        (500, "", TryLater, "500"),
        (504, "", TryLater, "504"),
    ],
)
async def test_answers(status: int, body: str, error: type[BridgeError], says: str) -> None:
    """What each answer means for the record or the whole target, and what is to be done."""
    async with webhook_rig() as rig, rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        line.fail(answer(status, body))
        with pytest.raises(BridgeError, match=says) as caught:
            await target.upsert(person(rig, 1), None)
    assert type(caught.value) is error


async def test_any_answer_of_2xx_but_a_page() -> None:
    """Empty, text, JSON, half a page in the middle of a text == taken; a page of its own == a gateway's."""
    async with webhook_rig() as rig, rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        taken = [
            answer(204),
            answer(200, "ok", "text/html"),
            answer(202, "not JSON"),
            answer(200, "say <html>"),
        ]
        for number, fault in enumerate(taken):
            line.fail(fault)
            await target.upsert(person(rig, number), None)
        line.fail(page())
        with pytest.raises(TryLater, match="with a page"):
            await target.upsert(person(rig, 9), None)


async def test_a_wrong_path() -> None:
    """An address that the receiver does not have == halted, with what to compare."""
    async with webhook_rig() as rig:
        rig.own["url"] = f"{rig.origin}/webhook-test/kenjo"
        async with rig.reached() as (target, _):
            with pytest.raises(TargetHalted, match="not registered; nothing listens at this address"):
                await target.upsert(person(rig, 1), None)


async def test_a_large_group() -> None:
    """An event over `largest_event` == parked by its name, and nothing is sent; with a larger one it is."""
    members = [f"person:{number:024x}" for number in range(3000)]
    async with webhook_rig() as rig, rig.reached() as (target, line):
        with pytest.raises(RecordRejected, match=r"largest_event is 65536: raise it .* members: null"):
            await target.upsert(team(rig, 1, members), None)
        assert not line.writes
        await target.upsert(team(rig, 1, members[:2000]), None)
    async with webhook_rig(largest_event=100_000) as rig, rig.reached() as (target, line):
        await target.upsert(team(rig, 1, members), None)
        assert 65_536 < len(line.writes[0].body) <= 100_000
