"""From which address somebody comes through proxies, and that wrong passwords keep out nobody else."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.config.web_settings import WebSettings
from service.web.clients import Clients
from tests.service.operated import Operator
from tests.service.web.served import PASSWORD, pages, users

XFF, FWD = "X-Forwarded-For", "Forwarded"
PROXY = "127.0.0.1"
"""As which everybody comes here, be it a proxy or a visitor."""

ANA, BEN, INNER = "203.0.113.7", "198.51.100.9", "10.1.2.3"


async def told(trusted: list[str], *headers: tuple[str, str]) -> str:
    """From where a request with such headers comes."""
    clients = Clients(WebSettings(trusted_proxies=trusted))

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=clients.address(request))

    application = web.Application()
    application.router.add_get("/", answer)
    async with (
        TestServer(application) as server,
        aiohttp.ClientSession() as session,
        session.get(server.make_url("/"), headers=list(headers)) as response,
    ):
        return await response.text()


@pytest.mark.parametrize("headers", [[(XFF, ANA)], [(FWD, f"for={ANA}")], [(XFF, f"{ANA}, {PROXY}")], []])
@pytest.mark.parametrize("trusted", [[], [BEN, "10.0.0.0/8"]])
async def test_nobody_else_is_believed(trusted: list[str], headers: list[tuple[str, str]]) -> None:
    """Any header of whoever is no proxy of ours == they come from where they come from."""
    assert await told(trusted, *headers) == PROXY


@pytest.mark.parametrize(
    "headers",
    [
        [(XFF, ANA)],
        [(XFF, f"{BEN}, {ANA}")],  # what the visitor sent, and what the proxy added
        [(XFF, BEN), (XFF, ANA)],
        [(XFF, f"x, {BEN},, {ANA}")],
        [(XFF, f"{ANA}, {INNER}")],  # two proxies of ours
        [(XFF, f"{BEN}, {ANA}, {INNER}, {PROXY}")],
        [(XFF, f"{ANA}:4711")],
        [(XFF, f"::ffff:{ANA}")],
        [(FWD, f"for={ANA}")],
        [(FWD, f'For="{ANA}:4711";proto=https;by={INNER}')],
        [(FWD, f"for={BEN}, for={ANA};host=a.example , for={INNER}")],
        [(FWD, f"for={BEN}"), (FWD, f"for={ANA}")],
        [(FWD, f"for={ANA}"), (XFF, f"{BEN}, {ANA}")],
    ],
)
async def test_a_proxy_is_believed(headers: list[tuple[str, str]]) -> None:
    """What the outermost proxy of ours has seen == where somebody comes from, whatever they sent first."""
    assert await told([PROXY, "10.0.0.0/8"], *headers) == ANA


@pytest.mark.parametrize("text", ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:443"])
async def test_an_address_of_ipv6(text: str) -> None:
    """With and without brackets and port, in either header == the address."""
    assert await told([PROXY], (XFF, text)) == "2001:db8::7"
    if "[" in text:
        assert await told([PROXY], (FWD, f'for="{text}"')) == "2001:db8::7"


@pytest.mark.parametrize(
    "headers",
    [
        [(XFF, "")],
        [(XFF, "unknown")],
        [(XFF, f"{BEN}, 999.1.1.1")],
        [(FWD, "for=unknown")],
        [(FWD, "for=_hidden")],
        [(FWD, f"for={BEN}, by={INNER}")],
        [
            (FWD, f'for={BEN};x="a'),
            (FWD, 'for="[2001:db8::7]"'),
        ],  # a quotation that eats what the proxy added
        [(FWD, f'for={BEN};x="a, for={ANA}')],
        [(FWD, f"for={BEN};"), (FWD, f"for={ANA}")],
        [(FWD, f"for={BEN}"), (XFF, ANA)],  # only one of them was sent by the proxy
        [(XFF, BEN), (FWD, f"for={ANA}")],
        [(FWD, '="' * 2000)],
    ],
)
async def test_what_tells_nothing(headers: list[tuple[str, str]]) -> None:
    """No address, or two that differ == the proxy's, and never one that the visitor has chosen."""
    assert await told([PROXY, "10.0.0.0/8"], *headers) == PROXY


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("proxy.example", "its entry 2 is none"),
        ("10.0.0.5/8", "its entry 2 is none"),
        ("::/0", "from any"),
    ],
)
def test_what_is_no_proxy(wrong: str, why: str) -> None:
    """A name, a network with a host in it, everybody == a sentence that says which entry."""
    with pytest.raises(ValueError, match=why):
        WebSettings.model_validate({"trusted_proxies": [PROXY, wrong]})


@pytest.mark.parametrize("behind", [True, False])
async def test_wrong_passwords_of_one_keep_out_nobody_else(fresh: Operator, behind: bool) -> None:
    """25 of one visitor == they wait; another visitor of a trusted proxy gets in, and else nobody does."""
    settings = {
        "users": users(olga="operator"),
        "secure": False,
        "trusted_proxies": [PROXY] if behind else [],
    }
    async with pages(fresh, **settings) as address, aiohttp.ClientSession() as browser:

        async def enter(name: str, password: str, where: str) -> int:
            form = {"name": name, "password": password}
            headers = {"Origin": address, XFF: where}
            sent = browser.post(f"{address}/sign-in", data=form, headers=headers, allow_redirects=False)
            async with sent as answer:
                return answer.status

        for number in range(25):
            assert await enter(f"guess{number}", "x", f"9.9.9.{number}, {ANA}") == 403
        assert await enter("olga", PASSWORD, f"{BEN}, {ANA}") == 429
        assert await enter("olga", PASSWORD, BEN) == (303 if behind else 429)


async def test_behind_the_process_that_listens_its_word_counts(tmp_path: Path) -> None:
    """A company's process has a socket of its own == the visitor is whom the other process has made out."""
    settings = WebSettings()
    settings._socket = tmp_path / "acme.sock"
    clients = Clients(settings)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=clients.address(request))

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.UnixSite(runner, settings._socket).start()
    connector = aiohttp.UnixConnector(str(settings._socket))
    try:
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://company/", headers={XFF: ANA}) as response,
        ):
            assert await response.text() == ANA
    finally:
        await runner.cleanup()
