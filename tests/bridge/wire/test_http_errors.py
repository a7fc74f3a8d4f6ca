"""What an answer means, and what of it may be said."""

from __future__ import annotations

import pytest

from bridge.errors import (
    BridgeError,
    Conflict,
    NotFound,
    RecordRejected,
    TargetHalted,
    TryLater,
)
from bridge.wire.answer import Answer
from bridge.wire.quiet import UNSAID
from bridge.wire.redaction import redact
from tests.bridge.serving import answering, explaining, serving
from workers.testing.permits import Always


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, TargetHalted), (307, TargetHalted), (400, RecordRejected), (401, TargetHalted),
        (403, TargetHalted), (404, NotFound), (408, TryLater), (409, Conflict), (410, NotFound),
        (413, RecordRejected), (422, RecordRejected), (425, TryLater), (429, TryLater), (500, TryLater),
        (502, TryLater), (503, TryLater), (504, TryLater),
    ],
)  # fmt: skip
async def test_a_status_is_an_error(status: int, expected: type[BridgeError]) -> None:
    """Each status is the error that says what happens next, and names the status."""
    async with serving(answering(status)) as http:
        with pytest.raises(BridgeError, match=str(status)) as caught:
            await http.read("/x")
    assert type(caught.value) is expected


@pytest.mark.parametrize(("reads", "expected"), [(True, RecordRejected), (False, TargetHalted)])
async def test_forbidden_to_write(reads: bool, expected: type[BridgeError]) -> None:
    """403 to a write == that object's where reading shows the credentials to be good, else the target's."""
    async with serving(answering(403), reads=reads) as http:
        with pytest.raises(BridgeError) as caught:
            await http.write("POST", "/x", Always())
    assert type(caught.value) is expected


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_success(status: int) -> None:
    """Every 2xx is an answer."""
    async with serving(answering(status)) as http:
        assert (await http.read("/x")).status == status


async def test_classify_is_asked() -> None:
    """A target's own classification decides, also against success."""

    def classify(answer: Answer, _said: str) -> BridgeError | None:
        return Conflict("mine") if answer.status == 200 else None

    async with serving(answering(200), classify=classify) as http:
        with pytest.raises(Conflict, match="mine"):
            await http.read("/x")
    async with serving(answering(500), classify=classify) as http:
        assert (await http.read("/x")).status == 500


async def test_retry_after_is_passed_on() -> None:
    """The seconds that a server names arrive in the error."""
    for status in (429, 503):
        async with serving(answering(status, headers={"Retry-After": "12"})) as http:
            with pytest.raises(TryLater) as caught:
                await http.read("/x")
        assert caught.value.after == 12
        assert not caught.value.unreachable


async def test_too_many_requests_is_always_a_request_for_quiet() -> None:
    """429 without a word on how long == everybody waits a while; a 500 without == that record does."""
    for status, after in ((429, UNSAID), (500, None)):
        async with serving(answering(status)) as http:
            with pytest.raises(TryLater) as caught:
                await http.read("/x")
        assert caught.value.after == after


async def test_the_servers_words_are_kept() -> None:
    """What a server explains is in the error, from the usual places."""
    for body in (
        {"detail": "over the limit"},
        {"message": "over the limit"},
        {"error": {"message": "over the limit"}},
        {"error": "over the limit"},
    ):
        async with serving(explaining(422, body)) as http:
            with pytest.raises(RecordRejected, match="answered 422: over the limit"):
                await http.read("/x")


async def test_values_are_cut_out() -> None:
    """Sent values, e-mail addresses and quoted text do not reach an error."""
    detail = "Ana Müller <ana@example.com> has 'Sales' and \"0123\" in Köln already, see bob@example.org"
    async with serving(explaining(409, {"detail": detail})) as http:
        with pytest.raises(Conflict) as caught:
            await http.read("/x", method="POST", body={"name": {"full": "Ana Müller"}, "cities": ["Köln"]})
    text = str(caught.value)
    assert "already" in text
    for value in ("Ana", "Müller", "example", "Sales", "0123", "Köln", "bob"):
        assert value not in text


def test_a_longer_value_is_cut_first() -> None:
    """A value within another one does not leave the rest of it behind."""
    assert redact("no Ana Müller here", {"a": "Ana", "b": "Ana Müller"}) == "no […] here"


def test_short_values_stay() -> None:
    """Values of one or two characters would cut words apart."""
    assert redact("de is not allowed", {"language": "de"}) == "de is not allowed"


async def test_html_explains_nothing() -> None:
    """A gateway's page is not repeated in an error, and a long text is cut short."""
    async with serving(answering(500, text="<html>Ana</html>", content_type="text/html")) as http:
        with pytest.raises(TryLater) as caught:
            await http.read("/x")
    assert str(caught.value) == "answered 500"
    async with serving(explaining(400, {"detail": "x" * 5000})) as http:
        with pytest.raises(RecordRejected) as rejected:
            await http.read("/x")
    assert len(str(rejected.value)) < 250


async def test_success_that_is_no_json() -> None:
    """Reading JSON from a page that came with 200 is a passing fault that names the content type."""
    async with serving(answering(200, text="<html>", content_type="text/html")) as http:
        answer = await http.read("/x")
        with pytest.raises(TryLater, match="text/html"):
            answer.json()
