"""Reads Kenjo: every list that is in use, each one whole, or nothing.

One attempt per request: who tries again is the next poll. Facts are from https://kenjo.readme.io/reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bridge.errors import SourceRefused, SourceUnavailable
from bridge.http import Http
from bridge.model import Snapshot
from bridge.settings import KenjoSettings
from service.answers import ask, parsed
from service.fields import Path, lists_for
from service.pages import Pages
from service.sign_in import KEYS, SignIn
from service.snapshot import NO_ZONES, Zones, build

_PERMISSIONS = {
    "employees": "employee",
    "companies": "company",
    "offices": "office",
    "departments": "department",
    "teams": "team",
    "areas": "area",
}
"""What Kenjo calls the permission for lists that begin so."""


_MAX_LIST = 512 * 2**20
"""Bytes of one answer; a list of 100,000 people has about 60 MB."""

_MOST_VALUES = 5_000_000
"""Values in one answer; a list of 100,000 people has about 1.5 million."""


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class KenjoClient:
    """One Kenjo account. `clock` gives the time, with its zone; the session stays the caller's."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: KenjoSettings,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http = Http(
            session,
            settings.url,
            timeout=settings.timeout,
            max_body=_MAX_LIST,
            most_values=_MOST_VALUES,
            classify=lambda *_: None,
        )
        self._sign_in = SignIn(self._http, settings, clock)
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def fetch_snapshot(
        self,
        fields: Collection[Path],
        *,
        zone: ZoneInfo,
        office_zones: Zones = NO_ZONES,
        lead_days: int = 0,
    ) -> Snapshot:
        """Read the lists that `fields` come from and join them (see `service.snapshot.build`).

        Raises SourceUnavailable, or SourceRefused when the key or a permission is at fault.
        """
        lists = await self.fetch(lists_for(fields, office_zones))
        return build(
            lists,
            fields,
            now=self._clock(),
            zone=zone,
            office_zones=office_zones,
            lead_days=lead_days,
            team_field=self._settings.team_field,
        )

    async def fetch(self, lists: Collection[str]) -> Mapping[str, list[Any]]:
        """Read lists, named as in Kenjo's paths ("employees/works"), each one once and whole.

        Raises SourceUnavailable, or SourceRefused when the key or a permission is at fault.
        """
        await self._sign_in.token()  # before the lists, so that a wrong key is tried once
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(self._whole(name)) for name in sorted(set(lists))}
        except ExceptionGroup as failures:
            raise _worst(failures) from None
        return {name: task.result() for name, task in tasks.items()}

    async def close(self) -> None:
        """Sign out. A Kenjo that does not answer is no error."""
        await self._sign_in.end()

    async def _whole(self, name: str) -> list[Any]:
        pages = Pages(name)
        wanted: dict[str, str] | None = {}
        async with self._slots:
            while wanted is not None:
                wanted = pages.add(await self._answer(name, wanted))
        return pages.rows

    async def _answer(self, name: str, params: Mapping[str, str]) -> Any:
        """The JSON of one answer; with a new token when Kenjo takes the old one no more."""
        path = f"/{name}"
        token = await self._sign_in.token()
        answer = await ask(self._http, "GET", path, token=token, params=params)
        if answer.status == 401:
            token = await self._sign_in.token(refused=token)
            answer = await ask(self._http, "GET", path, token=token, params=params)
        if answer.status in (401, 403):
            self._sign_in.forget()
            raise SourceRefused(_refused(name, answer.status))
        return parsed(answer, path)


def _refused(name: str, status: int) -> str:
    permission = _PERMISSIONS.get(name.partition("/")[0], name)
    if status == 403:
        return (
            f"Kenjo does not let the API key read {name} ({status}): tick '{permission}' among the key's"
            f" permissions in Kenjo under {KEYS}"
        )
    return (
        f"Kenjo refused to give {name} ({status}) right after a sign-in: make sure that the API key is still"
        f" listed in Kenjo under {KEYS} and that '{permission}' is ticked among its permissions"
    )


def _worst(failures: ExceptionGroup[Exception]) -> Exception:
    """The one failure to report: a bug before a refusal, a refusal before an outage."""
    order = (SourceUnavailable, SourceRefused)
    return max(failures.exceptions, key=lambda f: order.index(type(f)) if type(f) in order else len(order))
