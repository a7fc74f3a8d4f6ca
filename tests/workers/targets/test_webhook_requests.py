"""How a receiver is called: address, headers, signatures, secrets that stay secret; and what it answers."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from bridge.config.settings import BridgeSettings
from bridge.errors import BridgeError, ConfigurationError, RecordRejected, TargetHalted, TryLater
from service.operations.flows import record_of_processing, summary
from tests.workers.targets.proxy import Proxy, answer, echo, page
from tests.workers.targets.rig import person, team
from tests.workers.targets.webhook_rig import OTHER_SECRET, webhook_rig
from tests.workers.targets.webhook_server import PATH, SECRET, Receiver
from workers.connect import routes
from workers.targets.webhook.settings import WebhookSettings
from workers.targets.webhook.signing import stamp

PLANTED = "hunter2SignatureOfTheFlow"


def settings(**own: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"kind": "webhook", "url": "https://example.com/hook", **own})


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
        async def ask(self) -> None:
            await asyncio.sleep(1.1)

    async with webhook_rig() as rig, rig.reached() as (target, _):
        target.permit = Late()
        begun = asyncio.get_running_loop().time()
        await target.upsert(person(rig, 1), None)
        assert asyncio.get_running_loop().time() - begun > 1
        (request,) = rig.receiver.requests
        (event,) = rig.receiver.events
    assert int(request.headers["webhook-timestamp"]) * 1000 > int(event["sequence"])


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


async def test_secrets_are_in_no_text() -> None:
    """Keys in the address, the headers and the secret == in no repr, greeting, error, server or flow."""
    own = {
        "url": f"https://example.com/{PLANTED}/hook?sig={PLANTED}",
        "secret": "whsec_" + base64.b64encode(PLANTED.encode()).decode(),
        "headers": {"X-Key": PLANTED},
    }
    parsed = settings(**own)
    compiled = routes(BridgeSettings.model_validate({"targets": {"hook": {"kind": "webhook", **own}}}))
    texts = [repr(parsed), str(parsed), parsed.url, parsed.server, str(parsed.model_dump(mode="json"))]
    texts += [summary(compiled["hook"]), record_of_processing(compiled)]
    async with webhook_rig(Receiver(headers=own["headers"]), **{"headers": own["headers"]}) as rig:
        rig.own["url"] = f"{rig.origin}/{PLANTED}/hook?sig={PLANTED}"
        async with rig.reached() as (target, line):
            assert isinstance(line, Proxy)
            texts += (await target.check()).facts
            for fault in (echo(400), echo(401), echo(404), echo(500)):
                line.fail(fault)
                with pytest.raises(BridgeError) as caught:
                    await target.upsert(person(rig, 1), None)
                texts.append(str(caught.value))
    encoded = base64.b64encode(PLANTED.encode()).decode()
    for text in texts:
        assert not [secret for secret in (PLANTED, encoded) if secret.lower() in text.lower()], text


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"url": f"ftp://{PLANTED}"}, "must start with https://"),
        ({"url": f"https://{PLANTED}@example.com/hook"}, "must not have a user or password"),
        ({"url": f"https://example.com/hook#{PLANTED}"}, "must not have a # in it"),
        ({"secret": PLANTED}, "must start with whsec_; make one with: echo whsec_"),
        ({"secret": f"whsec_{PLANTED}!"}, "must be base64 behind whsec_"),
        ({"secret": "whsec_" + base64.b64encode(b"x" * 23).decode()}, "must be 24 to 64 bytes"),
        ({"secret": "whsec_" + base64.b64encode(b"x" * 65).decode()}, "must be 24 to 64 bytes"),
        ({"old_secrets": [PLANTED]}, "must start with whsec_"),
        ({"headers": {"X-Key": f"{PLANTED}\nX-Other: 1"}}, "must be one line of ASCII"),
        ({"headers": {"X Key": PLANTED}}, "has a name that no header can have"),
        ({"headers": {"Webhook-Id": PLANTED}}, "has 'webhook-id', which the bridge gives itself"),
        ({"source": f"a b {PLANTED}"}, "must be an address or a part of one"),
        ({"batch": 0}, "batch must be greater than or equal to 1"),
        ({"largest_event": 10}, "largest_event must be greater than or equal to 1024"),
    ],
)
def test_wrong_settings(own: Mapping[str, Any], says: str) -> None:
    """A setting that cannot work == one sentence with its name, and nothing of its value."""
    target = {"kind": "webhook", "url": "https://example.com/hook", **own}
    with pytest.raises(ConfigurationError) as caught:
        routes(BridgeSettings.model_validate({"targets": {"hook": target}}))
    assert says in str(caught.value)
    assert f"targets.hook.{next(iter(own))}" in str(caught.value)
    assert PLANTED not in str(caught.value)


def test_secrets_without_padding() -> None:
    """Base64 with and without = at its end, blanks and a line end around it == the same key as the library's."""
    for length in (24, 25, 26, 64):
        secret = "whsec_" + base64.b64encode(bytes(range(length))).decode()
        for spelled in (secret, secret.rstrip("="), f" {secret}\n"):
            assert settings(secret=spelled).keys == [Webhook(secret)._whsecret]


def test_the_address_is_missing() -> None:
    """No `url` == the sentence names it as it is written."""
    with pytest.raises(ConfigurationError, match=r"targets\.hook\.url is missing: set it in bridge\.yaml"):
        routes(BridgeSettings.model_validate({"targets": {"hook": {"kind": "webhook"}}}))
    with pytest.raises(ValidationError):
        settings(address="https://example.com")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://EXAMPLE.com:443/hook?sig=1", True),
        ("https://example.com/hook?sig=2", False),
        ("https://example.com/other?sig=1", False),
        ("https://example.org/hook?sig=1", False),
    ],
)
def test_two_targets_with_one_address(other: str, same: bool) -> None:
    """One address twice == refused by the setting's name; another path, host or query == two targets."""
    one = {"kind": "webhook", "url": "https://example.com/hook?sig=1"}
    both = BridgeSettings.model_validate({"targets": {"a": one, "b": {**one, "url": other}}})
    if same:
        with pytest.raises(ConfigurationError, match=r"targets\.a and targets\.b have the same url"):
            routes(both)
    else:
        assert routes(both)


def test_a_key_that_is_replaced_is_no_other_receiver() -> None:
    """Another query == the same server, and nobody is looked at anew; another path == another server."""
    old, new, moved = (
        routes(BridgeSettings.model_validate({"targets": {"hook": {"kind": "webhook", "url": url}}}))["hook"]
        for url in ("https://h.example/a?sig=1", "https://h.example/a?sig=2", "https://h.example/b?sig=1")
    )
    assert (old.settings.server, old.configuration) == (new.settings.server, new.configuration)
    assert old.settings.server != moved.settings.server


@pytest.mark.parametrize(
    ("name", "says"),
    [("changed", "choose another name"), ("cost centre", "letters, digits and _ only"), ("x" * 65, "64")],
)
def test_names_of_attributes(name: str, says: str) -> None:
    """A name that events have themselves, or that is none == refused in a sentence; any other is taken."""
    target: dict[str, Any] = {"kind": "webhook", "url": "https://example.com/hook"}
    with pytest.raises(ConfigurationError, match=says):
        routes(BridgeSettings.model_validate({"targets": {"h": {**target, "map": {name: "person.id"}}}}))
    assert routes(
        BridgeSettings.model_validate({"targets": {"h": {**target, "map": {"costCentre": "person.id"}}}})
    )
