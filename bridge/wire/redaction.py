"""What a server says of an error, without anybody's values. Pure.

Everything is cut before it is looked at, and every step takes time in proportion to the text: what a server
sends may be huge, and is looked at in the process that answers health checks.
"""

from __future__ import annotations

import re
from typing import Any

from bridge.wire.parsing import parse
from bridge.wire.private_values import WORD, Private, decoded_well, spelled_out
from bridge.wire.public_names import PUBLIC, SCHEMAS

LONGEST = 200
"""Characters of an explanation that are shown."""

CUT = 1_000
"""Characters of a text that are looked at."""

CUT_OUT = "[…]"

_MANY_DIGITS = 5  # a phone, a salary, a date: what a server says of its limits is shorter
_NUMBER = re.compile(r"(?<![^\W_])\d(?:[ ()/.,:+-]{0,3}\d)*(?![^\W_])")
_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]+"|'[^']+'|`[^`]+`|[„“«‚‘][^“”»‘’]+[“”»‘’])(?!\w)""")
_CUTS = re.compile(r"\[…\](?:[\s.,;:_/+-]{0,3}\[…\])+")
_BLANKS = re.compile(r"(\s+)")
_STATUS = r"answered \d{3}\b"
_UUID = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
_KEPT = re.compile("|".join([*SCHEMAS, _STATUS, _UUID]))
_KEPT_OF_OURS = re.compile(f"{_KEPT.pattern}|--company [a-z0-9-]{{1,40}}(?![\\w-])")
"""In a sentence of ours also which company a command is for, which may be called like Kenjo's."""
_NO_NAME = re.compile(r"[^\w$.:\[\]\s\"=-]")


def words(status: int, content: bytes, sent: Any = None) -> str:
    """The server's own explanation in at most 200 characters, with every value that was sent cut out."""
    if status < 400:
        return ""
    try:
        body = parse(content)
    except ValueError:
        return ""  # a gateway's page explains nothing and may echo anything
    return redact(_explanation(body), sent, foreign=True)[:LONGEST]


def _explanation(body: Any) -> str:
    """The text under the usual names: SCIM `detail`, `message`, `error_description`, `error.message`."""
    for _ in range(5):
        if not isinstance(body, dict):
            break
        named = [body.get(name) for name in ("detail", "message", "error_description", "error", "title")]
        body = next((value for value in named if value and isinstance(value, str | dict)), "")
    return body if isinstance(body, str) else ""


def redact(text: str, sent: Any = None, *, foreign: bool = False) -> str:
    """Cut out e-mail addresses and every value of `sent` (JSON), however it is spelled, from a text.

    Names of attributes and schemas stay. `foreign`: the text is not ours; quoted values and long numbers are
    cut out of it too, whosever they are.
    """
    private = Private(sent)
    if private.too_much:
        return CUT_OUT if text else ""
    text = _without(spelled_out(_cut(text)), private, foreign=foreign)
    decoded = decoded_well(text)  # after that, as a name may look like another one that was decoded wrongly
    return text if decoded == text else _without(decoded, private, foreign=foreign)


def _without(text: str, private: Private, *, foreign: bool) -> str:
    if foreign:
        text = _QUOTED.sub(lambda match: match[0] if _is_name(match[0][1:-1], private) else CUT_OUT, text)
    keeps = _KEPT if foreign else _KEPT_OF_OURS
    kept = keeps.findall(text)
    hidden = [_hide(part, private, foreign=foreign) for part in keeps.split(text)]
    shown = "".join(part + keep for part, keep in zip(hidden, [*kept, ""], strict=True))
    return _CUTS.sub(CUT_OUT, shown)


def _cut(text: str) -> str:
    """The beginning of a text up to the end of a word: half a value would not be known again."""
    if len(text) <= CUT:
        return text
    return text[:CUT].rpartition(" ")[0] or CUT_OUT


def _is_name(text: str, private: Private) -> bool:
    """Whether a text is the name of an attribute or schema: `emails[type eq "work"].value`."""
    rest = _KEPT.sub("", text)
    return not _NO_NAME.search(rest) and all(word in PUBLIC | private.names for word in WORD.findall(rest))


def _hide(text: str, private: Private, *, foreign: bool) -> str:
    text = "".join(CUT_OUT if "@" in part else part for part in _BLANKS.split(text))
    text = _NUMBER.sub(lambda match: _number(match[0], private, foreign=foreign), text)
    return WORD.sub(lambda match: CUT_OUT if private.hides(match[0]) else match[0], text)


def _number(text: str, private: Private, *, foreign: bool) -> str:
    runs = WORD.findall(text)
    hidden = any(private.hides_number(run) for run in (*runs, "".join(runs)))
    return CUT_OUT if hidden or (foreign and sum(map(len, runs)) >= _MANY_DIGITS) else text
