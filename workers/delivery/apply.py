"""Carries out what was decided for one claimed record: own, announce, send, see, and say what came of it."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass

from bridge.effects import effects
from bridge.errors import (
    AfterAnother,
    AfterTarget,
    Conflict,
    NotFound,
    RecordRejected,
    Taken,
    TryLater,
    Unseen,
)
from bridge.exchange import Applied, Remote, Wanted
from bridge.model import Entry, Outcome
from bridge.store.former import Former
from workers.delivery.clashes import Clash, Moved
from workers.delivery.counting import Uncounted, was_approved
from workers.delivery.decision import Decision
from workers.delivery.elsewhere import Elsewhere
from workers.delivery.formerly import former_of
from workers.delivery.matching import Matching
from workers.delivery.removing import may_come_to_light
from workers.delivery.reserving import Reserving
from workers.delivery.seeing import see_access, see_gone, see_members
from workers.delivery.sending import bring, sent, shows, unchanged


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger is to say now, and the record's link to the target's object.

    `waits`: something would be taken away that no poll has counted, and nothing is done before one has;
    `freed`: it has given up at the target what others may need. `done` and `approved`: what limits count from
    now on, and no more. `former`: what the object had before.
    """

    entry: Entry
    link: str | None
    waits: bool = False
    freed: bool = False
    done: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    former: Former | None = None


class Applier(Reserving):
    """One attempt for one claim."""

    async def is_current(self) -> bool:
        """Whether the target has this revision, and nothing speaks against it."""
        return await self._decider().is_current()

    async def run(self) -> Done:
        """Do what the route intends. Raises what the target raises, AfterTarget and RecordRejected."""
        if self.elsewhere:
            await self._let_others_go_first(self.elsewhere)
        done = await self._confirmed()
        try:
            decision = await self._decider().decide()
            if await self._earlier(decision):
                decision = await self._decider().decide()
            return await self._perform(decision, done)
        except Uncounted as waits:
            return await self._perform(self._decider().wait(str(waits)))

    async def _let_others_go_first(self, elsewhere: Elsewhere) -> None:
        """Raise AfterTarget while another target has to have the record before.

        An account of which Redis has lost the link is found all the same: whoever refers to it waits for
        that, such as a group that has to let it go.
        """
        try:
            await elsewhere.check(self.route, self.claim)
        except AfterTarget:
            former = self.claim.entry
            decider = self._decider()
            if self.link is None and former and former.digest and (account := await decider.lost_account()):
                await self._own(account)
                self.entry = dataclasses.replace(self.entry, open=decider.entry.open, made=0.0)
            raise

    async def _perform(self, decision: Decision, done: Outcome | None = None) -> Done:
        """Do what was decided. `done`: what the target has done of it already."""
        decision = await self._reserve(decision)
        await self._take(decision)
        if decision.wanted is None:
            if decision.error:
                raise decision.error
            return self._done(decision, done if decision.outcome is Outcome.UNCHANGED else None)
        try:
            return await self._send(decision, decision.wanted, done)
        except NotFound:
            if decision.account or decision.link is None or decision.wanted.removal:
                raise
            return await self._perform(await self._decider().decide(gone=True))
        except Conflict as error:
            if self.link is not None:
                raise
            return await self._perform(await self._after_conflict(decision, error))

    async def _send(self, decision: Decision, wanted: Wanted, done: Outcome | None) -> Done:
        """Send what was decided, and see it done."""
        members = () if self.claim.is_person or wanted.removal else decision.members
        if decision.link is not None and (members or decision.access is False):
            await self._foretell(members)
        if wanted.removal == "delete":
            return await self._delete(decision)
        applied = await (self._applied(decision) if wanted.removal else self._upsert(decision, wanted))
        await self._see(applied, decision)
        self._note_open(applied, decision, wanted)
        return self._done(decision, (decision.change is None and done) or applied.outcome)

    async def _delete(self, decision: Decision) -> Done:
        link = str(self.link)
        await self._applied(decision)
        await see_gone(self.target, self.key, link, patient=self._patient)
        await self._lose(link)
        await self.ledger.let_all_go(self.key)
        self.entry = dataclasses.replace(self.entry, unique={})
        return self._done(decision)

    async def _upsert(self, decision: Decision, wanted: Wanted) -> Applied:
        if self.entry.open is False and decision.access:
            self.entry = dataclasses.replace(self.entry, open=None)  # whatever comes of the request
        await self._announce(refs=decision.says["refs"], unique=decision.unique)
        if self.link is None:
            return await self._create(decision)
        try:
            if decision.error:
                raise decision.error
            applied = await self._changed(decision, wanted)
        except Unseen:
            raise
        except (RecordRejected, TryLater) as error:
            await self._take_at_least(decision, error)
            await self._see_refused(error)
            raise
        await self._own(applied.remote_id)
        return dataclasses.replace(applied, outcome=Outcome.ADOPTED) if decision.account else applied

    async def _changed(self, decision: Decision, wanted: Wanted) -> Applied:
        matching = Matching(self.route, self.ledger, wanted)
        clash = Clash(matching, self.target, self.permit, str(self.link), late=self.refused_late)
        try:
            if self._waited and self.key.kind in self.target.can.later:
                # Sent, it would be refused only later: never would all of a circle wait at the same time.
                await clash.wait(Conflict("was refused before, as somebody else has one of its values"))
            try:
                return await self._applied(decision)
            except Conflict as error:
                return await clash.settle(error)
        except Moved as moved:
            await self._own(moved.remote_id)
            raise
        except AfterAnother as error:
            await self._see_refused(error)
            raise
        except Taken as taken:
            if taken.awaits or not self._patient:
                raise
            # Nobody's account may be about to become somebody's, who gives the value up.
            raise TryLater(str(taken)) from None
        except Conflict as again:  # nobody is found who has the value, and it is refused still
            await self._see_refused(again)
            raise self._unexplained(again) from None

    async def _take_at_least(self, decision: Decision, error: RecordRejected | TryLater) -> None:
        """Nobody keeps access, or stays in a group, because the target refuses another value.

        Raises TryLater when that could not be sent: parked for the other value, nobody would try it again.
        """
        if decision.least is None or isinstance(error, NotFound):
            return
        if isinstance(error, TryLater) and error.of_the_target:
            return
        passing = () if isinstance(error, RecordRejected) else (TryLater,)
        with contextlib.suppress(RecordRejected, *passing):  # the first error is told
            # Read anew: what was sent before may have given the object another name.
            applied = await bring(self.target, decision.least, str(self.link), self.permit)
            if self.claim.is_person:
                seen = await see_access(self.target, self.key, applied, wants=False, patient=False)
                self.entry = dataclasses.replace(self.entry, open=seen)

    async def _see_refused(self, error: RecordRejected | TryLater) -> None:
        """Whether an account is open after all that was to be opened: else it would count as one in use."""
        if self.entry.open is not None or isinstance(error, NotFound | TryLater) or not self.claim.is_person:
            return
        with contextlib.suppress(RecordRejected, TryLater):
            seen = await shows(self.target, self.key, str(self.link))
            self.entry = dataclasses.replace(self.entry, open=seen)

    async def _create(self, decision: Decision) -> Applied:
        """No create without a look-up, which has found nothing. Raises Conflict: look up again."""
        self._await_untold()
        try:
            applied = await self._applied(decision)
        except (Unseen, Conflict):
            raise
        except TryLater as error:
            if error.after is None:
                self.entry = dataclasses.replace(self.entry, made=self.entry.at)
            raise
        except RecordRejected as error:
            # Parked, the account would be without its link. One that only waited was not cut short.
            if may_come_to_light(self.claim) and not self._is_first_refusal:
                raise TryLater(f"{error}; a create was cut short before") from None
            raise
        await self._own(applied.remote_id)
        self.entry = dataclasses.replace(self.entry, made=self.entry.at)
        return applied

    async def _applied(self, decision: Decision) -> Applied:
        """Send the change; without one, what is there is as it should be."""
        if decision.change is None:
            return unchanged(decision.there or Remote(str(self.link)))
        self._raise_refusal()
        try:
            return await sent(self.target, decision.change, self.permit)
        except Unseen as unseen:
            await self._announce(accepted=self.entry.at, ticket=unseen.ticket)
            raise
        except TryLater as error:
            if self.key.kind in self.target.can.later and self.link is not None and error.after is None:
                await self._announce(accepted=self.entry.at)
            raise

    async def _see(self, applied: Applied, decision: Decision) -> None:
        """Believe a write when the target shows it. Raises RecordRejected or TryLater."""
        if self.claim.is_person:
            asked = decision.there is None or decision.there.open is not decision.access
            wants = decision.access
            await see_access(self.target, self.key, applied, wants, patient=self._patient, asked=asked)
        see_members(applied, decision.names, patient=self._patient)

    def _note_open(self, applied: Applied, decision: Decision, wanted: Wanted) -> None:
        """Note whether the account gives access now: as the target shows it, else as it was given."""
        shown = decision.access if wanted.removal or applied.open is None else applied.open
        if shown is None and applied.outcome is Outcome.CREATED:
            shown = True
        if shown is not None and self.claim.is_person:
            self.entry = dataclasses.replace(self.entry, open=shown)

    @property
    def _waited(self) -> bool:
        """Whether it could not be done before for a value that another record had."""
        former = self.claim.entry
        return former is not None and bool(former.awaits) and former.revision == self.claim.stored.revision

    def _done(self, decision: Decision, outcome: Outcome | None = None) -> Done:
        says = {**decision.says, "outcome": outcome or decision.outcome}
        if not decision.waits:
            self._await_unanswered()
            says["ticket"] = ""  # a leaver's may be of what was sent before
        entry = dataclasses.replace(self.entry, **says)
        members = () if self.claim.is_person else decision.members  # a person's are no memberships
        found = effects(self.route, self.claim.stored, self.claim.entry, entry, members)
        approved = {one.name for one in found if was_approved(self.claim, one.taking)}
        done = tuple(one.name for one in found if one.name not in approved)
        return Done(
            entry,
            self.link,
            waits=decision.waits,
            done=done,
            approved=tuple(sorted(approved)),
            former=former_of(self.route, decision, entry.outcome),
        )
