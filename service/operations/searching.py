"""Lists of people and groups: who matches what somebody looks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.model import Key, Kind, Lifecycle, Stored
from bridge.spelling import folded
from service.operations.board import Sight
from service.operations.naming import name_of
from service.operations.standing import Stand, Standing


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for. "" and None: whoever it is.

    `text`: a part of the name, id, e-mail address, external id or employee number; `target`: who stands there
    at all; `place`: who stands so at that target, or at any. `department` is a value: who may see none finds
    nobody by it.
    """

    kind: Kind
    text: str = ""
    target: str = ""
    place: Standing | None = None
    department: str = ""
    lifecycle: Lifecycle | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One who matches. `name` and `department` are "" where they are not known, or not to be seen."""

    key: Key
    name: str
    department: str
    lifecycle: Lifecycle | None
    stands: Mapping[str, Stand]

    @property
    def order(self) -> tuple[str, str]:
        """By what they are sorted: as they are called."""
        return folded(self.name or self.key.id), self.key.id


def search(sight: Sight, wanted: Wanted, *, names: bool) -> list[Found]:
    """Who matches, in order. `names`: names and values may be seen, and are looked into."""
    return sorted(_matching(sight, wanted, names=names), key=lambda one: one.order)


def one(sight: Sight, key: Key, *, names: bool) -> Found | None:
    """How one stands; None for whom nothing is known of."""
    stored = sight.known.get(key)
    stands = {name: there[key] for name, there in sight.stands.items() if key in there}
    if stored is None and not stands:
        return None
    return Found(
        key,
        name_of(stored) if names else "",
        _of_work(stored, "department") if names else "",
        stored.record.lifecycle if stored and key.kind is Kind.PERSON else None,
        stands,
    )


def departments(sight: Sight) -> list[str]:
    """The departments that people are in, sorted: values."""
    found = {_of_work(stored, "department") for stored in sight.known.values() if not stored.gone}
    return sorted(found - {""}, key=folded)


def _matching(sight: Sight, wanted: Wanted, *, names: bool) -> Iterator[Found]:
    text = folded(wanted.text)
    there = {key for stands in sight.stands.values() for key in stands}
    for key in there | {key for key, stored in sight.known.items() if not stored.gone}:
        if key.kind is not wanted.kind:
            continue
        found = one(sight, key, names=names)
        if found is None or not _is_meant(found, wanted):
            continue
        if not text or any(text in folded(part) for part in _texts(found, sight.known.get(key), names=names)):
            yield found


def _is_meant(found: Found, wanted: Wanted) -> bool:
    if wanted.target and wanted.target not in found.stands:
        return False
    there = [found.stands[wanted.target]] if wanted.target else list(found.stands.values())
    if wanted.place and all(stand.standing is not wanted.place for stand in there):
        return False
    if wanted.department and found.department != wanted.department:
        return False
    return wanted.lifecycle in (None, found.lifecycle)


def _texts(found: Found, stored: Stored | None, *, names: bool) -> Iterator[str]:
    """What a search looks into."""
    yield found.key.id
    if names:
        account = (stored.record.data.get("account") or {}) if stored else {}
        parts = (account.get("email"), account.get("externalId"), _of_work(stored, "employeeNumber"))
        yield from (str(part) for part in (found.name, *parts) if part)


def _of_work(stored: Stored | None, field: str) -> str:
    """A field of a person's work; "" where it is not in use."""
    work = (stored.record.data.get("work") or {}) if stored else {}
    return str(work.get(field) or "")
