"""The settings of a webhook: what is refused, what is the same receiver, and secrets that stay secret."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from bridge.config.settings import BridgeSettings
from bridge.errors import BridgeError, ConfigurationError
from bridge.mapping.route import Route
from service.operations.flows import record_of_processing, summary
from tests.workers.targets.webhook_rig import webhook_rig
from tests.workers.targets.webhook_server import Receiver
from workers.connect import routes
from workers.targets.webhook.settings import WebhookSettings
from workers.testing.proxy import Proxy, echo
from workers.testing.rig import person

PLANTED = "hunter2SignatureOfTheFlow"
HOOK = "https://example.com/hook"


def settings(**own: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"kind": "webhook", "url": HOOK, **own})


def compiled(**own: Any) -> Route:
    target = {"kind": "webhook", "url": HOOK, **own}
    return routes(BridgeSettings.model_validate({"targets": {"hook": target}}))["hook"]


async def test_secrets_are_in_no_text() -> None:
    """Keys in the address, the headers and the secret == in no repr, greeting, error, server or flow."""
    encoded, headers = base64.b64encode(PLANTED.encode()).decode(), {"X-Key": PLANTED}
    own = {"url": f"{HOOK}/{PLANTED}?sig={PLANTED}", "secret": f"whsec_{encoded}", "headers": headers}
    parsed, route = settings(**own), compiled(**own)
    texts = [repr(parsed), str(parsed), parsed.url, parsed.server, str(parsed.model_dump(mode="json"))]
    texts += [summary(route), record_of_processing({"hook": route})]
    async with webhook_rig(Receiver(headers=headers), headers=headers) as rig:
        rig.own["url"] = f"{rig.origin}/{PLANTED}/hook?sig={PLANTED}"
        async with rig.reached() as (target, line):
            assert isinstance(line, Proxy)
            texts += (await target.check()).facts
            for fault in (echo(400), echo(401), echo(404), echo(500)):
                line.fail(fault)
                with pytest.raises(BridgeError) as caught:
                    await target.upsert(person(rig, 1), None)
                texts.append(str(caught.value))
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
    with pytest.raises(ConfigurationError) as caught:
        compiled(**own)
    assert says in str(caught.value)
    assert f"targets.hook.{next(iter(own))}" in str(caught.value)
    assert PLANTED not in str(caught.value)


def test_secrets_without_padding() -> None:
    """Base64 with and without = at its end, blanks around it == the key that the library reads."""
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
    old, new, moved = (compiled(url=f"{HOOK}/{rest}") for rest in ("a?sig=1", "a?sig=2", "b?sig=1"))
    assert (old.settings.server, old.configuration) == (new.settings.server, new.configuration)
    assert old.settings.server != moved.settings.server


@pytest.mark.parametrize(
    ("name", "says"),
    [("changed", "choose another name"), ("cost centre", "letters, digits and _ only"), ("x" * 65, "64")],
)
def test_names_of_attributes(name: str, says: str) -> None:
    """A name that events have themselves, or that is none == refused in a sentence; any other is taken."""
    with pytest.raises(ConfigurationError, match=says):
        compiled(map={name: "person.id"})
    assert compiled(map={"costCentre": "person.id"})
