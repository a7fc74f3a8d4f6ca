"""Signing in to the sandbox: one token for all, and what a key can be wrong about."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bridge.config.settings import KenjoSettings
from bridge.errors import SourceRefused
from sandbox import Sandbox
from service.kenjo.client import KenjoClient
from service.kenjo.fields import ACCOUNTS, WORKS
from tests.service.client import KEY, LISTS, LOGIN, Clock, Connect, failure


async def test_token_is_kept_between_polls(sandbox: Sandbox, connect: Connect) -> None:
    """Three polls == one sign-in."""
    client = connect()
    for _ in range(3):
        await client.fetch(LISTS)
    assert sandbox.requests.counts[LOGIN] == 1


async def test_token_is_renewed_before_it_ends(sandbox: Sandbox, connect: Connect) -> None:
    """After nine tenths of its life a token is replaced, and not a moment before."""
    clock = Clock()
    client = connect(clock)
    signed_in = []
    for hours in (0, 42, 2):
        clock.now += timedelta(hours=hours)
        await client.fetch({ACCOUNTS})
        signed_in.append(sandbox.requests.counts[LOGIN])
    assert signed_in == [1, 1, 2]


@pytest.mark.parametrize(
    "expires", [{}, *({"X-Expires-After": end} for end in ("soon", None, 7, "2001-01-01T00:00:00Z"))]
)
async def test_token_without_a_usable_end_lives_an_hour(
    sandbox: Sandbox, connect: Connect, expires: dict[str, Any]
) -> None:
    """No end, an end of no meaning, or one that is over by our clock == the default life."""
    clock = Clock()
    client = connect(clock)
    token = sandbox.keys.login(KEY)["token"]
    sandbox.faults.add("status", "/auth/login", status=200, body={"token": token, **expires})
    signed_in = []
    for minutes in (0, 53, 2):
        clock.now += timedelta(minutes=minutes)
        await client.fetch({ACCOUNTS})
        signed_in.append(sandbox.requests.counts[LOGIN])
    assert signed_in == [1, 1, 2]


async def test_bare_token_is_accepted(sandbox: Sandbox, connect: Connect) -> None:
    """A token without the word Bearer works like one with it."""
    token = sandbox.keys.login(KEY)["token"].removeprefix("Bearer ")
    sandbox.faults.add("status", "/auth/login", status=200, body={"token": token})
    assert len((await connect().fetch({ACCOUNTS}))[ACCOUNTS]) == 30


async def test_ended_token_is_renewed_once_for_all(sandbox: Sandbox, connect: Connect) -> None:
    """Concurrent requests whose token has ended share one sign-in, and each is repeated once."""
    client = connect(concurrency=4)
    await client.fetch(LISTS)
    sandbox.keys.expire_all()
    sandbox.requests.reset()
    sandbox.faults.add("slow", "*", seconds=0.05)
    await client.fetch(LISTS)
    assert sandbox.requests.counts == {LOGIN: 1, **{f"GET /{name}": 2 for name in LISTS}}


async def test_second_401_is_the_keys_fault(sandbox: Sandbox, connect: Connect) -> None:
    """A token that is refused right after a sign-in == SourceRefused, after two requests."""
    sandbox.faults.add("expire_tokens", f"/{WORKS}")
    error = await failure(connect(), WORKS)
    assert isinstance(error, SourceRefused)
    assert "refused to give employees/works (401)" in str(error)
    assert "'employee' is ticked among its permissions" in str(error)
    assert sandbox.requests.counts == {LOGIN: 2, f"GET /{WORKS}": 2}


async def test_refusal_is_forgotten_when_it_is_over(sandbox: Sandbox, connect: Connect) -> None:
    """A permission that someone ticks counts from the next poll on, with a new token."""
    client = connect()
    sandbox.keys.add(KEY, denied=[f"/{WORKS}"])
    await failure(client)
    sandbox.keys.add(KEY, denied=[])
    await client.fetch(LISTS)
    assert sandbox.requests.counts[LOGIN] == 2


async def test_close_signs_out(sandbox: Sandbox, connect: Connect) -> None:
    """Closing ends the token at Kenjo; closing again, or without a token, asks nothing."""
    client = connect()
    await client.close()
    await client.fetch({ACCOUNTS})
    assert sandbox.keys.count() == 1
    await client.close()
    await client.close()
    assert sandbox.keys.count() == 0
    assert sandbox.requests.counts["POST /auth/logout"] == 1


async def test_close_needs_no_kenjo(sandbox: Sandbox, connect: Connect) -> None:
    """Signing out is asked for, and is no error, when that request breaks off and when Kenjo is away."""
    client, other = connect(), connect()
    for one in (client, other):
        await one.fetch({ACCOUNTS})
    sandbox.faults.add("drop", path="/auth/logout")
    await client.close()
    assert sandbox.requests.counts["POST /auth/logout"] == 1
    await sandbox.stop()
    await other.close()


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_missing_key_says_where_to_make_one(
    sandbox: Sandbox, connect: Connect, key: str | None
) -> None:
    """No key == SourceRefused before anything is sent."""
    error = await failure(connect(api_key=key))
    assert isinstance(error, SourceRefused)
    assert (
        str(error) == "kenjo.api_key is missing: make a key in Kenjo under Settings > Integrations > API keys"
    )
    assert not sandbox.requests.counts


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_wrong_key_is_tried_once(sandbox: Sandbox, connect: Connect, status: int) -> None:
    """A key that Kenjo refuses, with whatever status == one sign-in per poll, and an error without it."""
    sandbox.faults.add("status", "/auth/login", status=status)
    client = connect(concurrency=4)
    await failure(client)
    error = await failure(client)
    assert isinstance(error, SourceRefused)
    assert str(error).startswith(
        f"Kenjo refused the API key ({status}): make sure that kenjo.api_key is complete"
    )
    assert KEY not in str(error)
    assert sandbox.requests.counts == {LOGIN: 2}


async def test_wrong_key_names_the_environment(sandbox: Sandbox) -> None:
    """With no address of its own, the message names the environment that the key must belong to."""
    settings = KenjoSettings(environment="production", api_key=SecretStr("wrong"))
    async with ClientSession() as session:
        client = KenjoClient(session, settings)
        client._http.base_url = sandbox.url  # production is not asked
        assert "belongs to the `production` environment" in str(await failure(client))


@pytest.mark.parametrize(
    "body", ["[]", "7", '{"token": ""}', '{"token": 7}', '{"token": "a b"}', '{"token": "a\\nb"}']
)
async def test_sign_in_without_token_gives_no_snapshot(sandbox: Sandbox, connect: Connect, body: str) -> None:
    """200 without a token that a header can carry == SourceUnavailable."""
    sandbox.faults.add("status", "/auth/login", status=200, body=body)
    assert "gave no usable token" in str(await failure(connect()))
