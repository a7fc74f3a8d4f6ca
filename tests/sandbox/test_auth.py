from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession

from sandbox import Sandbox
from sandbox.auth import Keys
from sandbox.errors import ApiError
from tests.sandbox.asking import Ask


async def test_token_contains_the_word_bearer(sandbox: Sandbox) -> None:
    """Signing in gives a token that goes into the header as it is, and the end of its two days."""
    async with ClientSession() as session:
        async with session.post(f"{sandbox.url}/auth/login", json={"apiKey": sandbox.api_key}) as answer:
            assert answer.status == 200
            body = await answer.json()
        assert set(body) == {"token", "X-Expires-After"}
        assert body["token"].startswith("Bearer ")
        assert body["X-Expires-After"].endswith("Z")
        end = datetime.fromisoformat(body["X-Expires-After"])
        assert 47 < (end - datetime.now(UTC)).total_seconds() / 3600 <= 48
        headers = {"Authorization": body["token"]}
        async with session.get(f"{sandbox.url}/teams", headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(("body", "status"), [({"apiKey": "wrong"}, 401), ({}, 400), ({"apiKey": 5}, 400)])
async def test_wrong_key_is_refused_in_kenjos_form(ask: Ask, body: object, status: int) -> None:
    """A wrong key is 401, none at all 400, both with `code` and `message`."""
    answer = await ask("POST", "auth/login", json=body)
    assert answer[0] == answer[1]["code"] == status
    assert isinstance(answer[1]["message"], str)


@pytest.mark.parametrize("content", [b"{", b"[]"])
async def test_login_needs_a_json_object(ask: Ask, content: bytes) -> None:
    """A body that is no JSON object is 400."""
    assert (await ask("POST", "auth/login", data=content))[0] == 400


@pytest.mark.parametrize("path", ["teams", "employees", "nothing/here"])
async def test_no_token_is_401_everywhere(sandbox: Sandbox, path: str) -> None:
    """Without a token every path below the API is 401, known or not."""
    async with ClientSession() as session, session.get(f"{sandbox.url}/{path}") as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == 401


async def test_wrong_token_is_401(ask: Ask, sandbox: Sandbox) -> None:
    """A token with a second Bearer before it, or without the word, is 401."""
    token = sandbox.keys.login(sandbox.api_key)["token"]
    for wrong in (f"Bearer {token}", token.removeprefix("Bearer "), "Bearer nothing"):
        assert (await ask("GET", "teams", headers={"Authorization": wrong}))[0] == 401
    assert (await ask("GET", "teams", headers={"Authorization": token}))[0] == 200


async def test_token_expires() -> None:
    """A token is good until its life-time is over, and worthless then."""
    now = 1000.0
    keys = Keys(lifetime=60, clock=lambda: now)
    keys.add("key")
    login = keys.login("key")
    assert login["X-Expires-After"] == "1970-01-01T00:17:40.000Z"
    now = 1059.9
    keys.authorize(login["token"], "/teams")
    assert keys.count() == 1
    now = 1060.0
    with pytest.raises(ApiError) as refused:
        keys.authorize(login["token"], "/teams")
    assert refused.value.status == 401
    assert keys.count() == 0


async def test_token_lifetime_is_configurable() -> None:
    """A sandbox whose tokens live no time answers 401 to a token that it has just given."""
    async with Sandbox(people=1, token_lifetime=0) as sandbox, ClientSession() as session:
        headers = {"Authorization": sandbox.keys.login(sandbox.api_key)["token"]}
        async with session.get(f"{sandbox.url}/teams", headers=headers) as answer:
            assert answer.status == 401


async def test_logout_ends_the_token(ask: Ask) -> None:
    """Signing out is 204, and the token is 401 from then on, for a second sign-out as well."""
    assert await ask("POST", "auth/logout") == (204, "")
    assert (await ask("GET", "teams"))[0] == 401
    assert (await ask("POST", "auth/logout"))[0] == 401


async def test_default_key_may_not_read_pay_and_time_off() -> None:
    """A key as Kenjo makes it reads people and organisation, but not compensation and time off: 403."""
    async with Sandbox(people=3) as sandbox, ClientSession(f"{sandbox.url}/") as session:
        headers = {"Authorization": sandbox.keys.login("sandbox-key")["token"]}
        for path in ("compensation/contracts", "compensation/salaries", "time-off/requests"):
            async with session.get(path, headers=headers) as answer:
                assert answer.status == 403
                body = await answer.json()
            assert body["code"] == 403
            assert path in body["message"]
        for path in ("employees/works", "teams", "custom-fields"):
            async with session.get(path, headers=headers) as answer:
                assert answer.status == 200


async def test_key_without_permission_gets_403(ask: Ask, sandbox: Sandbox) -> None:
    """What a key may not read is a matter of that key alone."""
    sandbox.keys.add("narrow", denied=["/employees/financials", "/teams*"])
    narrow = {"Authorization": sandbox.keys.login("narrow")["token"]}
    assert (await ask("GET", "employees/financials", headers=narrow))[0] == 403
    assert (await ask("POST", "teams", json={"name": "New"}, headers=narrow))[0] == 403
    assert (await ask("GET", "employees/homes", headers=narrow))[0] == 200
    assert (await ask("GET", "employees/financials"))[0] == 200


async def test_revoked_key_ends_its_tokens(ask: Ask, sandbox: Sandbox) -> None:
    """When a key is deleted, its tokens and the key itself are 401."""
    sandbox.keys.revoke(sandbox.api_key)
    assert (await ask("GET", "teams"))[0] == 401
    assert (await ask("POST", "auth/login", json={"apiKey": sandbox.api_key}))[0] == 401
