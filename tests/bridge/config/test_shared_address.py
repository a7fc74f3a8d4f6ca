"""Two targets at one address, and tokens that a header cannot carry: refused at the start, in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from bridge.config.configuration import load_settings
from bridge.config.settings import BearerTarget, BridgeSettings, KenjoSettings
from bridge.errors import ConfigurationError
from workers.connect import route, routes
from workers.targets import load

HERE = "https://example.com/scim/v2"


def values(**targets: dict[str, Any]) -> BridgeSettings:
    defaults = {"kind": "scim", "base_url": HERE, "token": "one"}
    return BridgeSettings.model_validate(
        {"targets": {name: defaults | given for name, given in targets.items()}}
    )


@pytest.mark.parametrize(
    "other",
    [
        HERE, "https://EXAMPLE.com/scim/v2/", "https://example.com:443/scim/v2", "http://example.com/scim/v2",
        "https://example.com./scim//v2", "HTTPS://example.com/SCIM/V2", "https://example.com/sc%69m/./v2",
        "https://example.com/old/../scim/v2",
    ],
)  # fmt: skip
def test_two_targets_at_one_address_are_refused(other: str) -> None:
    """The same place, however it is written, with the same or another token == both names in a sentence."""
    for token in ("one", "two"):
        both = values(sales={}, support={"base_url": other, "token": token, "scope": "person.id == 'a'"})
        for compile_ in (lambda both=both: routes(both), lambda both=both: route(both, "support")):
            with pytest.raises(ConfigurationError) as caught:
                compile_()
            assert "targets.sales and targets.support have the same base_url" in str(caught.value)


@pytest.mark.parametrize(
    "other",
    ["https://example.com/scim/v3", "https://example.com:8443/scim/v2", "https://b.example.com/scim/v2"],
)
def test_other_addresses_are_other_targets(other: str) -> None:
    """Another path, port or host == two targets."""
    assert routes(values(sales={}, support={"base_url": other})).keys() == {"sales", "support"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://bücher.example/v2", "https://xn--bcher-kva.example/v2"),
        ("http://[::1]:8080/v2", "http://[0:0:0:0:0:0:0:1]:8080/v2"),
    ],
)
def test_a_host_in_two_spellings(one: str, other: str) -> None:
    """A name with umlauts or in its ASCII form, a number short or long == one address."""
    with pytest.raises(ConfigurationError, match="have the same base_url"):
        routes(values(sales={"base_url": one}, support={"base_url": other}))


def test_tenants_may_share_an_address() -> None:
    """Two tenants with two tokens == two targets, two servers; one token or one tenant == refused."""
    compiled = routes(values(sales={"tenant": "a"}, support={"tenant": "b", "token": "two"}))
    assert compiled["sales"].settings.server != compiled["support"].settings.server
    for given in ({"tenant": "b"}, {"tenant": "a", "token": "two"}, {"token": "two"}):
        with pytest.raises(ConfigurationError, match="same base_url"):
            routes(values(sales={"tenant": "a"}, support=given))


@pytest.mark.parametrize(
    "text", ["tok\nen", "tok\ren", "tok en", "t\x00", "t\x7f", "tökén", "令牌", "\ud83d", "", "  \n"]
)
def test_a_token_that_no_header_carries_is_refused(text: str) -> None:
    """Line ends, blanks, control characters, other letters within, or nothing == a sentence without it."""
    with pytest.raises(ConfigurationError) as caught:
        routes(values(sales={"token": text}))
    said = str(caught.value)
    assert said.startswith("targets.sales.token ")
    assert len(said.splitlines()) == 1
    assert not text.strip() or text.strip() not in said


@pytest.mark.parametrize("text", ["secret\n", "\r\n secret\t", "secret\u2028"])
def test_what_copying_added_is_taken_off(text: str) -> None:
    """Blanks and line ends around a token or key == the token."""
    settings = load("scim").settings.model_validate({"kind": "scim", "base_url": HERE, "token": text})
    assert isinstance(settings, BearerTarget)
    assert settings.token == SecretStr("secret")
    assert KenjoSettings(api_key=SecretStr(text)).api_key == SecretStr("secret")


def test_an_odd_key_of_kenjo_is_refused() -> None:
    """A line break within Kenjo's key == one sentence that names the setting and shows nothing of it."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {"KENJO_BRIDGE_KENJO__API_KEY": "sec\nret"})
    assert str(caught.value).startswith("kenjo.api_key must be letters")
    assert "ret" not in str(caught.value).replace("letters", "")
