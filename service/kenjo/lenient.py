"""Reads a list whose text is not all JSON: what is broken in one row harms that row and no other. Pure.

Half a pair of surrogates (RFC 8259 section 8.2), bytes that are no UTF-8, NaN, infinity, numbers of thousands
of digits, very deep values, and what is no value at all (`007`, `undefined`) make a strict parser refuse the
whole text. Here each of them becomes a value that cannot be used, in the cell where it stands. A row of which
nobody can tell where its cells end cannot be used as a whole.
"""

from __future__ import annotations

import contextlib
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
_SCALAR = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s"\[\]{},:][^"\[\]{},:]*+', re.DOTALL)
_UNUSABLE = b'"\\ud800"'


def read_list(text: bytes) -> Any:
    """A list, bare or below `data` with its neighbours, of which rows may hold BROKEN and infinite values.

    Raises ValueError for what is neither.
    """
    if len(text) > LARGEST:
        raise ValueError("too large")
    start, end, rows = _split(text)
    around = orjson.loads(text[:start] + b"[]" + text[end:])
    read = [_row(row) for row in rows]
    if read and all(row is BROKEN for row in read):
        raise ValueError("no row can be read")
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
    with contextlib.suppress(ValueError):
        return orjson.loads(text)
    shallow = _shallow(text)
    try:
        return _loads(shallow)
    except ValueError:
        if not text.lstrip().startswith(b"{"):
            raise
    return _mended(shallow)


def _mended(text: bytes) -> Any:
    """A row with BROKEN in place of what is no value; BROKEN where a cell could be overlooked by that."""
    with contextlib.suppress(ValueError):
        row = _loads(_SCALAR.sub(_readable, text))
        return BROKEN if BROKEN in row else row
    return BROKEN


def _loads(text: bytes) -> Any:
    return json.loads(text.decode("utf-8", "surrogateescape"), strict=False, parse_int=_integer)


def _readable(match: re.Match[bytes]) -> bytes:
    """A text or a number as it is, if it is one."""
    try:
        _loads(match[0])
    except ValueError:
        return _UNUSABLE
    return match[0]


def _shallow(text: bytes) -> bytes:
    """The text with BROKEN in place of whatever is nested too deep."""
    parts: list[bytes] = []
    depth, copied = 0, 0
    for match in _TOKEN.finditer(text):
        if match[0] in (b"[", b"{"):
            depth += 1
            if depth == _DEEPEST:
                parts += [text[copied : match.start()], _UNUSABLE]
        elif match[0] in (b"]", b"}"):
            if depth == _DEEPEST:
                copied = match.end()
            depth -= 1
    return b"".join([*parts, text[copied:]])


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _DIGITS else BROKEN
