"""What guards a create: look-ups that are refused, lists without an end, numbers that are wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import RecordRejected, TargetHalted, TryLater
from bridge.exchange import Remote
from bridge.model import Outcome
from tests.workers.targets.odd_world import world
from tests.workers.targets.quiet_scim import Quiet, QuietScim
from workers.testing import proxy as faults
from workers.testing.rig import person, team


@pytest.mark.parametrize("status", [400, 403, 404, 500, 501])
async def test_a_refused_filter(status: int) -> None:
    """One attribute cannot be looked up == the next one is; only where none can, nothing is certain."""
    async with world(Quiet(refuses_filters=(("externalId", status),))) as w:
        assert await w.target.find(person(w.rig, 1)) == []
        w.put("Users", "a", userName=w.rig.person(1)["userName"])
        assert await w.target.find(person(w.rig, 1)) == [Remote("a")]
    everything = (("externalId", status), ("userName", status))
    async with world(Quiet(refuses_filters=everything)) as w:
        with pytest.raises(TryLater if status == 500 else RecordRejected):
            await w.target.find(person(w.rig, 1))


async def test_a_refused_token_halts_all_the_same() -> None:
    """401 for a look-up == the whole target pauses."""
    async with world(Quiet(refuses_filters=(("externalId", 401),))) as w:
        with pytest.raises(TargetHalted):
            await w.target.find(person(w.rig, 1))


async def test_one_user_who_may_not_be_read() -> None:
    """403 for one user == refused by itself; 403 for all == the whole target pauses, and check says why."""
    async with world() as w:
        ana, ben = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in (1, 2)]
        w.proxy.fail(faults.answer(403, "{}"))
        with pytest.raises(RecordRejected, match="403"):
            await w.target.upsert(person(w.rig, 1, title="Boss"), ana)
        await w.target.upsert(person(w.rig, 2, title="Boss"), ben)
        w.proxy.fail(faults.answer(403, "{}"), faults.answer(403, "{}"))
        with pytest.raises(TargetHalted):
            await w.target.upsert(person(w.rig, 1, title="Boss"), ana)
        w.proxy.fail_always(faults.answer(403, "{}"))
        with pytest.raises(TargetHalted, match="403: the server knows the token, and does not let it"):
            await w.target.check()
        w.proxy.fail_always(faults.answer(401, "{}"))
        with pytest.raises(TargetHalted, match=r"401: check the token$"):
            await w.target.check()


async def test_a_passing_fault_hides_nobody() -> None:
    """The look-up by externalId meets one 500 == it is asked again before nobody is found."""
    async with world() as w:
        w.put("Users", "a", userName="x", externalId="kenjo-p1")
        w.proxy.fail(faults.answer(500, "{}"))
        assert await w.target.find(person(w.rig, 1)) == [Remote("a")]


async def test_groups_are_looked_up_as_configured() -> None:
    """`match_groups` == only by these."""
    quiet = Quiet(refuses_filters=(("externalId", 501),))
    async with world(quiet, match_groups=["displayName"]) as w:
        w.put("Groups", "g", displayName=w.rig.team(1)["displayName"])
        assert await w.target.find(team(w.rig, 1, [])) == [Remote("g")]
        assert len(w.proxy.seen) == 1


@pytest.mark.parametrize("ignores_filter", [True, False])
async def test_a_total_that_is_the_page(ignores_filter: bool) -> None:
    """`totalResults` is the number on the page == everybody is found, also with filters that are ignored."""
    quiet = Quiet(total="page", ignores_filter=ignores_filter, page_size=10)
    async with world(quiet) as w:
        for number in range(35):
            w.put("Users", f"u{number}", userName=f"user{number}", externalId=f"kenjo-p{number}")
        assert await w.target.find(person(w.rig, 33)) == [Remote("u33")]
        assert await w.target.find(person(w.rig, 77)) == []
        assert w.proxy.writes == []


async def test_a_list_that_has_no_end() -> None:
    """Filters and pages are ignored, whatever the total says == nobody's absence is proven."""
    quiet = Quiet(total="page", ignores_filter=True, ignores_paging=True)
    async with world(quiet) as w:
        for number in range(25):
            w.put("Users", f"u{number}", userName=f"user{number}", externalId=f"kenjo-p{number}")
        assert await w.target.find(person(w.rig, 3)) == [Remote("u3")]
        with pytest.raises(RecordRejected, match="cannot be searched"):
            await w.target.find(person(w.rig, 24))


@pytest.mark.parametrize("quiet", [Quiet(), Quiet(total="page"), Quiet(total="page", page_size=7)])
async def test_how_many_users_there_are(quiet: Quiet) -> None:
    """First contact compares with how many are seen == a wrong total hides nobody."""
    async with world(quiet) as w:
        for number in range(130):
            w.put("Users", f"u{number}", userName=f"user{number}")
        assert "130 users" in (await w.target.check()).facts[0]


async def test_how_many_cannot_be_seen() -> None:
    """A list without an end == as many as can be, so that first contact is careful."""
    async with world(Quiet(total="page", ignores_paging=True)) as w:
        for number in range(30):
            w.put("Users", f"u{number}", userName=f"user{number}")
        assert await w.target.target.size() >= 20_000


async def test_plain_json() -> None:
    """A server that takes `application/json` only == reached with that setting."""
    async with world(Quiet(content_type="application/json"), content_type="application/json") as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        assert (await w.target.upsert(person(w.rig, 1, title="Boss"), remote_id)).outcome is Outcome.UPDATED


async def test_attributes_that_are_given_once() -> None:
    """`only_at_create` == given to a new account and not changed afterwards, also not in a preview."""
    async with world(only_at_create=["userName", "emails.work"]) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        user = w.server.objects["Users"][remote_id]
        assert user["userName"] == w.rig.person(1)["userName"]
        changed = person(w.rig, 1, userName="other@example.com", title="Boss")
        await w.target.upsert(changed, remote_id)
        user = w.server.objects["Users"][remote_id]
        assert (user["userName"], user["title"]) == (w.rig.person(1)["userName"], "Boss")


async def test_attributes_that_the_schemas_lack() -> None:
    """/Schemas names few attributes, others are refused == left out, and `check` names them."""
    quiet = Quiet(schemas=("userName", "name", "active", "title", "emails"))
    async with world(quiet, follow_schemas=True) as w:
        facts = (await w.target.check()).facts
        assert "department" in facts[1]
        assert "title" not in facts[1]
        assert "externalId" not in facts[1]
        assert await w.target.find(person(w.rig, 1)) == []
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        wanted = person(w.rig, 1, title="Boss", department="Other")
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED


async def test_a_server_that_asks_to_wait_has_said_nothing_of_its_schemas() -> None:
    """429 for /Schemas == tried later; what it lacks is left out when it has answered."""
    async with world(Quiet(schemas=("userName", "active")), follow_schemas=True) as w:
        w.proxy.fail(faults.Proxy.forward, faults.Proxy.forward, faults.answer(429, "{}", Retry_After="0.05"))
        with pytest.raises(TryLater):
            await w.target.find(person(w.rig, 1))
        await asyncio.sleep(0.1)
        await w.target.find(person(w.rig, 1))
        created = await w.target.preview(person(w.rig, 1), None)
        assert {change.attribute for change in created} == {"externalId", "userName", "active"}


class InHeader(QuietScim):
    """Tells versions in the header ETag only."""

    def _shown(self, resource: dict[str, Any]) -> dict[str, Any]:
        shown = super()._shown(resource)
        del shown["meta"]
        return shown

    def _dispatch(self, request: web.Request, kind: str, id_: str, body: Any) -> web.Response:
        answer = super()._dispatch(request, kind, id_, body)
        if id_:
            answer.headers["ETag"] = self._version(id_)
        return answer


@pytest.mark.parametrize("server", [QuietScim, InHeader])
async def test_a_lost_race_is_read_again(server: type[QuietScim]) -> None:
    """ETags are announced and somebody changes the user after it was read == not overwritten, tried again."""
    async with world(Quiet(etags=True), server) as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.upsert(person(w.rig, 1, title="First"), remote_id)

        async def other_first(proxy: faults.Proxy, request: object) -> object:
            w.server._versions[remote_id] += 1  # type: ignore[attr-defined] # a QuietScim
            return await proxy.forward(request)  # type: ignore[arg-type]

        w.proxy.fail(faults.Proxy.forward, other_first)  # type: ignore[arg-type]
        with pytest.raises(TryLater, match="412"):
            await w.target.upsert(person(w.rig, 1, title="Second"), remote_id)
        assert w.server.objects["Users"][remote_id]["title"] == "First"
        await w.target.upsert(person(w.rig, 1, title="Second"), remote_id)
        assert w.server.objects["Users"][remote_id]["title"] == "Second"
