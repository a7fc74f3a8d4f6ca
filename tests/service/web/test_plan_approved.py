"""A plan is approved on the pages or by a program, while a service watches Kenjo: what it showed is done."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from service.operations import approving
from tests.service.operated import Operator
from tests.service.web.asking import Program
from tests.service.web.served import nothing, watched
from tests.service.web.visiting import visiting


async def approved(operator: Operator, before: Callable[[], Awaitable[None]] = nothing) -> str:
    """Make the plan on its page, and press the button: what is said then."""
    async with watched(operator, before), visiting(operator, "operator") as visit:
        page = await visit.text("/plan/made")
        assert "Approve exactly this" in page
        version = re.findall(r'name="version" value="(\w+)"', page)[0]
        return await visit.press("/plan/approve", version=version)


async def test_what_was_held_goes_on(operator: Operator) -> None:
    """Five leave, more than the limit, and no poll has seen it == closed, and nobody who comes later."""
    operator.target["limits"] = {"remove": {"count": 2, "percent": 1}}
    leavers = operator.leave(5)
    assert "The plan is approved: it is carried out now." in await approved(operator)
    later = operator.leave(3)
    assert (await operator.sync()).exit_code == 2
    assert await operator.inactive() == sorted(leavers)
    assert not set(later) & set(await operator.inactive())
    (event,) = (await operator("audit", "--kind", "approved", "--json")).json_lines
    assert (event["hold"], event["by"], event["records"]) == (
        "directory-remove",
        "operator",
        7,
    )  # with two groups


async def test_more_is_held_than_was_shown(operator: Operator) -> None:
    """Somebody else leaves before the poll == the hold is another one, which is said; nobody is closed."""
    operator.target["limits"] = {"remove": {"count": 2, "percent": 1}}
    operator.leave(5)

    async def another() -> None:
        operator.leave(1)

    assert "these holds are other ones by now, and stay: directory-remove." in await approved(
        operator, another
    )
    assert (await operator.sync()).exit_code == 2
    assert await operator.inactive() == []


async def test_only_what_was_looked_at(operator: Operator, program: Program) -> None:
    """Another version == 409; a viewer == 403; the one that was seen, of one target == done."""
    (leaver,) = operator.leave(1)
    plan = await program.get("/plan?target=directory")
    agreed = {"version": plan["version"], "target": ["directory"]}
    async with watched(operator):
        assert (await program("POST", "/plan/approve", {**agreed, "version": "x"})).status == 409
        assert (await program("POST", "/plan/approve", agreed, role="viewer")).status == 403
        assert (await program("POST", "/plan/approve", {**agreed, "target": ["none"]})).status == 404
        assert await operator.inactive() == []
        assert await program.post("/plan/approve", agreed) == {"holds": [], "left": []}
    await operator.sync()
    assert await operator.inactive() == [leaver]
    assert (await program.get("/plan?on=2099-01-01"))["version"] is None


async def test_nobody_watches_kenjo(
    operator: Operator, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No service, or one whose polls fail == a sentence, and nothing is approved."""
    operator.leave(1)
    agreed = {"version": (await program.get("/plan"))["version"]}
    said = await program("POST", "/plan/approve", agreed)
    assert (said.status, "no process watches Kenjo now" in said.json["detail"]) == (409, True)
    monkeypatch.setattr(approving, "PATIENCE", 0.5)
    async with operator.backend() as backend:
        assert await backend.lease().acquire()
        said = await program("POST", "/plan/approve", agreed)
    assert (said.status, "has not been read meanwhile" in said.json["detail"]) == (409, True)
    assert (await operator("audit", "--kind", "approved", "--json")).json_lines == []
