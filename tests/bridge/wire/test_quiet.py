"""How long a server asks to be left alone."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from bridge.wire.quiet import LONGEST_RESET, UNSAID, quiet_time, retry_after

NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0), (" 1.5 ", 1.5), ("-3", 0.0), ("", None), ("soon", None), ("inf", None),
        (formatdate(NOW + 60, usegmt=True), 60.0), (formatdate(NOW - 1000, usegmt=True), 0.0),
    ],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    """Retry-After is read as seconds and as date; the past is now, nonsense is nothing."""
    assert retry_after({"Retry-After": value}, now=NOW) == seconds


def test_no_retry_after() -> None:
    """Without the header there is nothing to honour."""
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Reset": str(NOW + 42)}, 42),
        ({"X-Rate-Limit-Reset": str(NOW + 42)}, 42),
        ({"X-Rate-Limit-Reset": str(NOW + 42), "Date": formatdate(NOW + 40, usegmt=True)}, 2),
        ({"X-Rate-Limit-Reset": str(NOW - 5)}, 0),
        ({"X-RateLimit-Reset": str(NOW * 1000 + 42_500)}, 42.5),
        ({"X-RateLimit-Reset": str(NOW * 1000 - 42_000)}, 0),
        ({"X-RateLimit-Reset": str(NOW * 1_000_000)}, UNSAID),
        ({"RateLimit-Reset": str(LONGEST_RESET + 1)}, UNSAID),
        ({"RateLimit-Reset": "soon"}, UNSAID),
        ({"Retry-After": "7", "RateLimit-Reset": "30"}, 7),
        ({}, UNSAID),
    ],
)
def test_quiet_time(headers: dict[str, str], seconds: float) -> None:
    """Seconds or a point in time by the server's clock; Retry-After counts more, nonsense for nothing."""
    assert quiet_time(headers, now=NOW) == seconds
