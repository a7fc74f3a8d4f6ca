"""Signed text that the browser keeps for us and any process of this bridge can read: nothing is stored."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable
from typing import Any

import orjson

Sign = Callable[[Any], str]


class Signed:
    """Texts of one purpose: `what` is signed with each, so that none passes for one of another purpose."""

    def __init__(self, sign: Sign, what: str, clock: Callable[[], float] = time.time) -> None:
        self._sign = sign
        self._what = what
        self._clock = clock

    def text(self, body: dict[str, Any], seconds: float) -> str:
        """The text of a body, which can be read for so long. It is signed, and not sealed."""
        body = {**body, "is": self._what, "ends": int(self._clock() + seconds)}
        return f"{base64.urlsafe_b64encode(orjson.dumps(body)).decode()}.{self._sign(body)}"

    def read(self, text: str) -> dict[str, Any] | None:
        """The body of a text of ours; None where it is over, changed, or of another purpose."""
        packed, _, signature = text.partition(".")
        try:
            body = orjson.loads(base64.urlsafe_b64decode(packed))
            ours = hmac.compare_digest(self._sign(body).encode(), signature.encode())
        except (ValueError, binascii.Error):
            return None
        if not ours or not isinstance(body, dict) or body.get("is") != self._what:
            return None
        return body if body["ends"] >= self._clock() else None
