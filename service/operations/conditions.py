"""What needs a person: what is held, stopped or failing, missed first days, the forgotten. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.config.settings import BridgeSettings
from bridge.model import Key
from bridge.store import Hold
from service.operations.board import Sight
from service.operations.forgetting import reminder
from service.operations.outlook import coming
from service.operations.overview import late_after
from service.operations.standing import Standing
from service.operations.times import local

FAILING = "failing"
FIRST_DAY = "first-day"
UNREAD = "unread-first-day"
"""Kinds of conditions of which there is one for each record, and it is told how many there are."""

_LACKING = (Standing.FAILING, Standing.HELD, Standing.WAITING)


@dataclass(frozen=True, slots=True)
class OfRecord:
    """A condition of one record: of a kind, at a target ("kenjo": before any)."""

    kind: str
    target: str
    key: Key

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.key}"

    @classmethod
    def of(cls, id_: str) -> OfRecord | None:
        """Read what `str` wrote; None for the id of another condition."""
        kind, *rest = id_.split(" ", 2)
        if kind not in (FAILING, FIRST_DAY, UNREAD) or len(rest) != 2 or (key := Key.of(rest[1])) is None:
            return None
        return cls(kind, rest[0], key)


def conditions(
    sight: Sight,
    holds: Sequence[Hold],
    forgotten: Sequence[Mapping[str, Any]],
    told: Collection[str],
    values: BridgeSettings,
    now: float,
) -> dict[str, str]:
    """What needs a person `now` (epoch seconds): by id, a sentence without names or values.

    Of one record (`OfRecord`) there is no sentence. `forgotten`: rows of `forgetting.forgotten`; `told`: ids
    of conditions that were told, and last as far as is known.
    """
    found, late = {}, late_after(values.kenjo.poll_interval)
    if is_silent := sight.snapshot is not None and now - sight.snapshot["at"] > late:
        found["kenjo"] = "Kenjo has not been read for some time: what changes there is not carried on"
    for hold in holds:
        if hold.state == "open" and not hold.part:  # who set it apart knows
            found[f"hold {hold.id}"] = f"{hold.target or 'Kenjo'}: held back, as it {hold.reason}"
    for name, target in sight.targets.items():
        if target["state"] != "running":
            found[f"target {name}"] = f"{name} takes nothing now: {target['reason']}"
    for row in forgotten:
        if row["whole"] and (sentence := reminder(row)):
            found[f"forgotten {row['record']} {row['kenjo']}"] = sentence
    ofs = [*_failing(sight), *_missed(sight, now - late), *_lasting(sight, told)]
    if is_silent:
        ofs += _unread(sight, values, now)
    return found | {str(one): "" for one in ofs}


def _failing(sight: Sight) -> Iterator[OfRecord]:
    for name, stands in sight.stands.items():
        for key, stand in stands.items():
            if stand.standing is Standing.FAILING:
                yield OfRecord(FAILING, name, key)


def _missed(sight: Sight, since: float) -> Iterator[OfRecord]:
    """Who started and lacks an account. One that waits since then (epoch seconds) may just be on its way."""
    started = [Key.parse(record) for record in (sight.snapshot or {}).get("started", ())]
    for name, stands in sight.stands.items():
        for key in started:
            if _lacks(sight, name, key) and not (
                stands[key].standing is Standing.WAITING and sight.known[key].at >= since
            ):
                yield OfRecord(FIRST_DAY, name, key)


def _lasting(sight: Sight, told: Collection[str]) -> Iterator[OfRecord]:
    """The missed first days that were told and are not over, also when they are long past."""
    for id_ in told:
        one = OfRecord.of(id_)
        if one and one.kind == FIRST_DAY and _lacks(sight, one.target, one.key):
            yield one


def _lacks(sight: Sight, target: str, key: Key) -> bool:
    """Whether somebody is to have an open account at a target, and has none as far as the ledger knows."""
    stand = sight.stands.get(target, {}).get(key)
    stored, entry = sight.known.get(key), sight.entries.get(target, {}).get(key)
    if stand is None or (stored and stored.leaves) or (entry and entry.open):
        return False
    return stand.standing in _LACKING


def _unread(sight: Sight, values: BridgeSettings, now: float) -> Iterator[OfRecord]:
    """Whose first day has come, where the company is, since Kenjo was read last."""
    today = local(now, values.zone).date()
    for one in coming(sight, now, values.zone, values=True):
        if one.what == "first day" and one.day <= today:
            yield OfRecord(UNREAD, "kenjo", one.key)
