"""Parts of holds: what somebody set apart by deciding on others waits, however little it is. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from bridge.effects import Verb, covers, what_of
from bridge.model import Entry, Key, Stored
from bridge.store import Hold
from service.watch.policy import Excess, losing_teams, members_lost


def waiting_parts(
    parts: Collection[Hold],
    coming: Mapping[Key, Verb],
    releases: Mapping[Key, frozenset[str]],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    approved: Mapping[Key, str],
) -> list[Excess]:
    """What of the parts would still be done, and was not approved since.

    A removal that has to be looked at before anybody knows whether it is one stays a removal.
    """
    losses = members_lost(coming, releases, entries, approved)
    found = []
    for part in parts:
        if part.kind == Verb.MEMBERS:
            keys = {key for key in map(Key.parse, part.keys) if key in losses}
        else:
            keys = {
                key
                for key in map(Key.parse, part.keys)
                if _is_still(part.kind, key, coming.get(key)) and not covers(approved.get(key, ""), part.kind)
            }
        if keys:
            along = losing_teams(keys, coming, known, entries) if part.kind == Verb.REMOVE else set()
            lost = {key: losses[key] for key in keys} if part.kind == Verb.MEMBERS else {}
            found.append(
                dataclasses.replace(
                    _excess(part, keys, along),
                    lost=sum(map(len, lost.values())),
                    members={key: len(releases[key]) for key in lost},
                )
            )
    return found


def part_of(hold: Hold, chosen: Collection[str]) -> Excess:
    """These of the records that can be chosen, as a part. Teams that wait along stay with every part.

    The next poll says which of those teams would lose somebody of it.
    """
    keys = {Key.parse(key) for key in chosen}
    along = {Key.parse(key) for key in hold.keys if key not in hold.choosable}
    members = {Key.parse(key): number for key, number in hold.members.items() if key in chosen}
    excess = _excess(hold, keys, along)
    return dataclasses.replace(excess, lost=sum(members.values()), members=members)


def _excess(hold: Hold, keys: Collection[Key], along: Collection[Key]) -> Excess:
    verb, kind = Verb(hold.kind.removesuffix("-groups")), next(iter(keys)).kind
    return Excess(verb, kind, frozenset(keys), 0, None, frozenset(along), part=hold.id)


def _is_still(what: str, key: Key, verb: Verb | None) -> bool:
    return verb is not None and what_of(Verb.REMOVE if verb is Verb.LOOK else verb, key.kind) == what
