"""What a server says of an error, without anybody's values. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def words(status: int, content: bytes, sent: Any = None) -> str:
    """The server's own explanation in at most 200 characters, with every value that was sent cut out."""
    if status < 400:
        return ""
    try:
        body = json.loads(content)
    except ValueError:
        return ""  # a gateway's page explains nothing and may echo anything
    return redact(_explanation(body), sent)[:200]


def _explanation(body: Any) -> str:
    """The text under the usual names: SCIM `detail`, `message`, `error_description`, `error.message`."""
    if not isinstance(body, dict):
        return ""
    for name in ("detail", "message", "error_description", "error", "title"):
        value = body.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            return _explanation(value)
    return ""


_QUOTED = re.compile(r"""(["'`])(?:(?!\1).){1,500}\1""")
_EMAIL = re.compile(r"\S+@\S+")


def redact(text: str, sent: Any = None) -> str:
    """Cut out e-mail addresses, quoted values and every value of `sent` (JSON) from a text."""
    for value in sorted(_values(sent), key=len, reverse=True):
        text = re.sub(re.escape(value), "[…]", text, flags=re.IGNORECASE)
    return _QUOTED.sub("[…]", _EMAIL.sub("[…]", text))


def _values(sent: Any) -> set[str]:
    if isinstance(sent, Mapping):
        return set().union(*(_values(value) for value in sent.values())) if sent else set()
    if isinstance(sent, list | tuple):
        return set().union(*(_values(value) for value in sent)) if sent else set()
    # Shorter than three characters would cut words apart and hides nothing.
    return {sent} if isinstance(sent, str) and len(sent) > 2 else set()
