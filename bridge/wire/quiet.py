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

LONGEST_PAUSE = 3600.0
"""Seconds that are granted at most, where the setting `retry.longest_pause` says nothing else."""

_LONGEST_VALUE = 64  # characters of a header that are looked at; a date has 29

_RESETS = ("RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
_EPOCH = 1e9
"""From here on a number is no count of seconds but a point in time."""

_EPOCH_IN_MS = 1e11
"""From here on it is one in milliseconds: in seconds it would be in the year 5138."""


def quiet_time(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds asked for by a 429 (RFC 6585): by `Retry-After`, else by a reset header, else UNSAID."""
    for seconds in (retry_after(headers, now), _until_reset(headers, now)):
        if seconds is not None:
            return seconds
    return UNSAID


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds asked for by `Retry-After` (RFC 9110 section 10.2.3: seconds or a date), None when absent.

    However many are asked for: `granted` says for how long the server is left alone.
    """
    value = _value(headers, "Retry-After")
    if not value:
        return None
    if (number := _number(value)) is not None:
        return max(0.0, number)
    return _until(value, now)


def server_time(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds since 1970 by the server's own `Date` where that is given, else by our clock."""
    return _moment(_value(headers, "Date")) or (time.time() if now is None else now)


def granted(asked: float, longest: float = LONGEST_PAUSE) -> float:
    """Seconds for which a server is left alone that asks for so many; its clock may be years ahead."""
    return min(asked, longest) if asked > 0 else 0.0  # not a number is none


def _value(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").strip()[:_LONGEST_VALUE]


def _until_reset(headers: Mapping[str, str], now: float | None) -> float | None:
    """Seconds until a new allowance begins.

    `RateLimit-Reset` counts seconds (draft-ietf-httpapi-ratelimit-headers); with an X it is a point in time
    at some (Okta, GitHub: seconds since 1970; others: milliseconds).
    """
    numbers = (_number(_value(headers, name)) for name in _RESETS)
    reset = next((number for number in numbers if number is not None), None)
    if reset is None:
        return None
    if reset >= _EPOCH_IN_MS:
        reset /= 1000
    if reset >= _EPOCH:
        reset -= server_time(headers, now)
    return max(0.0, reset) if reset <= LONGEST_RESET else None


def _number(value: str) -> float | None:
    with suppress(ValueError):
        return float(value) if math.isfinite(float(value)) else None
    return None


def _moment(value: str) -> float | None:
    # A time zone or year that no calendar has ends in any of these.
    with suppress(ValueError, TypeError, IndexError, OverflowError, OSError):
        return email.utils.parsedate_to_datetime(value).timestamp()
    return None


def _until(value: str, now: float | None) -> float | None:
    moment = _moment(value)
    return None if moment is None else max(0.0, moment - (time.time() if now is None else now))
