"""The whole state as a file: a row for each person, kept in the notebook, and published whole."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from bridge.codec import canonical
from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected
from bridge.exchange import (
    Applied,
    Change,
    Draft,
    FieldChange,
    Greeting,
    Page,
    Publication,
    Receipt,
    Remote,
    Wanted,
)
from bridge.model import DAY, Key, Kind, Outcome
from bridge.printable import counted
from bridge.wire.calls import note
from bridge.wire.permit import Permit
from workers.targets.base import Abilities, Adapter, Publisher, Target, Tools, one_by_one
from workers.targets.file import layouts
from workers.targets.file.cells import problem
from workers.targets.file.columns import ACTIVE, MAPPING, check_attribute, fitted, is_active
from workers.targets.file.folder import Folder
from workers.targets.file.place import Place
from workers.targets.file.settings import FileSettings
from workers.targets.file.sftp import Sftp
from workers.targets.notebook import Notebook

Row = Mapping[str, Any]


class FileTarget(Target, Publisher):
    """See `workers.targets.base`. A row's id is the key of the record that it was made for."""

    can = Abilities(lists=True, groups=False, follows=True)

    def __init__(self, settings: FileSettings, place: Place, notebook: Notebook, zone: tzinfo) -> None:
        self._settings = settings
        self._place = place
        self._notebook = notebook
        self._zone = zone
        self._columns = {*settings.shown, ACTIVE}
        self._layout = hashlib.blake2b(canonical(settings.told), digest_size=8).hexdigest()

    # A row for each person

    async def check(self) -> Greeting:
        """See that the file can be written where it is to be."""
        await self._place.check()
        how = self._settings.written_as.upper().replace("JSONL", "JSON lines")
        return Greeting((f"{how} file {self._settings.address}, {counted(await self.size(), 'row')}",))

    async def size(self) -> int:
        """How many rows there are."""
        return await self._notebook.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:  # noqa: ARG002 - exact
        """The row that was made for the record. No row of another one is ever taken for it."""
        there = await self.read(wanted.key, str(wanted.key))
        return [_remote(wanted.key, there.content)] if there else []

    def keys(self, wanted: Wanted) -> Sequence[tuple[str, str]]:
        """The record."""
        return [("id", str(wanted.key))]

    async def inventory(self, kind: Kind) -> AsyncIterator[Page]:
        """All rows."""
        rows = await self._notebook.all() if kind is Kind.PERSON else {}
        yield Page(tuple(_remote(key, row) for key, row in rows.items()), whole=True)

    async def read(self, key: Key, remote_id: str) -> Remote | None:  # noqa: ARG002 - the id says it all
        """The row."""
        name = _key(remote_id)
        row = await self._notebook.get(name) if name else None
        if name is None or row is None:
            return None
        return Remote(remote_id, is_active(row), external_id=name.id, content=row)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What differs in the columns; whoever leaves keeps the row, with `active` false."""
        key = wanted.key
        if there is None:
            return None if wanted.removal else self._change(wanted, Outcome.CREATED, None, {})
        if wanted.removal == "delete":
            return Change(key, Outcome.DELETED, there.id)
        if there.content is None:
            raise NotFound("has no row")
        outcome = Outcome.DEACTIVATED if wanted.removal and there.open else Outcome.UPDATED
        return self._change(wanted, outcome, there.id, there.content)

    def _change(self, wanted: Wanted, outcome: Outcome, remote_id: str | None, there: Row) -> Change | None:
        values = {ACTIVE: True, **wanted.attributes}
        wrong = {
            name: why
            for name, value in values.items()
            if name in self._settings.shown and (why := problem(value, self._settings))
        }
        if wanted.removal:  # whoever leaves is told, whatever else cannot be
            values = {name: value for name, value in values.items() if name not in wrong} | {ACTIVE: False}
        elif wrong:
            raise RecordRejected("; ".join(f"the column '{name}' {why}" for name, why in wrong.items()))
        content = {name: value for name, value in values.items() if there.get(name) != value}
        if not content and outcome is not Outcome.CREATED:
            return None
        fields = [FieldChange(name, there.get(name), value) for name, value in content.items()]
        return Change(wanted.key, outcome, remote_id, content, lambda: fields)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Note each row by itself."""
        return await one_by_one(changes, partial(self._send, permit=permit))

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        id_ = change.remote_id or str(change.key)
        key = _key(id_)
        there = await self._notebook.get(key) if key else None
        if change.outcome is Outcome.CREATED and there is not None:
            raise Conflict("there is a row already")
        if key is None or (there is None and change.outcome is not Outcome.CREATED):
            if change.outcome is Outcome.UPDATED:
                raise NotFound("has no row any more")
            return Applied(id_, Outcome.UNCHANGED, open=False)
        row = None
        if change.outcome is not Outcome.DELETED:
            merged = {**(there or {}), **change.content}
            row = {name: value for name, value in merged.items() if name in self._columns}
        await permit.ask()
        what, begun = "take out the row" if row is None else "write the row", time.monotonic()
        await self._notebook.put(key, row)
        note(what, "kept for the file", time.monotonic() - begun)
        return Applied(id_, change.outcome, open=row is not None and is_active(row))

    # The file

    async def due(self, last: Publication, now: float) -> bool:
        """Whether a set time has come; without one, whether a row or the way they are written has changed."""
        if self._settings.at:
            return last.seen < self._latest(now)
        return bool(last.doubt) or last.mark != await self._mark()

    def _latest(self, now: float) -> float:
        """The set time that came last, epoch seconds."""
        today = self._moment(now).date()
        days: tuple[date, ...] = (today - timedelta(days=1), today)
        times = (datetime.combine(day, one, self._zone) for day in days for one in self._settings.times)
        return max(at for time in times if (at := time.timestamp()) <= now)

    async def draft(self, last: Publication, written: Mapping[str, str], now: float) -> Draft:
        """The rows as a file; without content when that is what was written last."""
        mark = await self._mark()  # before the rows: what comes meanwhile makes another one
        rows = {str(key): row for key, row in sorted((await self._notebook.all()).items())}
        prints = {id_: self._print(row) for id_, row in rows.items()}
        whole = self._settings.content == "all"
        chosen = [
            rows[id_] for id_, print_ in prints.items() if print_ and (whole or written.get(id_) != print_)
        ]
        name = self._settings.address.name.at(self._moment(now))
        draft = Draft(now, name, len(chosen), mark, prints)
        same = last.at > 0 and not last.doubt and prints == written and len(chosen) == last.rows
        if (same and not self._settings.at) if whole else not chosen:
            return draft
        content = await layouts.rendered(chosen, self._settings)
        replaces = await self._replaces(last, name) if whole else None
        return dataclasses.replace(draft, replaces=replaces, content=content)

    async def publish(self, draft: Draft, last: Publication, permit: Permit) -> Publication:
        """Let the file appear whole, then delete those of our own whose days are over."""
        await self._place.put(draft.name, draft.content, permit)
        files = await self._without_old({**last.files, draft.name: draft.at}, draft, permit)
        return Publication(draft.at, draft.at, draft.name, draft.rows, draft.mark, files)

    async def _without_old(
        self, files: Mapping[str, float], draft: Draft, permit: Permit
    ) -> dict[str, float]:
        """What is left of what is remembered. A file that cannot be deleted is tried again next time."""
        days = self._settings.keep_days
        if days is None:
            return {draft.name: draft.at}
        left = dict(files)
        for name, at in files.items():
            if name != draft.name and at < draft.at - days * DAY:
                try:
                    if self._settings.address.name.fits(name):
                        await self._place.remove(name, permit)
                except BridgeError:
                    break
                del left[name]
        return left

    async def _mark(self) -> str:
        return f"{await self._notebook.mark()} {self._layout}"

    def _print(self, row: Row) -> str:
        """A fingerprint of what the file tells of one person, and how; "" when it tells nothing."""
        if not (self._settings.shows_inactive or is_active(row)):
            return ""
        told = [self._layout, [row.get(name) for name in self._settings.shown]]
        return hashlib.blake2b(canonical(told), digest_size=8).hexdigest()

    async def _replaces(self, last: Publication, name: str) -> int | None:
        """How many rows the file has that is there already, and that nobody remembers to have written.

        Where nothing is remembered at all, that is the newest with such a name.
        """
        if name in last.files:
            return None
        former = name if last.files else self._settings.address.name.newest(await self._place.names())
        content = await self._place.read(former) if former else None
        return None if content is None else layouts.count(content, self._settings)

    def _moment(self, now: float) -> datetime:
        return datetime.fromtimestamp(now, UTC).astimezone(self._zone)


def _key(remote_id: str) -> Key | None:
    """The record that a row was made for; None for what is no row's id."""
    try:
        return Key.parse(remote_id)
    except ValueError:
        return None


def _remote(key: Key, row: Row) -> Remote:
    """What a row tells of itself."""
    keys = frozenset({("id", str(key))})
    return Remote(str(key), is_active(row), ours=True, external_id=key.id, by="id", keys=keys, content=row)


def _connect(settings: FileSettings, tools: Tools) -> FileTarget:
    address = settings.address
    place = (
        Sftp(settings, tools.measured)
        if address.host
        else Folder(Path(address.folder), address.name, settings.permissions, tools.measured)
    )
    if settings.written_as == "xlsx":
        layouts.writer()
    return FileTarget(settings, place, tools.notebook, tools.zone)


ADAPTER = Adapter(
    settings=FileSettings,
    mapping=MAPPING,
    connect=_connect,
    check_attribute=check_attribute,
    fit=lambda settings: (fitted(settings.shown), check_attribute),
)
