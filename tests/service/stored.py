"""Records as Redis has them, for tests of what a poll makes of them."""

from __future__ import annotations

from collections.abc import Collection

from bridge.model import Key, Kind, Record, Stored

Known = dict[Key, Stored]


def person(id_: str, manager: str | None = None, lifecycle: str = "active", *, gone: bool = False) -> Stored:
    data = {"id": id_, "lifecycle": lifecycle, "work": {"reportsToId": manager}}
    return Stored(Record(Key(Kind.PERSON, id_), data), 1, gone)


def team(id_: str, *, gone: bool = False) -> Stored:
    return Stored(Record(Key(Kind.TEAM, id_), {"id": id_, "name": "Blue", "members": []}), 1, gone)


def known(*stored: Stored) -> Known:
    return {one.record.key: one for one in stored}


def people(count: int, start: int = 0) -> list[Key]:
    return [Key(Kind.PERSON, str(number)) for number in range(start, start + count)]


def teams(count: int) -> list[Key]:
    return [Key(Kind.TEAM, str(number)) for number in range(count)]


def there(keys: Collection[Key], gone: Collection[Key] = ()) -> Known:
    """Empty records of these, and of some that are gone."""
    left = {key: Stored(Record(key, {}), 1, gone=True) for key in gone}
    return {key: Stored(Record(key, {}), 1) for key in keys} | left
