"""What an answer may cost, whatever a server sends."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc

import pytest
from aiohttp import web

from bridge.errors import BridgeError, RecordRejected, TryLater
from bridge.wire.answer import MAX_ERROR
from bridge.wire.parsing import MOST_VALUES, parse
from bridge.wire.quiet import LONGEST_PAUSE
from tests.bridge.serving import Handler, answering, serving

MB = 2**20


def packed(body: bytes, status: int = 200) -> Handler:
    return answering(status, body=gzip.compress(body), headers={"Content-Encoding": "gzip"})


async def test_of_an_error_only_the_beginning_is_read() -> None:
    """An error of 50 MB, also packed into 50 kB == its status; a few hundred kB of memory, no waiting."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        for _ in range(50 * 16):
            await response.write(b"x" * MAX_ERROR)
            sent += MAX_ERROR
        return response

    for handler in (endless, packed(b"x" * 50 * MB, 400)):
        async with serving(handler) as http:
            tracemalloc.start()
            with pytest.raises(RecordRejected, match=r"^answered 400$"):
                await http.read("/x")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 8 * MB
    assert sent < 25 * MB  # what stands in buffers when the connection is closed


async def test_a_bomb_is_unpacked_only_up_to_the_limit() -> None:
    """200 MB packed into 200 kB, where 1 MB is allowed == refused, and a few MB of memory."""
    async with serving(packed(b" " * 200 * MB), max_body=MB) as http:
        tracemalloc.start()
        with pytest.raises(TryLater, match="larger than 1048576 bytes"):
            await http.read("/x")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * MB


async def test_an_explanation_in_a_small_packed_error_is_read() -> None:
    """An error of usual size, packed == its words."""
    async with serving(packed(json.dumps({"detail": "too long"}).encode(), 400)) as http:
        with pytest.raises(RecordRejected, match="answered 400: too long"):
            await http.read("/x")


@pytest.mark.parametrize("piece", [b"{}", b"[]", b'{"":0}', b"0", b"[[],{}]"])
async def test_many_small_values_are_counted_before_they_are_made(piece: bytes) -> None:
    """20 MB of tiny values == a sentence, and no more memory than the text itself."""
    body = b"[" + b",".join([piece] * (20 * MB // (len(piece) + 1))) + b"]"
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"more than {MOST_VALUES} values"):
        parse(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MB
    async with serving(answering(200, body=body)) as http:
        with pytest.raises(TryLater, match="answered 200 with JSON that has more than"):
            (await http.read("/x")).json()


COST = """
import resource
from bridge.wire.parsing import MOST_VALUES, parse
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = parse(b"[" + b",".join([%r] * (MOST_VALUES // %d - 1)) + b"]")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    ("piece", "values"), [(b"{}", 2), (b'{"":0}', 2), (b"[[],{}]", 5), (b'"abcdefgh"', 1)]
)
def test_as_many_values_as_are_allowed_fit_into_memory(piece: bytes, values: int) -> None:
    """The costliest JSON with as many values as there may be == less than 300 MB, in a process of its own."""
    command = [sys.executable, "-c", COST % (piece, values)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)  # noqa: S603
    assert done.stderr == ""
    assert int(done.stdout) < 300


@pytest.mark.parametrize(
    "body",
    [b"[" * 3000 + b"]" * 3000, b'{"detail":' * 3000 + b"1" + b"}" * 3000, b"\x00", b"1e999", b"9" * 5000],
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_odd_json_is_one_answers_problem(status: int, body: bytes) -> None:
    """JSON nested 3,000 deep, no JSON, numbers without end == a value or one of our errors, in a sentence."""
    async with serving(answering(status, body=body, content_type="application/json")) as http:
        caught: BridgeError | None = None
        try:
            (await http.read("/x")).json()
        except BridgeError as error:
            caught = error
        assert len(str(caught)) < 250


@pytest.mark.parametrize(
    "value",
    ["1e308", "inf", "-inf", "nan", "-1", "0", "Fri, 31 Dec 9999 23:59:59 GMT", "1_0", "٣",
     "Tue, 19 Jan 2038 03:14:08 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
     "99999999999999999999", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 -9999",
     "Mon, 99 Foo 99999 99:99:99 +99:99"],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
async def test_no_retry_after_closes_a_target_for_long(status: int, value: str) -> None:
    """Any Retry-After, however far away or without sense == quiet for at most an hour, which all are told."""
    told: list[float] = []

    async def tell(seconds: float) -> None:
        told.append(seconds)

    handler = answering(status, headers={"Retry-After": value.encode().decode("latin-1")})
    async with serving(handler, told=tell) as http:
        with pytest.raises(TryLater) as caught:
            await http.read("/x")
    assert (caught.value.after or 0.0) <= LONGEST_PAUSE
    assert told == ([caught.value.after] if caught.value.after else [])


async def test_the_longest_pause_is_a_setting() -> None:
    """Retry-After: 500, at most 20 are granted == 20."""
    async with serving(answering(503, headers={"Retry-After": "500"}), longest_pause=20.0) as http:
        with pytest.raises(TryLater) as caught:
            await http.read("/x")
    assert caught.value.after == 20
