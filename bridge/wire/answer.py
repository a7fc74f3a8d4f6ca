"""What a server has answered, and what its status means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.wire.parsing import MOST_VALUES, TooMuch, parse
from bridge.wire.quiet import quiet_time, retry_after

MAX_ERROR = 64 * 2**10
"""Bytes of an answer that is an error; the rest stays unread, and the connection is closed."""

_CONTENT_TYPE = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; of an error the first MAX_ERROR bytes.

    `headers` are case-insensitive; `most_values` bounds what is made of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    most_values: int = MOST_VALUES

    def json(self) -> Any:
        """The parsed body. Raises TryLater when it is not JSON (a gateway's page, a truncated answer)."""
        try:
            return parse(self.body, self.most_values)
        except TooMuch as error:
            raise TryLater(f"answered {self.status} with JSON that {error}") from None
        except ValueError:
            named = _CONTENT_TYPE.match(self.headers.get("Content-Type", ""))
            kind = named[0] if named else "no content type"
            raise TryLater(
                f"answered {self.status} with {kind} that is not JSON; is the address right?"
            ) from None


Classify = Callable[[Answer, str], BridgeError | None]
"""Turns an answer, and the server's own redacted words, into the error that it means."""


def classify_status(answer: Answer, said: str) -> BridgeError | None:
    """What an answer's status means by RFC 9110 and RFC 6585; `said` is the server's own redacted words."""
    status = answer.status
    if 200 <= status < 300:
        return None
    text = f"answered {status}" + (f": {said}" if said else "")
    if status == 401 or status == 403:
        return TargetHalted(text)
    if status == 404 or status == 410:
        return NotFound(text)
    if status == 409:
        return Conflict(text)
    if status == 429:
        return TryLater(text, after=quiet_time(answer.headers))
    if status in (408, 425) or status >= 500:
        return TryLater(text, after=retry_after(answer.headers))
    if 300 <= status < 400:
        return TargetHalted(f"answered {status} (a redirect); set base_url to the final address")
    return RecordRejected(text)
