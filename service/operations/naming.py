"""What people and groups are called, and who is meant by a name: the same for all commands. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping

from bridge.commands import command
from bridge.errors import WhoIsMeant
from bridge.mapping.expressions import FieldPath
from bridge.model import Key, Kind, Stored
from bridge.printable import some
from bridge.spelling import folded

_PERSONAL: frozenset[FieldPath] = frozenset(
    ("person", "personal", name) for name in ("displayName", "firstName", "lastName")
)
_NUMBERS: frozenset[FieldPath] = frozenset(
    {
        ("person", "account", "email"),
        ("person", "account", "externalId"),
        ("person", "work", "employeeNumber"),
    }
)

NOBODY = "nobody has this Kenjo id, name, e-mail address, external id or employee number"
_LIKENESS = 0.75  # from which a name is near another one: a letter or two may differ


def identifying(fields: Collection[FieldPath]) -> frozenset[FieldPath]:
    """The fields by which people are found at Kenjo, beside those in use.

    Names only where some field of that section is in use: no list is read for them alone.
    """
    used = any(path[:2] == ("person", "personal") for path in fields)
    return _NUMBERS | (_PERSONAL if used else frozenset())


def name_of(stored: Stored | None) -> str:
    """A person's name, or else e-mail address; a group's name; "" where nothing is known."""
    data = stored.record.data if stored else {}
    names, account = _names(data), data.get("account") or {}
    return next(iter(names), "") or str(account.get("email") or data.get("name") or "")


def literal(who: str) -> list[Key]:
    """The records that a text can be the id of: `5f3a`, `person:5f3a`, `team:office.5f3a`."""
    key = Key.of(who)
    return [key] if key else [Key(one, who) for one in Kind]


def pick(records: Mapping[Key, Stored], who: str) -> Key:
    """The record of that id, name, e-mail address, external id or employee number, in any letter case.

    Raises WhoIsMeant where nobody or several are called so.
    """
    for key in literal(who):
        if key in records:
            return key
    wanted = folded(who)
    hits = sorted(key for key, stored in records.items() if wanted in map(folded, _called(stored)))
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise _several(records, hits)
    raise _nobody(records, wanted)


def _names(data: Mapping[str, object]) -> list[str]:
    """A person's names as they are written, as far as they are known."""
    personal = data.get("personal")
    if not isinstance(personal, Mapping):
        return []
    whole = " ".join(str(personal[part]) for part in ("firstName", "lastName") if personal.get(part))
    both = personal.get("firstName") and personal.get("lastName")
    return [str(name) for name in (personal.get("displayName"), whole if both else None) if name]


def _called(stored: Stored) -> Iterator[str]:
    """All that a record is called by; of a number that is one in JSON, its text."""
    data = stored.record.data
    if stored.record.key.kind is Kind.TEAM:
        yield str(data.get("name") or "")
        return
    yield from _names(data)
    for _, section, field in sorted(_NUMBERS):
        value = (data.get(section) or {}).get(field)
        if value is not None and value != "":
            yield str(value)


def _several(records: Mapping[Key, Stored], hits: Collection[Key]) -> WhoIsMeant:
    sentence = "{} are called so: {}; name one by its Kenjo id"
    number = len(hits)
    return WhoIsMeant(
        sentence.format(number, some([str(key) for key in hits])),
        sentence.format(number, some([_told(records, key) for key in hits])),
    )


def _lists_everybody() -> str:
    return f"{command('people --names')} lists everybody"


def _nobody(records: Mapping[Key, Stored], wanted: str) -> WhoIsMeant:
    """Nobody; with those whose name is nearly that, or has it as a part."""
    near = sorted(_near(records, wanted))
    if not near:
        return WhoIsMeant(f"{NOBODY} ({_lists_everybody()})", none=True)
    return WhoIsMeant(
        f"{NOBODY}; near to it: {some([str(key) for key in near])} ({_lists_everybody()})",
        f"{NOBODY}; did you mean {some([_told(records, key) for key in near])}?",
        none=True,
    )


def _near(records: Mapping[Key, Stored], wanted: str) -> set[Key]:
    """Who has the text as a word of a name; where nobody has, who is called by something like it."""
    called: dict[str, set[Key]] = {}
    for key, stored in records.items():
        for name in _called(stored):
            called.setdefault(folded(name), set()).add(key)
    words = [name for name in called if wanted in name.split()]
    names = words or difflib.get_close_matches(wanted, called, n=3, cutoff=_LIKENESS)
    return _all(called[name] for name in names)


def _all(sets: Iterable[set[Key]]) -> set[Key]:
    return set().union(*sets)


def _told(records: Mapping[Key, Stored], key: Key) -> str:
    """A record with its name. Personal."""
    name = name_of(records.get(key))
    who = f"{key}, gone from Kenjo" if records[key].gone else str(key)
    return f"{name} ({who})" if name else who
