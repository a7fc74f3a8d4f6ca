"""Before access is taken away: was it counted by a poll, or approved? Else it waits. Pure."""

from __future__ import annotations

import dataclasses

from bridge.effects import Verb, closes, covers, takings, verb_of, what_of
from bridge.exchange import Remote
from bridge.mapping.route import Route
from bridge.model import Entry
from bridge.store.claims import Case


class Uncounted(Exception):
    """What a delivery would take away has been counted by no poll."""

    def __init__(self) -> None:
        super().__init__("waits until the next poll has counted what it takes away")


def may_take(case: Case, taking: str) -> bool:
    """Whether a poll has counted, or a person approved, what a delivery takes away."""
    return covers(case.counted, taking) or was_approved(case, taking)


def was_approved(case: Case, taking: str) -> bool:
    """Whether a person said that it is to be taken away: no limit counts that."""
    return case.closing or covers(case.approved, taking)


def needs_a_look(route: Route, case: Case, entry: Entry) -> bool:
    """Whether the account has to be seen first, as nobody knows what closing it would take away.

    Also where that was counted already: what is taken is noted, for the limits of the next poll.
    """
    if verb_of(route, case.stored, entry, linked=True, now=entry.at) is Verb.LOOK:
        return True
    if may_take(case, what_of(Verb.REMOVE, case.key.kind)):
        return False
    return bool(case.doubt and closes(route, case.stored, entry))


def as_seen(entry: Entry, there: Remote) -> Entry:
    """The entry with what was seen of the account. One that shows nothing is as the ledger says, or open."""
    return dataclasses.replace(entry, open=entry.open is not False if there.open is None else there.open)


def check_counted(route: Route, case: Case, entry: Entry, members: int = 0) -> None:
    """See that all that a delivery would take away was counted, `members` of a group included.

    A deletion that nobody has counted is only not done yet. Raises Uncounted.
    """
    verb = verb_of(route, case.stored, entry, linked=True, now=entry.at)
    if verb is Verb.DELETE:
        return
    if not all(may_take(case, taking) for taking in takings(case.key.kind, verb, members)):
        raise Uncounted
