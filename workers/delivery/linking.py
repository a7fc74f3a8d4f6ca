"""Which of a target's objects is one claimed record's: found, made its own, handed over, lost."""

from __future__ import annotations

import dataclasses
from typing import Any

from bridge.errors import AfterAnother, AmbiguousMatch, Conflict, Taken
from bridge.exchange import Applied, Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Route
from bridge.model import Entry, Key
from bridge.store import Claim
from bridge.wire.permit import Permit
from workers.delivery.clashes import Clash, Moved
from workers.delivery.links import Links
from workers.delivery.matching import Matching
from workers.targets.base import Target


class Linking:
    """The record of one claim and its object.

    `entry` is the former entry, stamped for this revision, and `link` the record's account. Both are kept up
    to date while the attempt goes on, so that they tell the truth whatever comes of it.
    """

    def __init__(
        self, route: Route, target: Target, ledger: Links, claim: Claim, permit: Permit, now: float
    ) -> None:
        self.route = route
        self.target = target
        self.ledger = ledger
        self.claim = claim
        self.permit = permit
        self.entry = self._stamped(now)
        self.link = claim.link
        self.entry_before = claim.entry or Entry()

    @property
    def key(self) -> Key:
        """The record."""
        return self.claim.stored.record.key

    def _stamped(self, now: float) -> Entry:
        """The former entry, for this revision and configuration, without what was said of an earlier try."""
        new: dict[str, Any] = {"revision": self.claim.stored.revision, "config": self.route.fingerprint}
        untried: dict[str, Any] = {"reason": "", "candidates": (), "attempts": 0, "failed_since": 0.0}
        waits: dict[str, Any] = {"retry_at": 0.0, "unreachable": False, "awaits": "", "awaited": ""}
        former = self.claim.entry or Entry()
        refs = tuple(sorted({*former.refs, *self.claim.refs_in_doubt}))
        is_open = former.open if self.claim.link else None  # of an account that has to be found first
        return dataclasses.replace(former, at=now, refs=refs, open=is_open, **new, **untried, **waits)

    def _bare(self) -> Wanted:
        """The record without references, as far as it is known: enough to look it up."""
        return Wanted(self.key, resolve(self.route.told_of(self.claim.stored.record), {}))

    async def _clash(self, wanted: Wanted, error: Conflict) -> Applied:
        try:
            return await Clash(self._matching(wanted), self.target, self.permit, str(self.link)).settle(error)
        except Moved as moved:
            await self._own(moved.remote_id)
            raise

    def _matching(self, wanted: Wanted) -> Matching:
        return Matching(self.route, self.ledger, wanted)

    async def _match(self, wanted: Wanted, *, thorough: bool = False) -> bool:
        """Look the record up, and link the one account that is its own. Raises NeedsPerson, AfterAnother.

        `thorough`: a conflict tells that there is one.
        """
        found = await self.target.find(wanted, thorough=thorough)
        chosen = await self._matching(wanted).choose(found)
        if chosen is None:
            return False
        if chosen.owner:
            await self._take_over(chosen.remote_id, chosen.owner)
        await self._own(chosen.remote_id)
        seen = next((match.open for match in found if match.id == chosen.remote_id), None)
        self.entry = dataclasses.replace(self.entry, open=seen)
        return True

    async def _take_over(self, remote_id: str, owner: Key) -> None:
        """Make an object this record's that another had, which needs it no more. Raises AfterAnother."""
        stance = (await self.ledger.sight(owner)).stance
        await self.ledger.own(remote_id, owner)  # where a crash came before that was noted
        taken = await self.ledger.hand_over(
            remote_id,
            self.key,
            owner,
            self.entry.at,
            config=self.route.fingerprint,
            token=self.claim.token,
        )
        if taken is None:
            words = f"{owner} is being delivered, and has the account {remote_id}"
            raise AfterAnother(words, str(owner), stance)
        self.entry = dataclasses.replace(self.entry, refs=taken.entry.refs, accepted=0.0)
        self.link = remote_id

    async def _find_ours(self) -> bool:
        """Look up and link an account with the record's Kenjo id, which only the bridge can have given.

        One that a person has given to another record since is not ours any more.
        """
        found = [match for match in await self.target.find(self._bare()) if match.ours]
        owners = [await self.ledger.owner(self.key.kind, match.id) for match in found[:1]]
        if found and owners[0] not in (None, self.key) and len(found) == 1:
            return False
        if len(found) > 1:
            raise AmbiguousMatch([match.id for match in found])
        if found:
            await self._own(found[0].id)
            self.entry = dataclasses.replace(self.entry, open=found[0].open)
        return bool(found)

    async def _own(self, remote_id: str) -> None:
        """Make the object this record's; two records never share one. Raises Taken."""
        if remote_id == self.link:
            return
        owner = await self.ledger.own(remote_id, self.key)
        if owner != self.key:
            stance = (await self.ledger.sight(owner)).stance
            raise Taken(f"the account {remote_id} belongs to {owner} already", str(owner), stance)
        former, self.link = self.link, remote_id
        self.entry = dataclasses.replace(self.entry, accepted=0.0)
        if former is not None:  # where the userName is the id, it is free for whoever gets that name
            await self.ledger.disown(self.key.kind, former)

    async def _lose(self) -> None:
        """The object is not there any more."""
        if self.link is not None:
            await self.ledger.disown(self.key.kind, self.link)
        self.link = None
        self.entry = dataclasses.replace(self.entry, open=None)
