"""What came of uploads, as the provisioning logs tell it: one reading serves all who ask at about one time.

"provisioningObjectSummary resource type" and "List provisioningObjectSummary" of Microsoft Graph v1.0. Which
value of an entry is the uploaded externalId is not said there: it is looked for wherever it may stand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bridge.model import Kind
from bridge.wire.redaction import LONGEST, redact
from workers.targets.entra.attributes import Object, property_of, quoted
from workers.targets.entra.graph import Graph
from workers.targets.entra.permissions import LOGS
from workers.targets.entra.settings import EntraSettings

LOGS_PATH = "/auditLogs/provisioning"

FRESH = 0.5
"""Share of the time between two askings for which a reading answers whoever asks."""

_PAGE = 500
_EXTERNAL_ID = "externalid"
_CHANGES_NOTHING = {"", "RedundantExport"}


@dataclass(frozen=True, slots=True)
class Event:
    """What the job did to one person. `at` is in seconds since 1970, `why` without anybody's values.

    `status` is success, warning, failure or skipped; `code` is Microsoft's word for the reason.
    """

    at: float
    status: str
    code: str
    why: str

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do; skipped because nothing differs is done too."""
        return self.status in ("success", "warning") or (
            self.status == "skipped" and self.code in _CHANGES_NOTHING
        )


class Logs:
    """The logs of one job. `clock` gives seconds that only go forward."""

    def __init__(
        self, graph: Graph, settings: EntraSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._graph = graph
        self._job = settings.job
        self._fresh = settings.confirm_every * FRESH
        self._id_names = {
            _EXTERNAL_ID,
            property_of(Kind.PERSON, settings.external_id, settings.kenjo_id_attribute).lower(),
        }
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked: list[float] = []
        self._events: dict[str, Event] = {}
        self._since = self._read_at = float("inf")

    async def newest(self, external_id: str, since: float) -> Event | None:
        """What was done last to a person after a moment (seconds since 1970); None: nothing is told yet."""
        self._asked.append(since)
        try:
            async with self._lock:
                if self._since > since or self._clock() - self._read_at > self._fresh:
                    await self._read(min(self._asked))
        finally:
            self._asked.remove(since)
        event = self._events.get(external_id)
        return event if event and event.at > since else None

    async def look(self) -> None:
        """Read one entry, to see that this is allowed. Raises what `Graph.get` raises."""
        await self._graph.get(LOGS_PATH, LOGS, {"$filter": f"jobId eq {quoted(self._job)}", "$top": "1"})

    async def _read(self, since: float) -> None:
        moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = f"jobId eq {quoted(self._job)} and activityDateTime gt {moment}"
        read_at, events = self._clock(), dict[str, Event]()
        async for items, _ in self._graph.pages(LOGS_PATH, LOGS, {"$filter": told, "$top": str(_PAGE)}):
            for item in items:
                event = _event(item)
                for id_ in self._ids(item) if event else ():
                    if event and (id_ not in events or events[id_].at < event.at):
                        events[id_] = event
        self._events, self._since, self._read_at = events, since, read_at

    def _ids(self, item: Object) -> set[str]:
        """The values that may be the person's externalId."""
        source = _object(item.get("sourceIdentity"))
        found = [source.get("id")]
        for details in (
            source.get("details"),
            *(step.get("details") for step in _all(item, "provisioningSteps")),
        ):
            found += [value for name, value in _object(details).items() if name.lower() in self._id_names]
        for one in _all(item, "modifiedProperties"):
            if str(one.get("displayName")).lower() in self._id_names:
                found.append(one.get("newValue"))
        return {str(value).strip('"') for value in found if value}


def _event(item: Object) -> Event | None:
    """An entry of the logs; None for one without a time."""
    try:
        at = datetime.fromisoformat(str(item.get("activityDateTime"))).timestamp()
    except ValueError:
        return None
    told = _object(item.get("provisioningStatusInfo"))
    error = _object(told.get("errorInformation"))
    skipped = [_object(step.get("details")).get("SkipReason") for step in _all(item, "provisioningSteps")]
    code = str(error.get("errorCode") or next(filter(None, skipped), "") or "")
    why = redact(str(error.get("reason") or ""), list(_values(item)), foreign=True)[:LONGEST]
    return Event(at, str(told.get("status")).lower(), redact(code[:LONGEST], foreign=True), why)


def _values(item: Object) -> Iterator[str]:
    """What an entry tells of a person, and its reason may repeat."""
    for name in ("sourceIdentity", "targetIdentity"):
        identity = _object(item.get(name))
        yield from (str(one) for one in (identity.get("displayName"), identity.get("id")) if one)
        yield from (str(one) for one in _object(identity.get("details")).values() if one)
    for one in _all(item, "modifiedProperties"):
        yield from (str(one[key]) for key in ("oldValue", "newValue") if one.get(key))


def _all(item: Object, name: str) -> list[Object]:
    listed = item.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
