"""What Redis is to know before a target is written to, so that it is known whatever comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bridge.effects import Verb, takings, verb_of
from bridge.errors import AfterAnother, Taken, TryLater
from bridge.mapping.restoring import is_restored
from bridge.mapping.route import Route
from bridge.model import Entry, Key
from bridge.store import Claim, Ledger
from bridge.store.claims import Case
from bridge.wire.permit import Permit
from workers.delivery.counting import Uncounted, was_approved
from workers.delivery.decision import Decision
from workers.delivery.elsewhere import Elsewhere
from workers.delivery.inventory import Absent
from workers.delivery.line import Position
from workers.delivery.matching import Chosen
from workers.targets.base import Target


def stamped(route: Route, case: Case, now: float) -> Entry:
    """The former entry, for this revision and configuration, without what was said of an earlier try."""
    new: dict[str, Any] = {"revision": case.stored.revision, "config": route.fingerprint}
    untried: dict[str, Any] = {"reason": "", "candidates": (), "attempts": 0, "failed_since": 0.0}
    waits: dict[str, Any] = {"retry_at": 0.0, "unreachable": False, "awaits": "", "awaited": "", "behind": ""}
    former = case.entry or Entry()
    refs = tuple(sorted({*former.refs, *case.refs_in_doubt}))
    is_open = former.open if case.link else None  # of an account that has to be found first
    restored = former.restored if is_restored(route, case.stored, former) else None
    return dataclasses.replace(
        former, at=now, refs=refs, open=is_open, restored=restored, **new, **untried, **waits
    )


def _with_unanswered(entry: Entry, target: Target, claim: Claim) -> Entry:
    """The entry with a note of what a delivery that was cut short may have sent, as if it were sent now."""
    if not claim.was_cut_short:
        return entry
    if claim.link is None:
        return dataclasses.replace(entry, made=entry.made or entry.at)
    if claim.key.kind not in target.can.later:
        return entry
    return dataclasses.replace(entry, accepted=entry.accepted or entry.at)


class Noting:
    """One attempt for one claim.

    `entry` and `link` are kept up to date while the attempt goes on, so that they tell the truth whatever
    comes of it.
    """

    def __init__(
        self,
        route: Route,
        target: Target,
        ledger: Ledger,
        claim: Claim,
        permit: Permit,
        now: float,
        absent: Absent | None = None,
        elsewhere: Elsewhere | None = None,
        position: Position | None = None,
    ) -> None:
        self.absent = absent
        self.elsewhere = elsewhere
        self.position = position
        self.route = route
        self.target = target
        self.ledger = ledger
        self.claim = claim
        self.permit = permit
        self.key = claim.key
        self.entry = _with_unanswered(stamped(route, claim, now), target, claim)
        self.link = claim.link

    async def _take(self, decision: Decision) -> None:
        """Make the object the record's that was chosen for it. Raises AfterAnother, Taken."""
        if decision.lost is not None:
            await self._lose(decision.lost)
        if account := decision.account:
            if account.owner:
                await self._take_over(account, account.owner, decision)
            await self._own(account.remote_id)
        self.entry, self.link = decision.entry, decision.link

    async def _take_over(self, account: Chosen, owner: Key, decision: Decision) -> None:
        """Make an object this record's that another had, which needs it no more. Raises AfterAnother."""
        remote_id, stance = account.remote_id, (await self.ledger.sight(owner)).stance
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
        if set(taken.entry.refs) - set(decision.entry.refs):  # of these the decision knew nothing
            raise TryLater(f"{owner} had been given more than its ledger said")

    async def _own(self, remote_id: str) -> None:
        """Make the object this record's; two records never share one. Raises Taken."""
        if remote_id == self.link:
            return
        owner = await self.ledger.own(remote_id, self.key, self.claim)
        if owner != self.key:
            stance = (await self.ledger.sight(owner)).stance
            raise Taken(f"the account {remote_id} belongs to {owner} already", str(owner), stance)
        former, self.link = self.link, remote_id
        self.entry = dataclasses.replace(self.entry, accepted=0.0)
        if former is not None:  # where the userName is the id, it is free for whoever gets that name
            await self.ledger.disown(self.key.kind, former)

    async def _lose(self, link: str) -> None:
        """The object is not there any more."""
        await self.ledger.disown(self.key.kind, link)
        self.link = None
        self.entry = dataclasses.replace(self.entry, open=None, accepted=0.0)

    async def _foretell(self, members: Collection[str]) -> None:
        """Before something is taken away, let limits count it: nobody can tell what comes of the request.

        `members` are those who are taken out of a group. Raises Uncounted when the newest poll has not
        counted it: it held that, or found that it is not wanted any more.
        """
        verb = verb_of(self.route, self.claim.stored, self.entry, linked=True, now=self.entry.at)
        taken = takings(self.key.kind, verb, len(members))
        if not taken:
            return
        if verb in (Verb.REMOVE, Verb.DELETE):
            limit, names = getattr(self.route.settings.limits, verb), [f"{taken[0]} {self.key}"]
        else:
            limit = self.route.settings.limits.members
            names = [f"{Verb.MEMBERS} {self.key} {name}" for name in members]
        if limit is None or all(was_approved(self.claim, taking) for taking in taken):
            names = []
        is_open = None if verb is Verb.REMOVE else self.entry.open
        told: dict[str, Any] = {
            "refs": self.entry.refs,
            "accepted": self.entry.accepted,
            "ticket": self.entry.ticket,
            "sent": self.entry.sent,
            "open": is_open,
            "unique": self.entry.unique,
        }
        former = dataclasses.replace(self.claim.entry or Entry(), **told)
        if not await self.ledger.announce(self.claim, former, names, self.entry.at):
            raise Uncounted
        self.entry = dataclasses.replace(self.entry, open=is_open)

    async def _announce(
        self,
        *,
        refs: Iterable[str] = (),
        unique: Mapping[str, str] | None = None,
        accepted: float | None = None,
        ticket: str = "",
    ) -> None:
        """Note what has to be known even after a crash.

        References before they are given: nobody could tell whose they are; what is `unique`: a create whose
        answer is lost is repeated with the same. A change that was `accepted`
        while nothing shows that it was done: nobody would know that there may be an account.
        """
        told: dict[str, Any] = {
            "refs": tuple(sorted({*self.entry.refs, *refs})),
            "accepted": self.entry.accepted if accepted is None else accepted,
            "ticket": self.entry.ticket if accepted is None else ticket,
            "sent": self.entry.sent if accepted is None else self.entry.stamp,
            "open": self.entry.open,
            "unique": unique or self.entry.unique,
        }
        entry = dataclasses.replace(self.entry, **told)
        if entry != self.entry:
            self.entry = entry
            await self.ledger.announce(self.claim, dataclasses.replace(self.claim.entry or Entry(), **told))
