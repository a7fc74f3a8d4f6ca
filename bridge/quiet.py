"""For how long a server asks to be left alone, read from the headers of its answer."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from contextlib import suppress

UNSAID = 5.0
"""Seconds to leave a server alone that says "too many requests" and not for how long."""

LONGEST_RESET = 3600.0
"""Seconds that a reset header may ask for; one that asks for more counts in another unit than we think."""

_RESETS = ("RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
_EPOCH = 1e9
"""From here on a number is no count of seconds but a point in time."""


def quiet_time(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds to wait after a 429 (RFC 6585): by `Retry-After`, else by a reset header, else UNSAID."""
    for seconds in (retry_after(headers, now), _until_reset(headers, now)):
        if seconds is not None:
            return seconds
    return UNSAID


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds to wait by `Retry-After` (RFC 9110 section 10.2.3: seconds or a date), None when absent."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if (number := _number(value)) is not None:
        return max(0.0, number)
    return _until(value, now)


def _until_reset(headers: Mapping[str, str], now: float | None) -> float | None:
    """Seconds until a new allowance begins.

    `RateLimit-Reset` counts seconds (draft-ietf-httpapi-ratelimit-headers); with an X it is a point in time
    at some (Okta, GitHub: seconds since 1970), counted from the server's own `Date` where that is given.
    """
    numbers = (_number(headers.get(name, "").strip()) for name in _RESETS)
    reset = next((number for number in numbers if number is not None), None)
    if reset is None:
        return None
    if reset >= _EPOCH:
        reset -= _moment(headers.get("Date", "")) or (time.time() if now is None else now)
    return max(0.0, reset) if reset <= LONGEST_RESET else None


def _number(value: str) -> float | None:
    with suppress(ValueError):
        return float(value) if math.isfinite(float(value)) else None
    return None


def _moment(value: str) -> float | None:
    with suppress(ValueError):
        return email.utils.parsedate_to_datetime(value).timestamp()
    return None


def _until(value: str, now: float | None) -> float | None:
    moment = _moment(value)
    return None if moment is None else max(0.0, moment - (time.time() if now is None else now))
