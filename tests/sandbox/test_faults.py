from asyncio import gather
from time import monotonic
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox import Sandbox
from sandbox.errors import ApiError
from sandbox.faults import Faults
from tests.sandbox.asking import Ask

ACCOUNTS = "employees/accounts"


async def test_status(kenjo: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """`status` answers with any status, body and Retry-After."""
    sandbox.faults.add("status", "/teams", status=429, retry_after=7, body={"slow": "down"})
    async with kenjo.get("teams") as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "7"
        assert await answer.json() == {"slow": "down"}


@pytest.mark.parametrize(("body", "seen"), [("", ""), ("Oops", "Oops"), (None, None)])
async def test_status_bodies(ask: Ask, sandbox: Sandbox, body: str | None, seen: str | None) -> None:
    """A text is sent as it is, also an empty one; without a body the error has Kenjo's form."""
    sandbox.faults.add("status", body=body)
    status, answer = await ask("GET", "teams")
    assert status == 503
    assert answer == seen if seen is not None else answer["code"] == 503


@pytest.mark.parametrize("status", [200, 502])
async def test_html(kenjo: aiohttp.ClientSession, sandbox: Sandbox, status: int) -> None:
    """`html` answers with a gateway's page, even with status 200."""
    sandbox.faults.add("html", "/employees/*", status=status)
    async with kenjo.get(ACCOUNTS) as answer:
        assert answer.status == status
        assert answer.content_type == "text/html"
        assert "<html>" in await answer.text()


async def test_slow(ask: Ask, sandbox: Sandbox) -> None:
    """`slow` delays the right answer by its seconds, and that request only."""
    _, right = await ask("GET", ACCOUNTS)
    sandbox.faults.add("slow", "/employees/accounts", seconds=0.5)
    begin = monotonic()
    assert await ask("GET", ACCOUNTS) == (200, right)
    assert monotonic() - begin >= 0.5
    begin = monotonic()
    await ask("GET", "teams")
    assert monotonic() - begin < 5


async def test_truncated_connection(kenjo: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """`truncated` announces the whole body, sends half of it and closes."""
    async with kenjo.get(ACCOUNTS) as answer:
        whole = await answer.read()
    sandbox.faults.add("truncated", "/employees/accounts")
    async with kenjo.get(ACCOUNTS) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Length"] == str(len(whole))
        assert await answer.content.readexactly(len(whole) // 2) == whole[: len(whole) // 2]
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()


async def test_truncated_json(kenjo: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """`truncated` with `complete` is a proper HTTP answer whose JSON ends in the middle."""
    sandbox.faults.add("truncated", "/employees/accounts", complete=True)
    async with kenjo.get(ACCOUNTS) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        body = await answer.read()
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    assert body.startswith(b'{"data":[{')


async def test_stalled(kenjo: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """`stalled` sends headers and half of the body at once and the rest later; in the end it is whole."""
    async with kenjo.get(ACCOUNTS) as answer:
        whole = await answer.read()
    sandbox.faults.add("stalled", "/employees/accounts", seconds=0.5)
    begin = monotonic()
    async with kenjo.get(ACCOUNTS) as answer:
        first = await answer.content.readexactly(len(whole) // 2)
        assert monotonic() - begin < 5
        assert first + await answer.content.read() == whole
    assert monotonic() - begin >= 0.5


@pytest.mark.parametrize(("path", "empty"), [(ACCOUNTS, {"data": []}), ("teams", [])])
async def test_empty(ask: Ask, sandbox: Sandbox, path: str, empty: object) -> None:
    """`empty` leaves no rows, in the list's own form."""
    sandbox.faults.add("empty")
    assert await ask("GET", path) == (200, empty)


@pytest.mark.parametrize(("fraction", "number"), [(0, 0), (0.25, 15), (0.5, 30), (1, 60)])
async def test_half(ask: Ask, sandbox: Sandbox, fraction: float, number: int) -> None:
    """`half` keeps the first rows, the same people in every list."""
    sandbox.faults.add("half", fraction=fraction)
    wanted = list(sandbox.account.employees)[:number]
    for path in (ACCOUNTS, "employees/works"):
        _, body = await ask("GET", path)
        assert [row["_id"] for row in body["data"]] == wanted
    assert [row["_id"] for row in (await ask("GET", "user-accounts"))[1]] == wanted


async def test_drop(ask: Ask, sandbox: Sandbox) -> None:
    """`drop` closes the connection without an answer."""
    sandbox.faults.add("drop", "/teams")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await ask("GET", "teams")
    assert (await ask("GET", "areas"))[0] == 200


async def test_expire_tokens(ask: Ask, sandbox: Sandbox) -> None:
    """`expire_tokens` ends every token before the request, and a new sign-in helps."""
    sandbox.faults.add("expire_tokens", "/teams", count=1)
    assert (await ask("GET", "areas"))[0] == 200
    assert (await ask("GET", "teams"))[0] == 401
    assert (await ask("GET", "areas"))[0] == 401
    token = (await ask("POST", "auth/login", json={"apiKey": sandbox.api_key}))[1]["token"]
    assert (await ask("GET", "teams", headers={"Authorization": token}))[0] == 200


async def test_paged(ask: Ask, sandbox: Sandbox) -> None:
    """`paged` gives `metadata` and pages; a request may ask for another size and for a page."""
    sandbox.faults.add("paged", "/employees/accounts", limit=25)
    _, body = await ask("GET", ACCOUNTS)
    assert body["metadata"] == {"count": 25, "offset": 1, "limit": 25, "total": 60}
    seen = [row["_id"] for row in body["data"]]
    for params in ({"offset": "2"}, {"page": "3"}):
        _, body = await ask("GET", ACCOUNTS, params=params)
        seen += [row["_id"] for row in body["data"]]
    assert seen == list(sandbox.account.employees)
    _, body = await ask("GET", ACCOUNTS, params={"limit": "50", "offset": "2"})
    assert body["metadata"] == {"count": 10, "offset": 2, "limit": 50, "total": 60}


async def test_paged_array(ask: Ask, sandbox: Sandbox) -> None:
    """A bare array becomes `data` and `metadata` when it is paged."""
    sandbox.faults.add("paged", "/teams", limit=5)
    _, body = await ask("GET", "teams", params={"offset": "3"})
    assert body["metadata"] == {"count": 2, "offset": 3, "limit": 5, "total": 12}
    assert len(body["data"]) == 2


async def test_count(ask: Ask, sandbox: Sandbox) -> None:
    """A rule spoils as many requests as it says; without a count it spoils every one."""
    twice = sandbox.faults.add("status", "/teams", status=500, count=2)
    assert [(await ask("GET", "teams"))[0] for _ in range(3)] == [500, 500, 200]
    assert (twice.used, twice.count) == (2, 0)
    sandbox.faults.add("status", "/teams", status=502)
    assert [(await ask("GET", "teams"))[0] for _ in range(3)] == [502] * 3
    sandbox.faults.clear()
    assert (await ask("GET", "teams"))[0] == 200


async def test_list_faults_wait_for_a_list(ask: Ask, sandbox: Sandbox) -> None:
    """A rule about rows is not used up by an answer that is no list."""
    sandbox.faults.add("empty", count=1)
    assert (await ask("POST", "auth/login", json={"apiKey": sandbox.api_key}))[0] == 200
    identifier = next(iter(sandbox.account.employees))
    assert (await ask("GET", f"employees/{identifier}"))[1]["account"]["_id"] == identifier
    assert await ask("GET", "teams") == (200, [])
    assert len((await ask("GET", "teams"))[1]) == 12


@pytest.mark.parametrize(
    ("path", "method", "hit"),
    [
        ("/employees/*", "*", True),
        ("/api/v1/employees/accounts", "get", True),
        ("employees/acc*", "GET", True),
        ("*", "*", True),
        ("/employees", "*", False),
        ("/employees/works", "*", False),
        ("/employees/*", "PUT", False),
    ],
)
async def test_matching(ask: Ask, sandbox: Sandbox, path: str, method: str, hit: bool) -> None:
    """A rule is matched by glob on the path below or with the API's prefix, and by method."""
    sandbox.faults.add("status", path, method=method, status=500)
    assert ((await ask("GET", ACCOUNTS))[0] == 500) is hit


async def test_several_rules_at_once(ask: Ask, sandbox: Sandbox) -> None:
    """Rules add up: a slow answer with half of the rows, in pages."""
    sandbox.faults.add("half", "/employees/*")
    sandbox.faults.add("paged", "/employees/*", limit=100)
    sandbox.faults.add("slow", seconds=0.1)
    begin = monotonic()
    _, body = await ask("GET", ACCOUNTS)
    assert monotonic() - begin >= 0.1
    assert body["metadata"]["total"] == len(body["data"]) == 30


async def test_one_slow_request_holds_up_no_other(ask: Ask, sandbox: Sandbox) -> None:
    """While one request waits, others are answered, and the log knows how many there were at once."""
    sandbox.faults.add("slow", "/teams", seconds=0.5)
    begin = monotonic()
    await gather(*(ask("GET", "teams") for _ in range(3)))
    assert monotonic() - begin < 1.5
    assert sandbox.requests.most_at_once == 3


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nonsense", {}),
        ("status", {"status": 99}),
        ("status", {"status": "503"}),
        ("half", {"fraction": 1.5}),
        ("slow", {"seconds": -1}),
        ("malformed", {"variant": "nonsense"}),
        ("drop", {"seconds": 1}),
        ("empty", {"count": 0}),
        ("empty", {"count": True}),
    ],
)
def test_wrong_rules_are_refused(kind: str, options: dict[str, Any]) -> None:
    """A rule that makes no sense is refused when it is added, not when it is met."""
    faults = Faults()
    with pytest.raises(ApiError) as refused:
        faults.add(kind, **options)
    assert refused.value.status == 400
    assert len(faults) == 0
