"""Before access is taken away: was it counted by a poll, or approved? Else it waits for the next poll."""

from __future__ import annotations

import dataclasses

from bridge.effects import Verb, closes, covers, takings, verb_of, what_of
from bridge.errors import NotFound
from bridge.mapping.route import Route
from bridge.model import Entry, Kind
from bridge.store import Claim
from workers.delivery.sending import shows
from workers.targets.base import Target


class Uncounted(Exception):
    """What a delivery would take away has been counted by no poll. `entry` has what was seen."""

    def __init__(self, entry: Entry) -> None:
        super().__init__("waits until the next poll has counted what it takes away")
        self.entry = entry


def may_take(claim: Claim, taking: str) -> bool:
    """Whether a poll has counted, or a person approved, what a delivery takes away."""
    return covers(claim.counted, taking) or let_go(claim, taking)


def let_go(claim: Claim, taking: str) -> bool:
    """Whether a person said that it is to be taken away: no limit counts that."""
    return claim.closing or covers(claim.approved, taking)


async def permitted(
    route: Route, target: Target, claim: Claim, entry: Entry, link: str, members: int = 0
) -> Entry:
    """The entry, with what was seen of the account, if all that a delivery would take away was counted.

    `members`: how many it would take out of a group. Where nobody knows whether the account is open, it is
    looked at first: what is closed already is nothing to count. A deletion that nobody has counted is only
    not done yet. Raises Uncounted, and what the target raises.
    """
    stored = claim.stored
    kind, now = stored.record.key.kind, entry.at
    verb = verb_of(route, stored, entry, linked=True, now=now)
    closing = what_of(Verb.REMOVE, kind)
    if not may_take(claim, closing) and (verb is Verb.LOOK or (claim.doubt and closes(route, stored))):
        entry = dataclasses.replace(entry, open=await _shown(target, claim, entry, link))
        verb = verb_of(route, stored, entry, linked=True, now=now)
    if verb is Verb.DELETE:
        return entry
    if all(may_take(claim, taking) for taking in takings(kind, verb, members)):
        return entry
    raise Uncounted(entry)


async def _shown(target: Target, claim: Claim, entry: Entry, link: str) -> bool:
    """Whether the account gives access. One that shows nothing is what the ledger says, or else open."""
    try:
        shown = await shows(target, claim.stored.record.key, link)
    except NotFound:
        return False
    if shown is None:
        return entry.open is not False
    return shown


def is_person(claim: Claim) -> bool:
    """Whether the record is a person's: groups have no access of their own."""
    return claim.stored.record.key.kind is Kind.PERSON
