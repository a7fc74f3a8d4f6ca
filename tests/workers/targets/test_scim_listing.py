"""Lists of SCIM servers: paged by index or cursor, and not believed when something may be left out."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.exchange import Page
from bridge.model import Kind
from tests.workers.targets.odd_scim import Odd
from tests.workers.targets.odd_world import World, world
from tests.workers.targets.quiet_scim import Quiet
from workers.testing.proxy import Proxy
from workers.testing.rig import person


def fill(w: World, number: int) -> None:
    for one in range(number):
        w.put("Users", f"u{one}", userName=f"user{one}@example.com", externalId=f"kenjo-p{one}")


async def listing(w: World) -> list[Page]:
    return [page async for page in w.target.target.inventory(Kind.PERSON)]


def ids(pages: list[Page]) -> list[str]:
    return [remote.id for page in pages for remote in page.remotes]


@pytest.mark.parametrize("odd", [Odd(), Odd(cursor=True), Odd(page_size=7), Odd(max_results=50)])
@pytest.mark.parametrize("number", [0, 1, 100, 101, 250])
async def test_everybody_once(odd: Odd, number: int) -> None:
    """By index and by cursor, whatever the size of a page == everybody once, and nobody is left out."""
    async with world(odd) as w:
        fill(w, number)
        pages = await listing(w)
        assert ids(pages) == [f"u{one}" for one in range(number)]
        assert [page.whole for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_as_many_as_announced() -> None:
    """The server gives 200 on a page == two pages for 250 people, and one request that sees the end."""
    async with world(Odd(max_results=200)) as w:
        fill(w, 250)
        await listing(w)
        assert sum("/Users" in seen.path for seen in w.proxy.seen) == 3


@pytest.mark.parametrize(
    "odd",
    [
        Odd(ignores_paging=True),
        Quiet(total="page", page_size=10),
        Quiet(refuses_filters=(("externalId", 501),), ignores_paging=True),
    ],
)
async def test_a_list_that_may_go_on(odd: Odd) -> None:
    """Pages are ignored, or the total contradicts what is shown == nobody's absence is told from it."""
    async with world(odd) as w:
        fill(w, 35)
        assert not (await listing(w))[-1].whole


async def test_somebody_is_deleted_while_it_is_read() -> None:
    """What stood at the end of a page has moved == the list is not whole, as one may have slipped through."""
    async with world(Quiet(page_size=10, total="none")) as w:
        fill(w, 30)
        first = Proxy.forward

        async def deleting(proxy: Proxy, request: Any) -> Any:
            w.server.objects["Users"].pop("u3", None)
            return await first(proxy, request)

        w.proxy.fail(first, first, deleting)
        assert not (await listing(w))[-1].whole


async def test_keys_in_any_spelling() -> None:
    """A userName in other letter case or decomposed == found; an externalId is exact."""
    async with world() as w:
        w.put("Users", "a", userName="ANA.MU\u0308LLER@EXAMPLE.com", externalId="KENJO-P1")
        (page, _) = await listing(w)
        wanted = person(w.rig, 1, userName="ana.m\u00fcller@example.com", externalId="kenjo-p1")
        assert set(w.target.target.keys(wanted)) & page.remotes[0].keys == {
            ("userName", "ana.m\u00fcller@example.com")
        }
