"""Gives nobody what somebody else has been given: a value is the record's before its account is created."""

from __future__ import annotations

from bridge.commands import command
from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.model import State
from bridge.spelling import folded
from workers.delivery.choosing import may_have_given
from workers.delivery.confirming import Confirming
from workers.delivery.deciding import Decider
from workers.delivery.decision import Decision
from workers.delivery.removing import LOOKS

_MOST = 5
"""Creates of one attempt that a target may refuse as duplicates, before a person has to look."""


_ROUNDS = 20
"""How often others may be faster in one attempt."""


class Reserving(Confirming):
    """An attempt that decides, and decides anew where others were faster or the target knows better.

    `_refused`: values that the target has refused as taken while no look-up shows by whom; `_conflicts`: how
    many creates it has refused as duplicates.
    """

    _refused: frozenset[tuple[str, str]] = frozenset()
    _conflicts = 0

    def _decider(self) -> Decider:
        parts = self.route, self.target, self.ledger, self.claim
        beside = self.absent, self.elsewhere, self.position, self._refused
        return Decider(*parts, self.entry, self.link, *beside)

    async def _reserve(self, decision: Decision) -> Decision:
        """The decision when all that it gives is this record's, else another one. Raises TryLater."""
        for _ in range(_ROUNDS):
            if not any([await self._is_lost(name, value) for name, value in decision.unique.items()]):
                break
            decision = await self._decider().decide()
        else:
            raise TryLater("others were given again and again what this record was to have")
        if self.position:
            self.position.leave()
        return decision

    async def _is_lost(self, attribute: str, value: str) -> bool:
        """Whether another record has a value: it was faster."""
        return await self.ledger.hold(attribute, value, self.key) != self.key

    async def _after_conflict(self, decision: Decision, error: Conflict) -> Decision:
        """What is to be done after a create was refused as a duplicate. Raises TryLater, RecordRejected.

        The account that is there is this record's, or it has what was to be given: then the next value is.
        """
        self.absent = None  # what was known of the target was too old
        self._conflicts += 1
        again = await self._decider().decide(thorough=True)
        if again.account is None and again.unique == decision.unique:
            self._pass_on(decision, error)
            again = await self._decider().decide()
        if again.account is None:
            for attribute, value in decision.unique.items() - again.unique.items():
                await self.ledger.let_go(attribute, value, self.key)
        return again

    def _pass_on(self, decision: Decision, error: Conflict) -> None:
        """Take what was refused for somebody's who is not shown. Raises where it may be this record's."""
        unique = decision.unique.items()
        in_doubt = any(may_have_given(self.claim, attribute, value) for attribute, value in unique)
        if not unique or in_doubt or self.target.can.late:
            raise self._unexplained(error) from None
        if self._conflicts >= _MOST:
            names = ", ".join(decision.unique)
            raise RecordRejected(
                f"{error}; other values for {names} were refused too, and no look-up shows who has them: see"
                " whether something else, such as the e-mail address, is what is taken there"
            ) from None
        self._refused |= {(attribute, folded(value)) for attribute, value in unique}

    @property
    def _patient(self) -> bool:
        """Whether a target that does not show yet what it has done is looked at again later."""
        former = self.claim.entry
        if former is None or former.state is not State.RETRYING or self.entry.gives_more_than(former):
            return True
        return former.revision != self.claim.stored.revision or former.attempts < LOOKS

    def _unexplained(self, error: Conflict) -> TryLater | RecordRejected:
        """What a create or a change becomes that hits an account which no look-up shows."""
        what = "but no account is found there that it could be"
        if self._patient:  # some targets find a new account only after a while
            return TryLater(f"{error}; {what}")
        return RecordRejected(
            f"{error}; {what}: it may be hidden there, as inactive or deleted ones are; restore or rename it"
            f" there, or use {command('failures adopt', self.route.name, self.key, 'ACCOUNT')}"
        )
