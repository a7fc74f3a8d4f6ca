"""Notices what becomes of the forgotten at Kenjo: whether they are active, have left, are back."""

from __future__ import annotations

from contextlib import suppress

from bridge.errors import SourceUnavailable
from bridge.model import Key, Kind, Lifecycle, Snapshot
from bridge.store import Forgotten
from bridge.store.tombstones import AtKenjo
from service.watch.judging import MOST_QUESTIONS, Asks

_ACTIVE = (Lifecycle.ACTIVE, Lifecycle.UPCOMING)


async def notice(snapshot: Snapshot, source: Asks, forgotten: Forgotten) -> None:
    """Note on each tombstone what a snapshot that is believed says of the person.

    Who is in no list is asked for by id, as everybody: the lists may lack them. Where Kenjo is away, nothing
    is noted.
    """
    stones = {key: stone for key, stone in (await forgotten.tombstones()).items() if key.kind is Kind.PERSON}
    active = {key: said for key in stones if (said := _active(snapshot, key)) is not None}
    absent = [
        key
        for key, stone in stones.items()
        if key not in active and snapshot.tells_of(key) and stone.kenjo is not AtKenjo.LEFT
    ][:MOST_QUESTIONS]
    if absent:
        with suppress(SourceUnavailable):
            answers = await source.ask(absent)
            active |= {key: False for key in absent if not answers.get(key)}
    for key, said in active.items():
        if (seen := stones[key].seen(active=said)) != stones[key]:
            await forgotten.note(key, seen)


def _active(snapshot: Snapshot, key: Key) -> bool | None:
    """Whether somebody works there, or will; None where the snapshot does not tell."""
    if record := snapshot.records.get(key):
        return record.lifecycle in _ACTIVE
    return False if key in snapshot.closed else None
