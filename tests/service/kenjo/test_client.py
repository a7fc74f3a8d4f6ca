"""The Kenjo client against the sandbox: whole lists, or one clear sentence."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.diff import diff
from bridge.errors import SourceRefused, SourceUnavailable
from bridge.model import ChangeKind, Key, Kind, Lifecycle, Stored
from sandbox import Sandbox
from sandbox.malform import VARIANTS
from service.kenjo.client import _worst
from service.kenjo.fields import ACCOUNTS, SECTIONS, WORKS
from tests.service.client import KEY, LISTS, LOGIN, Clock, Connect, failure


async def test_every_list_is_read_once(sandbox: Sandbox, connect: Connect) -> None:
    """One sign-in and one request per list, whether it is a bare array or below `data`; no other request."""
    lists = await connect().fetch([*LISTS, WORKS])
    assert {name: len(rows) for name, rows in lists.items()} == {
        ACCOUNTS: 30,
        WORKS: 30,
        "departments": len(sandbox.account.tables["departments"]),
        "teams": len(sandbox.account.tables["teams"]),
    }
    assert sandbox.requests.counts == {LOGIN: 1, **{f"GET /{name}": 1 for name in LISTS}}


@pytest.mark.parametrize("limit", [1, 7, 10, 15, 30, 31])
async def test_pages_are_followed_to_the_end(sandbox: Sandbox, connect: Connect, limit: int) -> None:
    """A list in pages of any size == the same list in one answer."""
    whole = await connect().fetch({WORKS})
    sandbox.faults.add("paged", f"/{WORKS}", limit=limit)
    assert await connect().fetch({WORKS}) == whole


@pytest.mark.parametrize("concurrency", [1, 2, 3])
async def test_requests_at_the_same_time_are_limited(
    sandbox: Sandbox, connect: Connect, concurrency: int
) -> None:
    """kenjo.concurrency == the most requests that Kenjo ever has to answer at once."""
    sandbox.faults.add("slow", "*", seconds=0.03)
    await connect(concurrency=concurrency).fetch(LISTS)
    assert sandbox.requests.most_at_once == concurrency


async def test_failed_list_ends_the_other_requests(sandbox: Sandbox, connect: Connect) -> None:
    """One list that fails ends the poll at once, without waiting for slow ones."""
    sandbox.faults.add("slow", f"/{WORKS}", seconds=5)
    sandbox.faults.add("status", f"/{ACCOUNTS}")
    started = asyncio.get_running_loop().time()
    await failure(connect(), ACCOUNTS, WORKS)
    assert asyncio.get_running_loop().time() - started < 2


async def test_snapshot_is_whole_and_only_what_is_used(sandbox: Sandbox, connect: Connect) -> None:
    """Fetched and joined == everybody of the account, with names, teams and managers, from lists in use."""
    fields = {
        ("person", "account", "email"),
        ("person", "work", "department"),
        ("person", "work", "manager", "account", "email"),
        ("team", "members"),
    }
    snapshot = await connect().fetch_snapshot(fields, zone=ZoneInfo("Europe/Berlin"))
    employees = sandbox.account.employees
    departments = sandbox.account.tables["departments"]
    people = {key.id: record.data for key, record in snapshot.records.items() if key.kind is Kind.PERSON}
    assert (snapshot.kept, snapshot.problems, snapshot.warnings) == (frozenset(), (), ())
    assert people.keys() == employees.keys()
    for id_, data in people.items():
        work, boss = employees[id_]["work"], data["work"]["manager"]
        assert data["account"] == {"email": employees[id_]["account"].get("email") or None}
        assert data["work"]["department"] == departments[work["departmentId"]]["name"]
        assert (boss and boss["id"]) == work.get("reportsToId")
    assert any(record.data["members"] for record in snapshot.records.values() if record.key.kind is Kind.TEAM)
    assert set(sandbox.requests.counts) == {LOGIN, *(f"GET /{name}" for name in LISTS)}


@pytest.mark.parametrize("variant", sorted(VARIANTS))
@pytest.mark.parametrize("name", [ACCOUNTS, WORKS, "departments", "teams"])
async def test_bad_rows_make_nobody_vanish(
    sandbox: Sandbox, connect: Connect, name: str, variant: str
) -> None:
    """Three bad rows in any list, in any way == nobody and no team counts as vanished."""
    fields = {("person", "account", "email"), ("person", "work", "department"), ("team", "members")}
    whole = await connect().fetch_snapshot(fields, zone=ZoneInfo("UTC"))
    sandbox.faults.add("malformed", f"/{name}", variant=variant, rows=3)
    snapshot = await connect().fetch_snapshot(fields, zone=ZoneInfo("UTC"))
    known = {key: Stored(record, 1) for key, record in whole.records.items()}
    vanished = [change for change in diff(known, snapshot) if change.kind is ChangeKind.VANISHED]
    assert vanished == []


async def test_configured_team_field_reaches_the_builder(connect: Connect) -> None:
    """A kenjo.team_field that nobody has == a warning that names it."""
    client = connect(team_field="c_squad")
    snapshot = await client.fetch_snapshot({("team", "members")}, zone=ZoneInfo("UTC"))
    (warning,) = snapshot.warnings
    assert "the field 'c_squad'" in warning


async def test_time_of_the_snapshot_is_the_clients_clock(sandbox: Sandbox, connect: Connect) -> None:
    """At 11:00 UTC on the eve of a first day == upcoming; not with a lead, nor far in the east."""
    berlin = next(id_ for id_, row in sandbox.account.tables["offices"].items() if row["name"] == "Berlin")
    id_, start = next(
        (id_, person["work"]["startDate"][:10])
        for id_, person in sandbox.account.employees.items()
        if person["work"]["officeId"] == berlin and person["account"]["isActive"]
    )
    client = connect(Clock(datetime.fromisoformat(f"{start}T11:00:00Z") - timedelta(days=1)))
    options: list[dict[str, Any]] = [
        {},
        {"lead_days": 1},
        {"office_zones": {"Berlin": ZoneInfo("Pacific/Kiritimati")}},
    ]
    found = [
        await client.fetch_snapshot({("person", "id")}, zone=ZoneInfo("UTC"), **option) for option in options
    ]
    states = [snapshot.records[Key(Kind.PERSON, id_)].lifecycle for snapshot in found]
    assert states == [Lifecycle.UPCOMING, Lifecycle.ACTIVE, Lifecycle.ACTIVE]


@pytest.mark.parametrize(
    ("name", "permission"), [("departments", "department"), ("teams", "team"), (SECTIONS["home"], "employee")]
)
async def test_missing_permission_is_named(
    sandbox: Sandbox, connect: Connect, name: str, permission: str
) -> None:
    """403 on a list == SourceRefused that names the list and what to tick."""
    sandbox.keys.add(KEY, denied=[f"/{name}"])
    error = await failure(connect(), name)
    assert isinstance(error, SourceRefused)
    assert f"does not let the API key read {name} (403): tick '{permission}'" in str(error)


OUTAGES: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": 500}, "Kenjo answered 500 for /{}"),
    ("status", {"status": 503, "retry_after": 30}, "(it asks to wait 30 s)"),
    ("status", {"status": 429, "retry_after": 7}, "(it asks to wait 7 s), and a longer kenjo.poll_interval"),
    ("status", {"status": 404}, "make sure that kenjo.base_url is right"),
    ("status", {"status": 302}, "make sure that kenjo.base_url is right"),
    ("html", {}, "Kenjo answered 502 for /{}"),
    ("html", {"status": 200}, "/{} answered 200 with text/html that is not JSON"),
    ("status", {"status": 204, "body": ""}, "/{} answered 204"),
    ("drop", {}, "could not be asked for /{}: no answer (ServerDisconnectedError)"),
    ("slow", {"seconds": 5}, "could not be asked for /{}: no answer within 0.3 s"),
    ("stalled", {"seconds": 5}, "could not be asked for /{}: no answer within 0.3 s"),
    ("truncated", {}, "could not be asked for /{}: no answer (ClientPayloadError)"),
    ("truncated", {"complete": True}, "that is not JSON"),
]


@pytest.mark.parametrize(
    ("name", "kind", "options", "says"),
    [
        *((WORKS, *outage) for outage in OUTAGES),
        # The sandbox sends only lists in bad ways.
        *(("auth/login", *outage) for outage in OUTAGES if outage[0] not in ("stalled", "truncated")),
    ],
)
async def test_outage_gives_no_snapshot(
    sandbox: Sandbox, connect: Connect, kind: str, options: dict[str, Any], says: str, name: str
) -> None:
    """Whatever a network and a gateway do == SourceUnavailable in one sentence, after one request."""
    sandbox.faults.add(kind, f"/{name}", **options)
    error = await failure(connect(timeout=0.3), ACCOUNTS, WORKS)
    assert type(error) is SourceUnavailable
    assert says.format(name) in str(error)
    request = LOGIN if name == "auth/login" else f"GET /{name}"
    again = kind == "drop" and name == WORKS  # on a connection that was used before, the session asks anew
    assert sandbox.requests.counts[request] == 1 + again


async def test_kenjo_that_is_away_is_named(sandbox: Sandbox, connect: Connect) -> None:
    """Nobody listens == SourceUnavailable that names the host to look after."""
    await sandbox.stop()
    error = await failure(connect())
    assert type(error) is SourceUnavailable
    assert "no answer: nothing listens at this host and port: look whether address" in str(error)


@pytest.mark.parametrize(
    "body", ['"no"', "7", "null", "{}", '{"data": null}', '{"data": {}}', '{"message": "ok"}']
)
async def test_json_that_is_no_list_gives_no_snapshot(sandbox: Sandbox, connect: Connect, body: str) -> None:
    """200 with another shape == SourceUnavailable that names the list."""
    sandbox.faults.add("status", f"/{WORKS}", status=200, body=body)
    assert "Kenjo answered employees/works with no list" in str(await failure(connect()))


async def test_refusal_is_told_before_an_outage() -> None:
    """Of several failures, a bug comes before what a person must act on, and that before an outage."""
    outage, refusal, bug = SourceUnavailable("1"), SourceRefused("2"), ValueError("3")
    assert _worst(ExceptionGroup("", [outage, refusal])) is refusal
    assert _worst(ExceptionGroup("", [refusal, bug, outage])) is bug


async def test_no_personal_value_is_in_an_error(sandbox: Sandbox, connect: Connect) -> None:
    """What Kenjo says is told without e-mails, quoted values, key and token."""
    said = f"no 'Wilhelmina' wilhelmina@acme.example with {KEY} and Bearer secret-4711"
    sandbox.faults.add("status", "/auth/login", status=500, body={"message": said[:-11]}, count=1)
    sandbox.faults.add("status", "/auth/login", status=200, body={"token": "secret-4711"})
    sandbox.faults.add("status", f"/{WORKS}", status=500, body={"message": said.replace(KEY, "")})
    client = connect()
    for _ in range(2):
        text = str(await failure(client, WORKS))
        assert "answered 500" in text
        assert "[…]" in text
        assert not [word for word in ("ilhelmina", KEY, "4711") if word in text]
