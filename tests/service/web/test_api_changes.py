"""What the API does, at a real directory and Redis, and in whose name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service.operated import Operator, park
from tests.service.web.asking import Program


async def test_a_hold_is_decided_as_it_was_seen(program: Program, operator: Operator) -> None:
    """Another version == 409 and nothing decided; the one that was seen == approved, in the token's name."""
    operator.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    (leaver,) = operator.leave(1)
    assert (await operator.sync()).exit_code == 2
    (hold,) = (await program.get("/holds"))["items"]
    assert (hold["state"], [one["record"] for one in hold["records"]]) == ("open", [f"person:{leaver}"])
    assert hold["records"][0]["name"]
    assert hold == await program.get(f"/holds/{hold['id']}")
    where, version = f"/holds/{hold['id']}", {"version": hold["version"]}
    assert (await program("POST", f"{where}/approve", version, role="viewer")).status == 403
    stale = await program("POST", f"{where}/approve", {"version": "1234"})
    assert (stale.status, "has changed since" in stale.json["detail"]) == (409, True)
    assert (await program.post(f"{where}/reject", version))["state"] == "rejected"
    assert (await program.post(f"{where}/approve", version))["state"] == "approved"
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == [leaver]
    events = await program.get("/audit?what=approved")
    assert [one["by"] for one in events["items"]] == ["token the-operator"]


async def test_some_of_a_hold(program: Program, operator: Operator) -> None:
    """Nobody chosen == 422, a stranger == 409; one of two approved == it goes; the other stays a hold."""
    operator.target["limits"] = {"remove": {"count": 1, "percent": 0}}
    gone, kept = (f"person:{id_}" for id_ in operator.leave(2))
    await operator.sync()
    (hold,) = (await program.get("/holds"))["items"]
    assert hold["choosable"] == [gone, kept]
    where, seen = f"/holds/{hold['id']}/approve", {"version": hold["version"]}
    assert (await program("POST", where, {**seen, "only": []})).status == 422
    stranger = f"person:{operator.people()[0]}"
    assert (await program("POST", where, {**seen, "only": [gone, stranger]})).status == 409
    decided = await program.post(where, {**seen, "only": [gone]})
    assert ([one["record"] for one in decided["records"]], decided["state"]) == ([gone], "approved")
    for _ in range(2):
        assert (await operator.sync()).exit_code == 2
        assert await operator.inactive() == [gone.removeprefix("person:")]
    (rest,) = (await program.get("/holds"))["items"]
    assert [one["record"] for one in rest["records"]] == [kept]


async def test_what_failed(program: Program, operator: Operator) -> None:
    """Failures in parts, tried again, discarded, adopted == as the commands do it."""
    ana, ben, cem = operator.people()[:3]
    await park(operator, ana, ben, cem)
    first = await program.get("/failures?limit=2&target=directory&state=failed")
    rest = await program.get(f"/failures?limit=2&after={first['next']}")
    records = [one["record"] for one in [*first["items"], *rest["items"]]]
    assert records == sorted(f"person:{id_}" for id_ in (ana, ben, cem))
    assert (first["count"], rest["next"], all(one["name"] for one in first["items"])) == (3, None, True)
    assert await program.post("/failures/retry", {"record": f"person:{ana}"}) == {"retried": 1}
    await program.post("/failures/discard", {"target": "directory", "record": f"person:{ben}"})
    wrong = await program(
        "POST", "/failures/adopt", {"target": "directory", "record": f"person:{cem}", "account": "nobody's"}
    )
    assert wrong.status == 409
    account = (await operator.users())[cem]["id"]
    await program.post(
        "/failures/adopt", {"target": "directory", "record": f"person:{cem}", "account": account}
    )
    assert (await operator.sync()).exit_code == 0
    users = await operator.users()
    assert [users[id_]["name"]["familyName"] == "Planted" for id_ in (ana, ben, cem)] == [True, False, True]
    assert (await program.get("/failures"))["items"] == []


async def test_a_target_rests(program: Program, operator: Operator) -> None:
    """Paused until a time == maintenance with the reason; over == 422; resumed; checked == findings."""
    end = datetime.now(UTC) + timedelta(hours=1)
    body = {"until": end.isoformat(), "reason": "their upgrade"}
    paused = await program.post("/targets/directory/pause", body, role="administrator")
    assert (paused["state"], "their upgrade (by token the-administrator)" in paused["reason"]) == (
        "maintenance",
        True,
    )
    body["until"] = "2020-01-01T00:00:00Z"
    assert (await program("POST", "/targets/directory/pause", body, role="administrator")).status == 422
    for expected in (True, False):
        again = await program.post("/targets/directory/resume", {}, role="administrator")
        assert again == {"was_paused": expected}
    assert (await program.get("/targets/directory"))["state"] == "running"
    operator.here.proxy.seen.clear()
    found = await program.post("/targets/directory/check", {})
    assert {one["part"] for one in found["findings"]} >= {"kenjo", "redis", "target directory"}
    assert not [problem for one in found["findings"] for problem in one["problems"]]
    assert operator.here.proxy.seen
    assert not operator.here.proxy.writes


async def test_expressions_and_settings(program: Program, operator: Operator) -> None:
    """Settings == without secrets; a trial == the new value beside the present one; a wrong one == 422."""
    found = await program("GET", "/settings", role="administrator")
    assert found.json["mappings"]["directory"]["person"]["userName"]
    for secret in (operator.target["token"], operator.here.sandbox.api_key):
        assert secret not in found.text
    ana = operator.people()[0]
    body: dict[str, Any] = {"target": "directory", "who": ana, "map": {"title": "'Boss'"}}
    (row,) = (await program.post("/try", body, role="administrator"))["attributes"]
    assert (row["attribute"], row["new"]["value"]) == ("title", "Boss")
    body["map"] = {"title": "lower("}
    assert (await program("POST", "/try", body, role="administrator")).status == 422


async def test_somebody_is_forgotten(program: Program, operator: Operator) -> None:
    """First what targets have; then erased, the account closed first; then nobody has this id."""
    ana = operator.people()[0]
    left = await program.get(f"/people/{ana}/forget", role="administrator")
    assert left["targets"]["directory"]["open"] is True
    body = {"close": True, "for_good": True}
    done = await program.post(f"/people/{ana}/forget", body, role="administrator")
    assert (done["erased"]["records"], done["open"]) == (1, [])
    assert await operator.inactive() == [ana]
    assert (await program("GET", f"/people/{ana}")).status == 404
    stones = await program.get("/forgotten", role="administrator")
    assert [(one["record"], one["whole"]) for one in stones["items"]] == [(f"person:{ana}", True)]
    again = await program.post(f"/forgotten/{ana}/undo", {}, role="administrator")
    assert again == {"record": f"person:{ana}"}
    assert (await program("POST", f"/forgotten/{ana}/undo", {}, role="administrator")).status in (404, 409)
    await operator.sync()
    program.wait()
    assert (await program.get(f"/people/{ana}"))["gone"] is False


async def test_a_poll_is_asked_for(program: Program, operator: Operator) -> None:
    """Somebody polls == 202 and a wish that the poller takes; at once again == 429 that says when."""
    async with operator.backend() as backend:
        assert await backend.lease().acquire()
        asked = await program("POST", "/poll", {})
        assert (asked.status, asked.json["last_poll"]) == (202, (await program.get("/overview"))["last_poll"])
        assert await backend.asked.take()
        again = await program("POST", "/poll", {})
        assert (again.status, 0 < int(again.headers["Retry-After"]) <= 10) == (429, True)
        assert not await backend.asked.take()
