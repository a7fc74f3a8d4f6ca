"""What a failed attempt leaves in the ledger: tried again, waiting for another record, or parked."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.config.settings import RetrySettings
from bridge.errors import AfterAnother, AfterTarget, RecordRejected, TryLater, Unseen
from bridge.exchange import Call
from bridge.model import Entry, Outcome, State
from bridge.printable import counted
from bridge.store.claims import Case
from bridge.wire.quiet import granted
from bridge.wire.redaction import redact
from workers.delivery.apply import Done
from workers.delivery.noting import Noting

_STATUS = re.compile(r"answered \d{3}")

PATIENCE = 3600.0
"""Seconds for which a record waits for another one that is to give up a value."""


def after_another(attempt: Noting, error: AfterAnother, retry: RetrySettings) -> Done:
    """Look again soon, for an hour at most; what has been given up meanwhile wakes it at once."""
    former, entry = attempt.claim.entry or Entry(), attempt.entry
    waits = former.state is State.RETRYING and former.awaits and former.revision == entry.revision
    since = _waiting_since(former, entry.at) if waits else entry.at
    if entry.at - since > PATIENCE:
        return failed(attempt, f"waited for an hour: {error}", error)
    wait = min(max(retry.first, (entry.at - since) / 4), retry.longest)
    waiting = dataclasses.replace(
        entry,
        state=State.RETRYING,
        outcome=Outcome.FAILED,
        reason=private(str(error), attempt.claim),
        attempts=former.attempts if waits else 0,
        retry_at=entry.at + wait * random.uniform(0.5, 1.0),  # noqa: S311 - spreads load
        failed_since=since,
        awaits=error.awaits,
        awaited=error.awaited,
    )
    return Done(waiting, attempt.link, freed=error.freed)


def waiting(attempt: Noting, error: AfterTarget | Unseen, retry: RetrySettings, wait: float = 0.0) -> Done:
    """Look again now and then, not before so many seconds. What is waited for may wake it earlier."""
    former, entry = attempt.claim.entry or Entry(), attempt.entry
    waits = former.state is State.RETRYING and former.revision == entry.revision
    since = (former.failed_since if waits else 0.0) or entry.at
    wait = max(wait, min(max(retry.first, (entry.at - since) / 4), retry.longest))
    entry = dataclasses.replace(
        entry,
        state=State.RETRYING,
        outcome=Outcome.FAILED,
        reason=private(str(error), attempt.claim),
        attempts=former.attempts if waits else 0,
        retry_at=entry.at + wait,
        failed_since=since,
        behind=getattr(error, "refused", ""),
    )
    return Done(entry, attempt.link)


def later(attempt: Noting, error: TryLater, retry: RetrySettings) -> Done:
    """Back off, or give up. A fault of the whole target uses up none of a record's attempts."""
    former, entry = attempt.claim.entry, attempt.entry
    is_other = former is not None and (former.revision, former.config) != (entry.revision, entry.config)
    if former is None or is_other or entry.gives_more_than(former):
        former = Entry()
    pause = granted(error.after or 0.0, retry.longest_pause)
    of_the_record = not pause and not error.unreachable
    attempts = former.attempts + 1 if of_the_record else former.attempts
    if attempts >= retry.attempts:
        return failed(attempt, f"gave up after {counted(attempts, 'attempt')}: {error}")
    wait = min(retry.first * 2.0 ** min(max(attempts - 1, 0), 30), retry.longest)
    wait *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards no secret
    waiting = dataclasses.replace(
        entry,
        state=State.RETRYING,
        outcome=Outcome.FAILED,
        reason=private(str(error), attempt.claim),
        attempts=attempts,
        unreachable=error.unreachable,
        retry_at=entry.at + max(wait, pause),
        failed_since=former.failed_since or entry.at,
    )
    return Done(waiting, attempt.link)


def failed(attempt: Noting, reason: str, error: RecordRejected | AfterAnother | None = None) -> Done:
    """Park the record, with what the error says beyond its sentence.

    Nobody looks again by themselves, so what was in doubt of its account is not known.
    """
    parked = dataclasses.replace(
        attempt.entry,
        open=None if attempt.claim.doubt else attempt.entry.open,
        state=State.FAILED,
        outcome=Outcome.FAILED,
        reason=private(reason, attempt.claim),
        missing=(),  # it waits for nobody: a link that appears would not make it acceptable
        failed_since=attempt.entry.at,
        **_told(error),
    )
    return Done(parked, attempt.link)


def _waiting_since(former: Entry, now: float) -> float:
    """From when a record's wait counts: a clock that jumps, or a night in which nothing runs, is no wait."""
    gap = now - former.at
    return former.failed_since + gap - min(max(gap, 0.0), PATIENCE / 4)


def _told(error: Exception | None) -> dict[str, Any]:
    """Candidates, and the record that is waited for, where the error names them."""
    nothing: dict[str, Any] = {"candidates": (), "awaits": "", "awaited": ""}
    return {name: getattr(error, name, default) for name, default in nothing.items()}


def private_calls(calls: Iterable[Call], case: Case) -> tuple[Call, ...]:
    """Calls without the values of the person's sections. What tells no more than a status has none."""
    return tuple(
        one if _STATUS.fullmatch(one.answer) else dataclasses.replace(one, answer=private(one.answer, case))
        for one in calls
    )


def private(reason: str, case: Case) -> str:
    """A reason without the values of the person's sections; ids and the lifecycle may stay."""
    sections = case.stored.record.data.values()
    return redact(reason, [section for section in sections if isinstance(section, Mapping)])
