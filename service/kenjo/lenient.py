"""Reads a list whose text is not all JSON: what is broken in one row harms that row and no other. Pure.

Half a pair of surrogates (RFC 8259 section 8.2), bytes that are no UTF-8, NaN, infinity, numbers of thousands
of digits and very deep values make a strict parser refuse the whole text. Here each of them becomes a value
that cannot be used, in the cell where it stands.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

LARGEST = 64 * 2**20
"""Bytes of a text that is read in this way; it takes some ten times as long as the strict one."""

BROKEN = "\ud800"
"""Stands where something cannot be used: no text can hold it."""

_DEEPEST = 32
_DIGITS = 20
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_DEEP = b'"\\ud800"'


def read_list(text: bytes) -> Any:
    """A list, bare or below `data` with its neighbours, of which rows may hold BROKEN and infinite values.

    Raises ValueError for what is neither.
    """
    if len(text) > LARGEST:
        raise ValueError("too large")
    start, end, rows = _split(text)
    around = orjson.loads(text[:start] + b"[]" + text[end:])
    read = [_row(row) for row in rows]
    if isinstance(around, list):
        return read
    if not isinstance(around, dict) or around.get("data") != []:
        raise ValueError("no list")
    return {**around, "data": read}


def _split(text: bytes) -> tuple[int, int, list[bytes]]:
    """Where the list begins and ends, and the text of each row."""
    depth, within, start, begun, last = 0, 0, 0, 0, b""
    rows: list[bytes] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if not within and token == b"[" and (depth == 1 or (depth == 2 and last == b'"data"')):
                within, start, begun = depth, match.start(), match.end()
        elif token in (b"]", b"}"):
            if depth == within:
                rows += [row] if (row := text[begun : match.start()]).strip() else []
                return start, match.end(), rows
            depth -= 1
        elif token == b",":
            if depth == within:
                rows.append(text[begun : match.start()])
                begun = match.end()
        else:
            last = token
    raise ValueError("no list, or one without an end")


def _row(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        shallow = _shallow(text).decode("utf-8", "surrogateescape")
        return json.loads(shallow, strict=False, parse_int=_integer)


def _shallow(text: bytes) -> bytes:
    """The text with BROKEN in place of whatever is nested too deep."""
    parts: list[bytes] = []
    depth, copied = 0, 0
    for match in _TOKEN.finditer(text):
        if match[0] in (b"[", b"{"):
            depth += 1
            if depth == _DEEPEST:
                parts += [text[copied : match.start()], _DEEP]
        elif match[0] in (b"]", b"}"):
            if depth == _DEEPEST:
                copied = match.end()
            depth -= 1
    return b"".join([*parts, text[copied:]])


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _DIGITS else BROKEN
