"""`check` says whether people can sign in at the provider, before anybody tries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.service.openid.provider import OpenIdProvider, provided
from tests.service.openid.signing_in import settings
from tests.service.operated import Operator


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    """One that does as the specifications say."""
    async with provided() as ready:
        yield ready


async def row(fresh: Operator, oidc: dict[str, Any]) -> dict[str, Any]:
    """What `check` finds about signing in."""
    fresh.here.config["web"] = {"hosts": ["bridge.example.com"], "base_path": "/hr", "oidc": oidc}
    ended = await fresh("check", "--json")
    found: dict[str, Any] = next(part for part in ended.json if part["part"] == "sign-in")
    assert (ended.code == 3) == bool(found["problems"])
    assert "s3cret" not in ended.out + ended.err
    return found


async def test_a_provider_that_is_right(fresh: Operator, provider: OpenIdProvider) -> None:
    """It answers and takes the secret == no problem, and the address that has to be registered there."""
    found = await row(fresh, settings(provider))
    assert found["problems"] == []
    assert found["facts"] == [
        provider.issuer,
        "sends people back to https://bridge.example.com/hr/sign-in/return",
        "client id and secret are accepted",
    ]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"client_secret": "another"}, "the provider does not know the bridge (invalid_client)"),
        ({"issuer": "http://127.0.0.1:9"}, "nothing listens at this host and port"),
        ({"issuer": "{issuer}/realm"}, "the provider's configuration: answered 404"),
        ({"issuer": "{issuer}/"}, "has to be the same, letter for letter"),
    ],
)
async def test_a_wrong_setting(
    fresh: Operator, provider: OpenIdProvider, wrong: dict[str, str], says: str
) -> None:
    """Each of them == a problem in words, and exit code 3."""
    changed = {name: value.format(issuer=provider.issuer) for name, value in wrong.items()}
    (problem,) = (await row(fresh, settings(provider, **changed)))["problems"]
    assert says in problem


async def test_a_provider_that_tells_nothing_of_the_secret(fresh: Operator, provider: OpenIdProvider) -> None:
    """A provider that looks at the code first == no problem, and no promise either."""
    provider.ways.first = "invalid_request"
    found = await row(fresh, settings(provider, client_secret="another"))
    assert (found["problems"], found["facts"][-1]) == (
        [],
        "client id and secret cannot be tried before somebody signs in",
    )
