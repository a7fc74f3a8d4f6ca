"""The last calls of a target for each record: sealed, a few of each, and no part of what decides anything."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.codec import Codec, reading
from bridge.errors import Unreadable
from bridge.exchange import Call
from bridge.wire.calls import MOST

LONGEST = 300
"""Characters of an answer that are kept."""


def seal_calls(codec: Codec, where: str, former: bytes, calls: Sequence[Call]) -> bytes | str:
    """What is to stand at a place (b"": nothing stands there) now that calls have come; "" for no change."""
    if not calls:
        return ""
    try:
        known = open_calls(codec, where, former) if len(calls) < MOST else ()
    except Unreadable:  # it tells of the past only: a value that is lost, and nothing else
        known = ()
    rows = [
        [round(one.at, 3), round(one.seconds, 3), one.what, one.answer[:LONGEST]]
        for one in (*known, *calls)[-MOST:]
    ]
    return codec.seal(rows, where)


def open_calls(codec: Codec, where: str, blob: bytes) -> tuple[Call, ...]:
    """Read what `seal_calls` wrote at a place, oldest first. Raises Unreadable."""
    if not blob:
        return ()
    rows = codec.open(blob, where)
    with reading(where):
        return tuple(Call(float(at), float(took), str(what), str(said)) for at, took, what, said in rows)
