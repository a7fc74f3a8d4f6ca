"""Whose the account is that a look-up has found: this record's, another one's, or for a person to say.

An account that carries another external id, or is inactive, may hold a stranger's mail and rights. Only a
person can say that it is somebody's own; the account of another record of ours is given up by that one first,
or handed over by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.commands import command
from bridge.errors import AfterAnother, AmbiguousMatch, NeedsPerson, RecordRejected
from bridge.exchange import Remote, Wanted
from bridge.mapping.route import Action, Route
from bridge.mapping.succession import fold, successor
from bridge.model import Entry, Key, Kind, State
from bridge.store.sight import Sight
from bridge.store.waiting import is_over
from workers.delivery.view import View

Verdict = Literal["create", "adopt", "ambiguous", "undecided"]

_FEW = 20
"""Candidates that are asked after one by one; nobody chooses among more."""


def verdict(matches: Sequence[Remote]) -> Verdict:
    """What would be done for a record with these matches, as far as they tell."""
    found = candidates(matches)
    if not found:
        return "create"
    if len(found) > 1:
        return "ambiguous"
    return "undecided" if strange(found[0]) else "adopt"


def candidates(matches: Sequence[Remote]) -> list[Remote]:
    """What carries this record's own id, else everything: active or not, a stranger's or nobody's."""
    return [match for match in matches if match.ours] or list(matches)


def strange(match: Remote) -> str:
    """In words, why an account is not simply this record's; "" when it may be adopted."""
    if match.ours:
        return ""  # whoever comes back finds their account inactive
    parts = (match.other_id and "carries another external id", match.open is False and "is inactive")
    return " and ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The account that is the record's. `owner`: another record of ours that had it until now."""

    remote_id: str
    owner: Key | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """Judges what was found for one record."""

    route: Route
    view: View
    wanted: Wanted

    async def choose(self, matches: Sequence[Remote]) -> Chosen | None:
        """The one account to link; None when there is none. Raises AfterAnother and NeedsPerson."""
        found = candidates(matches)
        keep: tuple[str, str] = ("", "")
        owner, sight = None, Sight()
        for match in found[:_FEW]:
            if owner := await self.owner(match):
                sight = await self.view.sight(owner)
                keep = str(owner), sight.stance
                if await self.gives_up(sight, match):
                    raise AfterAnother(f"{owner} has the account {match.id}, and gives it up", *keep)
        if len(found) > 1:
            raise AmbiguousMatch([match.id for match in found], *keep)
        return await self._judge(found[0], owner, sight) if found else None

    async def _judge(self, match: Remote, owner: Key | None, sight: Sight) -> Chosen:
        """What to do about the one account there is; another record is its `owner`, and stands so."""
        key = self.wanted.key
        if owner is None or sight.has_let_go(match.id, match.external_id):
            if words := strange(match):
                named = await self.named(match)
                raise self._ask(f"the account {match.id} {words}", match, *named)
            return Chosen(match.id, owner)
        if key.kind is Kind.TEAM and sight.stored and sight.stored.gone:
            return Chosen(match.id, owner)
        why = unserved(self.route, sight)
        if not why:
            raise NeedsPerson(
                f"the account {match.id} belongs to {owner}, who has it still: give one of the two"
                f" another {match.by} in Kenjo",
                awaits=str(owner),
                awaited=sight.stance,
            )
        what = f"the account {match.id} belongs to {owner} ({why})"
        raise self._ask(what, match, str(owner), sight.stance)

    def _ask(self, what: str, match: Remote, awaits: str = "", awaited: str = "") -> NeedsPerson:
        adopt = command("failures adopt", self.route.name, self.wanted.key, match.id)
        words = f"{what}; if it is to be this record's: {adopt}"
        return NeedsPerson(words, [match.id], awaits, awaited)

    async def owner(self, match: Remote) -> Key | None:
        """Which other record of ours has an account: by the ledger, or where that forgot, by its id."""
        kind = self.wanted.key.kind
        owner = await self.view.owner(kind, match.id)
        if owner is None and match.other_id and not match.ours:
            other = Key(kind, match.external_id)
            owner = other if (await self.view.sight(other)).stored else None
        return None if owner == self.wanted.key else owner

    async def named(self, match: Remote) -> tuple[str, str]:
        """The record whose id an account carries, and how it stands; nobody knows of it yet.

        It may come back, and take its account along. What is no id of Kenjo's, such as an e-mail address, is
        not written down.
        """
        if match.ours or not match.external_id.isalnum():
            return "", ""
        named = Key(self.wanted.key.kind, match.external_id)
        return str(named), (await self.view.sight(named)).stance

    async def gives_up(self, sight: Sight, match: Remote) -> bool:
        """Whether another record is about to have another value of what was looked up than is wanted here."""
        stored, entry = sight.stored, sight.entry
        if stored is None or match.ours or match.by in self.route.once:  # an id is never given up
            return False
        if sight.has_let_go(match.id, match.external_id):
            return False
        if entry and entry.revision == stored.revision and await self._is_parked(entry):
            return False
        try:
            if self.route.intend(stored, linked=True).action is not Action.UPSERT:
                return False
            have = self.route.map(stored.record).get(match.by)
        except RecordRejected:
            return False
        return fold(have) != fold(self.wanted.attributes.get(match.by))

    async def _is_parked(self, entry: Entry) -> bool:
        """Whether a record stays as it is: what it waits for, perhaps over others, has not moved since.

        So does one that waits for a target which does not take it.
        """
        if entry.config != self.route.fingerprint:
            return False
        if entry.state is not State.FAILED:
            return entry.behind != ""
        passed: set[str] = set()
        waits: Entry | None = entry
        while waits and waits.state is State.FAILED and waits.awaits not in {"", *passed}:
            sight = await self.view.sight(Key.parse(waits.awaits))
            if is_over(waits, sight.stance):
                return False
            passed.add(waits.awaits)
            waits = sight.entry
        return True


def unserved(route: Route, sight: Sight) -> str:
    """In words, why a record that has an account should have none; "" when it is served still."""
    if sight.stored is None:
        return "nothing is known of it any more"
    try:
        return route.unserved(sight.stored)
    except RecordRejected:
        return ""


async def heir(route: Route, view: View, sight: Sight) -> Key | None:
    """Who is to take a group over that is gone: see `bridge.mapping.succession`."""
    if sight.stored is None or not sight.stored.gone or sight.stored.record.key.kind is not Kind.TEAM:
        return None
    others = await view.unlinked(Kind.TEAM)
    return successor(
        route, sight.stored, [(one.stored, one.entry) for one in others if one.stored], sight.stance
    )
