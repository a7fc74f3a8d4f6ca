"""Reads Kenjo: every list that is in use, each one whole, or nothing.

One attempt per request: who tries again is the next poll. Facts are from https://kenjo.readme.io/reference.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bridge.config.settings import KenjoSettings
from bridge.errors import SourceRefused, SourceUnavailable
from bridge.model import Key, Snapshot
from bridge.wire.answer import Answer
from bridge.wire.http import Http
from bridge.wire.quiet import LONGEST_PAUSE
from bridge.wire.timing import Measured, unheard
from service.kenjo.answers import REFUSALS, ask, parsed, parsed_list, refused
from service.kenjo.bodies import Came, Page, cut, digested, is_bare, origin_of
from service.kenjo.cells import ID
from service.kenjo.fields import ACCOUNTS, EMPLOYEES, WHOLE, FieldPath, Use, id_of, list_of
from service.kenjo.sign_in import SignIn
from service.kenjo.snapshot import NO_ZONES, View, Zones, join
from service.kenjo.tables import fields_read, read_tables

_MAX_LIST = 512 * 2**20
"""Bytes of one answer; a list of 100,000 people has about 60 MB."""

_MOST_VALUES = 5_000_000
"""Values in one answer; a list of 100,000 people has about 1.5 million."""


MOST_QUESTIONS = 50
"""Rows of one list that are asked for one by one in a poll."""

_NO_QUESTIONS = (401, 403, 405, 501)


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
        longest_pause: float = LONGEST_PAUSE,
        measured: Measured = unheard,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http = Http(
            session,
            settings.url,
            timeout=settings.timeout,
            max_body=_MAX_LIST,
            most_values=_MOST_VALUES,
            longest_pause=longest_pause,
            classify=lambda *_: None,
            measured=measured,
        )
        self._sign_in = SignIn(self._http, settings, clock)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._seen: Mapping[str, str] = {}
        self._nowhere: set[str] = set()
        self._pages: dict[str, list[Page]] = {}

    async def fetch_snapshot(
        self,
        fields: Collection[FieldPath],
        *,
        zone: ZoneInfo,
        office_zones: Zones = NO_ZONES,
        lead_days: int = 0,
    ) -> Snapshot:
        """Read the lists that `fields` come from and join them (see `service.kenjo.snapshot.build`).

        Rows that people name and that a list lacks are asked for one by one. Raises SourceUnavailable, or
        SourceRefused when the key or a permission is at fault.
        """
        view = View(frozenset(fields), zone, office_zones, lead_days)
        return await self._joined(await self._fetch(view.lists), view, self._clock())

    async def fetch_change(self, view: View, since: str) -> Snapshot | None:
        """The same; None when it would be the snapshot whose `origin` is `since`: then nothing is decoded."""
        came, now = await self._fetch(view.lists), self._clock()
        if since == origin_of(came, view.days(now)):
            return None
        return await self._joined(came, view, now)

    async def _joined(self, came: dict[str, Came], view: View, now: datetime) -> Snapshot:
        use, zones, team_field = Use.of(view.fields), bool(view.office_zones), self._settings.team_field
        origin = origin_of(came, view.days(now))
        keep = {name: fields_read(name, use, zones=zones, team_field=team_field) for name in came}
        lists = await self._read(came, keep)
        tables = await asyncio.to_thread(partial(read_tables, lists, use, zones=zones, team_field=team_field))
        self._seen = {rows.name: min(rows.rows) for rows in tables.all if rows.rows}
        for name, ids in (await asyncio.to_thread(tables.dangling)).items():
            answers = await self._look_up(name, ids)
            tables.complete(name, answers)
            if any(row is None or row for row in answers.values()):
                origin = ""  # these are asked for again next time
        return dataclasses.replace(await asyncio.to_thread(join, tables, use, view, now), origin=origin)

    async def ask(self, keys: Collection[Key]) -> Mapping[Key, bool | None]:
        """Whether Kenjo has these people and groups, each asked for by its id.

        True: it has; False: it says that it has no such thing (404, 410); None: that cannot be told. A 404
        counts only where something that is in the lists is found in the same way. Raises SourceUnavailable.
        """
        found: dict[Key, bool | None] = {}
        for name in sorted({list_of(key) for key in keys}):
            by_id = {id_of(key): key for key in keys if list_of(key) == name}
            for id_, row in (await self._rows(name, by_id)).items():
                found[by_id[id_]] = None if row is None else bool(row)
        return found

    async def _look_up(self, name: str, ids: Collection[str]) -> dict[str, Mapping[str, Any] | None]:
        """The rows of ids that a list lacks, {} where there is none, None where nobody can tell."""
        asked = sorted(set(ids) - self._nowhere)[:MOST_QUESTIONS]
        answers: dict[str, Mapping[str, Any] | None] = dict.fromkeys(ids, None)
        found = await self._rows(name, asked)
        usable = {id_: row if not row or row.get("_id") == id_ else None for id_, row in found.items()}
        answers |= {id_: {} for id_ in self._nowhere & set(ids)} | usable
        self._nowhere |= {id_ for id_, row in answers.items() if row is not None and not row}
        return answers

    async def _rows(self, name: str, ids: Collection[str]) -> dict[str, Mapping[str, Any] | None]:
        """Rows of a list by id: what Kenjo has, {} for nothing, None where that cannot be told."""
        answers: dict[str, Mapping[str, Any] | None] = dict.fromkeys(ids, None)
        known = self._seen.get(name if name != EMPLOYEES else ACCOUNTS)
        if name == "companies" or known is None:  # of which Kenjo has no single rows; nothing to compare with
            return answers
        with contextlib.suppress(_NotToBeAsked):
            for id_ in sorted(ids):
                answers[id_] = await self._row(name, id_)
            nothing = any(row is not None and not row for row in answers.values())
            if nothing and not await self._row(name, known):
                return dict.fromkeys(ids, None)  # it finds nothing in this way, so it says nothing
        return answers

    async def _row(self, name: str, id_: str) -> Mapping[str, Any] | None:
        if not ID.fullmatch(id_):
            return None
        async with self._slots:
            answer = await self._get(f"/{name}/{id_}", {}, (400, 404, 410, *_NO_QUESTIONS))
        if answer.status in _NO_QUESTIONS:
            raise _NotToBeAsked
        if answer.status in (404, 410):
            return {}
        body = parsed(answer, f"/{name}/{id_}") if answer.status not in (204, 400) else None
        return _row_of(body, id_)

    async def fetch(self, lists: Collection[str]) -> Mapping[str, list[Any]]:
        """Read lists, named as in Kenjo's paths ("employees/works"), each one once and whole.

        Raises SourceUnavailable, or SourceRefused when the key or a permission is at fault.
        """
        return await self._read(await self._fetch(lists), dict.fromkeys(lists, (WHOLE,)))

    async def _fetch(self, lists: Collection[str]) -> dict[str, Came]:
        await self._sign_in.token()  # before the lists, so that a wrong key is tried once
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(self._whole(name)) for name in sorted(set(lists))}
        except ExceptionGroup as failures:
            raise _worst(failures) from None
        return {name: task.result() for name, task in tasks.items()}

    async def _read(self, came: dict[str, Came], keep: Mapping[str, Collection[str]]) -> dict[str, list[Any]]:
        """The rows of lists, cut down to the fields that are kept. What came is let go list by list."""
        found = {}
        for name in list(came):
            one = came.pop(name)
            while one.raw:
                one.add(await parsed_list(one.raw.popleft(), f"/{name}", keep[name]))
            found[name] = cut(one.rows, keep[name])
            self._pages[name] = one.pages
        return found

    async def close(self) -> None:
        """Sign out. A Kenjo that does not answer is no error."""
        await self._sign_in.end()

    async def _whole(self, name: str) -> Came:
        """The answers for one list, not decoded where they are those of last time, or the only one."""
        came = Came(name, self._pages.get(name, ()))
        wanted: dict[str, str] | None = {}
        async with self._slots:
            while wanted is not None:
                answer = await self._answer(name, wanted)
                wanted = await self._following(came, answer)
        return came

    async def _following(self, came: Came, answer: Answer) -> dict[str, str] | None:
        """Take an answer, and say what to ask for next."""
        digest = await digested(answer.body)
        came.raw.append(answer)
        if page := came.known(digest):
            following = page.following
        elif not came.pages and is_bare(answer.body):
            following = None
        else:
            while came.raw:
                following = came.add(await parsed_list(came.raw.popleft(), f"/{came.name}", (WHOLE,)))
        came.pages.append(Page(digest, following))
        return following

    async def _answer(self, name: str, params: Mapping[str, str]) -> Answer:
        """One answer for a list."""
        answer = await self._get(f"/{name}", params, REFUSALS)
        if answer.status in REFUSALS:
            self._sign_in.forget()
            raise SourceRefused(refused(name, answer.status))
        return answer

    async def _get(self, path: str, params: Mapping[str, str], refusals: Collection[int]) -> Answer:
        """One answer; with a new token when Kenjo takes the old one no more."""
        token = await self._sign_in.token()
        answer = await ask(self._http, "GET", path, token=token, params=params, refusals=refusals)
        if answer.status == 401:
            token = await self._sign_in.token(refused=token)
            answer = await ask(self._http, "GET", path, token=token, params=params, refusals=refusals)
        return answer


class _NotToBeAsked(Exception):
    """The key may not read single rows, or Kenjo has no such request."""


def _row_of(body: Any, id_: str) -> Mapping[str, Any] | None:
    """What an answer says of this id: something, or None for nothing and for what names another id.

    It may stand below `data`, as lists do, or in a shape that nobody knows: then Kenjo has it all the same.
    """
    if isinstance(body, dict) and body.keys() == {"data"}:
        body = body["data"]
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        return {"data": body} if body else None
    account = body.get("account")
    said = (account if isinstance(account, dict) else body).get("_id", id_)
    return body if body and said == id_ else None


def _worst(failures: ExceptionGroup[Exception]) -> Exception:
    """The one failure to report: a bug before a refusal, a refusal before an outage."""
    order = (SourceUnavailable, SourceRefused)
    return max(failures.exceptions, key=lambda f: order.index(type(f)) if type(f) in order else len(order))
