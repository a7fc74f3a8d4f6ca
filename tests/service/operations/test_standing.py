"""Where everybody stands at a target: each state made for real, in exactly one place, and its page true."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.operations.explaining import explain
from service.operations.status import status
from tests.service.operated import Operator
from workers.testing.proxy import Proxy, answer


async def _picky(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """A server that refuses one name, and breaks down at another."""
    body = await request.read()
    if b"Refused" in body:
        return await answer(400, '{"detail": "no such name"}')(proxy, request)
    if b"Later" in body:
        return await answer(503)(proxy, request)
    return await proxy.forward(request)


async def test_everybody_stands_in_one_place(operator: Operator) -> None:
    """Each state == its place, its sentences, what comes next; places add up to the people there are."""
    here, people = operator.here, operator.people()
    fine, outside, closed, held, refused, broken, late, odd = people[:8]
    actions, employees = here.sandbox.actions, here.sandbox.account.employees
    operator.target["scope"] = f'person.id != "{outside}"'
    upcoming = actions.hire(start="2100-01-01", active=True)["account"]["_id"]
    nameless = actions.hire(start="2020-01-01", active=True, deskless=True)["account"]["_id"]
    actions.leave(employee=closed)
    await operator.sync()
    operator.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    actions.leave(employee=held)
    actions.rename(employee=refused, last_name="Refused")
    actions.rename(employee=late, last_name="Later")
    employees[broken]["work"]["contractEnd"] = "31.12.2099"
    title = "person.work.jobTitle"
    operator.target["map"] = {"title": f'person.id == "{odd}" ? string(int({title})) : {title}'}
    here.proxy.fail_always(_picky)
    await operator.sync(patience=1.0)
    here.proxy.fail_always(None)

    everybody = fine, outside, closed, held, refused, broken, late, upcoming, nameless, odd
    told = await _told(operator, *everybody)
    assert told == {
        fine: ("in step", "", "nothing: the target has what Kenjo says", None),
        outside: (
            "left out",
            "out of scope: the account is kept as it is",
            "nothing, until the scope or the record changes",
            None,
        ),
        closed: ("in step", "not active in Kenjo", "nothing: the account is closed", None),
        held: (
            "held",
            told[held][1],
            "nothing, until somebody decides",
            "kenjo-bridge holds show directory-remove",
        ),
        refused: (
            "failing",
            "answered 400: no such name",
            "nothing, until the record, the mapping or what it waits for changes",
            f"kenjo-bridge failures retry person:{refused}",
        ),
        odd: (
            "failing",
            told[odd][1],
            "nothing, until the record, the mapping or what it waits for changes",
            f"kenjo-bridge try directory person:{odd}",
        ),
        broken: ("failing", told[broken][1], "nothing, until the row can be used", None),
        late: ("waiting", "answered 503", "tried again", None),
        upcoming: (
            "left out",
            "has not started yet; was never given to this target",
            "an account from 2100-01-01 on",
            None,
        ),
        nameless: (
            "left out",
            "has no userName, which this target requires",
            "an account, as soon as Kenjo has it",
            None,
        ),
    }
    assert "contractEnd" in told[broken][1]
    assert told[odd][1].startswith("targets.directory.map.title failed (")
    assert told[held][1].startswith("held by directory-remove: ")


async def test_who_was_not_read_yet(operator: Operator) -> None:
    """Hired since the last poll == so it is said, with what reads them; a shared e-mail == that is said."""
    actions, employees = operator.here.sandbox.actions, operator.here.sandbox.account.employees
    one, other = (actions.hire(start="2020-01-01", active=True)["account"] for _ in range(2))
    done = await operator("explain", one["email"])
    assert (done.code, f"nothing is known of person:{one['_id']} yet" in done.err) == (3, True)
    assert "kenjo-bridge sync" in done.err
    employees[other["_id"]]["account"]["email"] = employees[operator.people()[0]]["account"]["email"]
    await operator.sync()
    done = await operator("explain", other["_id"])
    assert (done.code, "has the same e-mail as" in done.err) == (3, True)
    assert "nobody has this" in (await operator("explain", "nobody@example.com")).err


async def test_a_target_that_waits(operator: Operator) -> None:
    """Each reason for which a target waits == its own sentence, and the command that helps."""
    await operator.sync()
    (one,) = operator.people()[:1]
    operator.target["map"] = {"title": '"Everybody"'}
    look = "kenjo-bridge check --target directory"
    async with operator.backend() as backend:
        gate = backend.gate("directory")
        for state, place, then, helps in (
            ("halted", "waiting", "goes on when the target passes its check", look),
            ("unreachable", "waiting", "goes on as soon as the target answers", look),
            (
                "held",
                "held",
                "nothing, until somebody decides",
                "kenjo-bridge holds show directory-first-contact",
            ),
        ):
            await gate.pause(state, "why")
            assert (await _told(operator, one))[one] == (place, f"the target is {state}: why", then, helps)
            await gate.resume()
        await gate.throttle(60.0)
        assert (await _told(operator, one))[one][2:] == ("goes on by itself after that time", None)


async def test_a_paused_target(operator: Operator) -> None:
    """Changes for a target that rests == waiting, with what the pause was for and how it is ended."""
    await operator.sync()
    one, other = operator.people()[:2]
    await operator("targets", "pause", "directory", "--reason", "their upgrade")
    operator.here.sandbox.actions.rename(employee=one, last_name="Ñandú")
    await operator.sync(patience=1.0)
    told = await _told(operator, one, other)
    assert told[one][0] == "waiting"
    assert "their upgrade" in told[one][1]
    assert told[one][2:] == ("goes on when the target does", "kenjo-bridge targets resume directory")
    assert told[other][0] == "in step"


async def test_nobody_has_looked_yet(operator: Operator) -> None:
    """Somebody leaves, a poll has not seen that; a new mapping == in step by what is known, or waiting."""
    await operator.sync()
    (one,) = operator.people()[:1]
    operator.target["map"] = {"title": '"Everybody"'}
    assert (await _told(operator, one))[one] == (
        "waiting",
        "",
        "brought up to date with the next delivery",
        None,
    )


async def _told(operator: Operator, *who: str) -> dict[str, Any]:
    """What the pages say; and `status`, whose numbers have to be those of the pages."""
    async with operator.bridge() as bridge:
        pages = {one: await explain(bridge, one, values=False) for one in who}
        everybody = await bridge.backend.records.known()
        row = (await status(bridge))["targets"]["directory"]
    number = sum(1 for key, stored in everybody.items() if key.kind == "person" and not stored.gone)
    assert sum(row["people"].values()) == number
    found = {}
    for one, page in pages.items():
        there = page["targets"]["directory"]
        stand = there["standing"]
        found[one] = (stand["is"], stand["why"], there["next"][0]["what"], stand["helps"])
    return found
