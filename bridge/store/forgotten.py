"""People whom the bridge has been told to forget: erased everywhere, and never read in again."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from bridge.model import Key, Kind, Snapshot, Stored
from bridge.store.audit import open_event
from bridge.store.entries import open_text
from bridge.store.holds import Holds
from bridge.store.keys import named, place, script
from bridge.store.publications import Publications
from bridge.store.tombstones import Tombstones
from bridge.store.unbroken import break_off
from bridge.store.values import let_all_go

CLOSE, REFERENCES = "close", "references"
"""What is taken back from somebody who is being forgotten: access and all references, or the references."""

_RELEASE = script("release")
_LOCK = 10.0  # seconds for which erasing may keep a record's lock; deliveries keep theirs as long
_PAGE = 1000  # events read at once

_V = TypeVar("_V")


class Forgotten(Tombstones):
    """Who is forgotten, who is being forgotten, and the erasing of what is stored about somebody."""

    async def leave(self, key: Key, how: str) -> None:
        """From now on every delivery gives no reference to this person, and closes the account if so."""
        where = self._keys.of("leaving")
        sealed = self._codec.seal(how, place(where, str(key)))  # it closes accounts: nobody else may say so
        await self._redis.hset(where, mapping={str(key): sealed})

    async def leaving(self) -> set[Key]:
        """Who is being forgotten."""
        return {named(name) for name in await self._redis.hkeys(self._keys.of("leaving"))}

    async def left(self, key: Key) -> None:
        """The person is forgotten, and nothing refers to them any more."""
        await self._redis.hdel(self._keys.of("leaving"), str(key))

    async def without(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot in which nobody who is forgotten stands. Nobody counts as missing for it."""
        gone = await self.all()
        if not gone:
            return snapshot
        ids = _people(gone)
        records = {
            key: dataclasses.replace(record, data=_cleaned(record.data, ids))
            for key, record in snapshot.records.items()
            if key not in gone
        }
        return dataclasses.replace(
            snapshot,
            records=records,
            kept=snapshot.kept - gone,
            problems=tuple(problem for problem in snapshot.problems if problem.id not in ids),
            coming=tuple(one for one in snapshot.coming if one.key not in gone),
            started=tuple(key for key in snapshot.started if key not in gone),
        )

    async def unreferred(self, known: Mapping[Key, Stored]) -> Mapping[Key, Stored]:
        """What is known, in which nobody refers to the forgotten: the next snapshot has not lost that."""
        if not (ids := _people(await self.all())):
            return known
        return {
            key: dataclasses.replace(
                stored, record=dataclasses.replace(stored.record, data=_cleaned(stored.record.data, ids))
            )
            for key, stored in known.items()
        }

    async def known(self, known: Mapping[Key, _V], targets: Collection[str]) -> dict[Key, _V]:
        """What is known without those who are forgotten.

        A poll that was under way may have written one of them again: that is erased once more.
        """
        gone = await self.all()
        for key in gone & known.keys():
            await self.erase(key, targets)
        return {key: value for key, value in known.items() if key not in gone}

    async def erase(self, key: Key, targets: Collection[str]) -> dict[str, int]:
        """Erase everything stored under a record's key. Returns how many values, by what they were."""
        name = str(key)
        await break_off(self._redis, self._keys)
        done = {"records": await self._redis.hdel(self._keys.of("records"), name)}
        await self._redis.hdel(self._keys.of("revisions"), name)  # no delivery can start any more
        for target in targets:
            for what, number in (await self._erase_at(target, key)).items():
                done[what] = done.get(what, 0) + number
        done["holds"] = await self._leave_holds(name)
        done["audit events"] = await self._leave_audit(name)
        return done

    async def _erase_at(self, target: str, key: Key) -> dict[str, int]:
        """Wait for a delivery that is under way, then erase what it knew and left behind."""
        name, lock, token = str(key), self._keys.lock(target, key), secrets.token_hex(8)
        # A lock has no event to wait for: its holder may be another process.
        while not await self._redis.set(lock, token, nx=True, px=int(_LOCK * 1000)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        try:
            done = {}
            await self._strike_out(target, name)
            for what, hash_ in (("ledger entries", "ledger"), ("links", "links")):
                done[what] = await self._redis.hdel(self._keys.at(target, hash_), name)
            for hash_ in ("claims", "held", "approved", "counted", "calls"):
                await self._redis.hdel(self._keys.at(target, hash_), name)
            await self._leave_former(target, name)
            owners = self._keys.at(target, "owners")
            mine = [
                f.decode()
                for f, owner in (await self._redis.hgetall(owners)).items()
                if owner == name.encode()
            ]
            if mine:
                await self._redis.hdel(owners, *mine)
            await let_all_go(self._redis, self._keys.at(target, "unique"), key)
            await self._redis.zrem(self._keys.at(target, "pending"), name)
            for set_ in ("waiting", "awaiting"):
                await self._redis.delete(self._keys.at(target, f"{set_}:{name}"))
            await self._leave_window(self._keys.at(target, "done"), name)
            return done
        finally:
            await self._redis.eval(_RELEASE, 1, lock, token)

    async def _strike_out(self, target: str, name: str) -> None:
        """Erase what a target was given last. An object that was handed over has its first one's name."""
        links, notebook = self._keys.at(target, "links"), self._keys.at(target, "notebook")
        names = [name]
        if blob := await self._redis.hget(links, name):
            names.append(open_text(self._codec, place(links, name), blob))
        if await self._redis.hdel(notebook, *names):
            await self._redis.delete(self._keys.at(target, "notebook-mark"))
        await Publications(self._redis, self._keys, self._codec, target).strike_out(names)

    async def _leave_former(self, target: str, name: str) -> None:
        """Erase what a record had at a target before it was changed."""
        async for found in self._redis.scan_iter(match=self._keys.at(target, "former:*"), count=_PAGE):
            day = found.decode()
            fields = [field.decode() for field in await self._redis.hkeys(day)]
            if about := [field for field in fields if field.startswith(f"{name} ")]:
                await self._redis.hdel(day, *about)

    async def _leave_window(self, place: str, name: str) -> None:
        """Take a record out of what limits remember."""
        names = [one.decode() for one in await self._redis.zrangebyscore(place, "-inf", "+inf")]
        if about := [one for one in names if name in one.split()]:
            await self._redis.zrem(place, *about)

    async def _leave_holds(self, name: str) -> int:
        holds, done = Holds(self._redis, self._keys, self._codec), 0
        for hold in await holds.all():
            if name in hold.keys:
                others = tuple(other for other in hold.keys if other != name)
                await holds.put(dataclasses.replace(hold, keys=others))
                done += 1
        return done

    async def _leave_audit(self, name: str) -> int:
        """Take a record's events out of the trail; what is counted elsewhere stays counted."""
        where, last, done = self._keys.of("audit"), "+", 0
        while page := await self._redis.xrevrange(where, max=last, count=_PAGE):
            about = [id_.decode() for id_, fields in page if open_event(fields).get("record") == name]
            if about:
                done += await self._redis.xdel(where, *about)
            last = f"({page[-1][0].decode()}"
        return done


def _people(keys: Collection[Key]) -> set[str]:
    return {key.id for key in keys if key.kind is Kind.PERSON}


def _cleaned(data: Mapping[str, Any], ids: Collection[str]) -> Mapping[str, Any]:
    """A record without what it tells of others who are forgotten: as members, and as the manager."""
    if isinstance(data.get("members"), list):
        return {**data, "members": [id_ for id_ in data["members"] if id_ not in ids]}
    work = data.get("work")
    if not isinstance(work, Mapping):
        return data
    manager, cleaned = work.get("manager"), dict(work)
    if isinstance(manager, Mapping) and manager.get("id") in ids:
        cleaned["manager"] = None
    if work.get("reportsToId") in ids:
        cleaned["reportsToId"] = None
    return {**data, "work": cleaned}
