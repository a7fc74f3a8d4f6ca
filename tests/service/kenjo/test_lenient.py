"""A list whose text is not all JSON: what is broken harms one row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import SourceUnavailable
from bridge.model import Key, Kind, Lifecycle
from bridge.store.backend import Backend
from service.kenjo.cells import Unusable, plain, text
from service.kenjo.lenient import read_list
from tests.service.watching import watching

DEEP = "[" * 3000 + "]" * 3000
PLACE = '"BROKEN"'
BROKEN = ['"half \\ud83d"', "NaN", "-Infinity", "9" * 5000, DEEP, '{"a":' * 3000 + "1" + "}" * 3000, "1e999"]
BROKEN += ["007", "+1", ".5", "0x1F", "undefined", "'x'", "new Date(1)", '"\\x41"', '"\\u12"', '{"a": [01]}']


@pytest.mark.parametrize("value", BROKEN)
async def test_one_broken_value_harms_one_row(backend: Backend, value: str) -> None:
    """A value that no strict parser takes == that person kept and reported; a leaver is closed."""
    async with watching(backend, people=10, map={"nickName": "person.work.c_desk"}) as here:
        victim, leaver, *_ = sorted(
            id_ for id_, state in (await here.states()).items() if state is Lifecycle.ACTIVE
        )
        here.sandbox.actions.leave(employee=leaver)
        rows = [
            {**one["work"], "_id": id_, "c_desk": "BROKEN" if id_ == victim else None}
            for id_, one in here.sandbox.account.employees.items()
        ]
        body = json.dumps({"data": rows}).replace(PLACE, value)
        here.sandbox.faults.add("status", path="/employees/works", status=200, body=body)
        poll = await here.poll()
        assert [(problem.list, problem.id) for problem in poll.snapshot.problems] == [
            ("employees/works", victim)
        ]
        assert poll.snapshot.problems[0].reason.startswith("c_desk ")
        assert (await here.states())[leaver] is Lifecycle.INACTIVE
        assert (await here.states())[victim] is Lifecycle.ACTIVE
        assert await here.gone() == set()


def test_bytes_that_are_no_text_harm_one_cell() -> None:
    """Bytes that are no UTF-8 in a list, bare or with paging == that value cannot be used, others can."""
    for around in (b"%s", b'{"data": %s, "metadata": {"total": 2}}'):
        rows = b'[{"_id":"a","name":"\xff\xfe"}, {"_id":"b","name":"Zo\xc3\xab"}]'
        found: Any = read_list(around % rows)
        one, other = found if isinstance(found, list) else found["data"]
        assert other == {"_id": "b", "name": "Zoë"}
        with pytest.raises(Unusable, match="has broken characters"):
            text(one["name"])
        with pytest.raises(Unusable):
            plain({"inside": [one["name"]]})


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        '[{"a":1}', '{"x":[1]}', "7", "[1] x", "", "[undefined]", '"\\"', '{"data":"[1]"}', "[[[",
        "[{'_id': 1}, {'_id': 2}]",
        '["' + '\\"' * 1000, '{"data": [NaN], "other": NaN}',
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(body: str) -> None:
    """A gateway's page, a cut list, another shape == ValueError."""
    with pytest.raises(ValueError, match=r".*"):
        read_list(body.encode())


@pytest.mark.parametrize(
    "torn", ['{"_id":"b" "x":1}', '{"_id":"b",x:1}', '{"_id":"b","x":}', '{"_id":"b",}', '{"x":12:30}', "{b}"]
)
def test_a_row_whose_cells_cannot_be_told_apart_harms_no_other(torn: str) -> None:
    """A row that lacks a comma, a value or a name == it is no row, and its neighbours are whole."""
    found = read_list(f'[{{"_id":"a"}}, {torn}, {{"_id":"c","x":2}}]'.encode())
    assert [row for row in found if isinstance(row, dict)] == [{"_id": "a"}, {"_id": "c", "x": 2}]
    assert len(found) == 3


async def test_a_pause_that_kenjo_asks_for_is_kept(backend: Backend) -> None:
    """429 with Retry-After == no further request to Kenjo before it has passed, and a sentence."""
    async with watching(backend, people=10) as here:
        here.sandbox.faults.add("status", path="/employees/works", status=429, retry_after=300, count=1)
        with pytest.raises(SourceUnavailable):
            await here.poll()
        here.sandbox.requests.reset()
        with pytest.raises(SourceUnavailable, match=r"asked to be left alone for another (29\d|300) s"):
            await here.poll()
        assert here.sandbox.requests.counts == {}
        quiet = backend.keys.of("quiet")
        assert 290_000 < await backend.redis.pttl(quiet) <= 300_000
        await backend.redis.delete(quiet)
        await here.poll()


@pytest.mark.parametrize("retry_after", ["1e308", "Fri, 31 Dec 2038 23:59:59 GMT", 86400])
async def test_a_pause_has_an_end(backend: Backend, retry_after: Any) -> None:
    """A pause of a day, of years, of for ever == an hour at most."""
    async with watching(backend, people=3) as here:
        here.sandbox.faults.add("status", path="/teams", status=429, retry_after=retry_after, count=1)
        with pytest.raises(SourceUnavailable), capture_logs():
            await here.poll()
        assert 0 < await backend.redis.pttl(backend.keys.of("quiet")) <= 3_600_000


async def test_lone_characters_where_nothing_uses_them(backend: Backend) -> None:
    """Half an emoji in a field that no mapping uses == no problem at all."""
    async with watching(backend, people=5) as here:
        rows = [
            {**one["work"], "_id": id_, "c_x": "BROKEN"}
            for id_, one in here.sandbox.account.employees.items()
        ]
        body = json.dumps({"data": rows}).replace(PLACE, BROKEN[0])
        here.sandbox.faults.add("status", path="/employees/works", status=200, body=body)
        poll = await here.poll()
        assert (poll.changes, poll.snapshot.problems) == ([], ())
        assert Key(Kind.PERSON, rows[0]["_id"]) in await here.known()
