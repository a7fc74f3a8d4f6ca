"""What has come of a change that a target took, to do it later."""

from __future__ import annotations

import dataclasses

from bridge.errors import TryLater, Unseen
from bridge.exchange import Accepted, Refused
from bridge.model import Entry, Outcome
from workers.delivery.decision import Decision
from workers.delivery.noting import Noting
from workers.delivery.removing import await_made
from workers.delivery.sending import result

_NEXT = 60.0
"""Seconds between two looks at what may still be done."""


class Confirming(Noting):
    """An attempt that first asks after what an earlier one has sent.

    `refused`: what the target has refused that with since, until it is raised in the place of the same
    request (`_raise_refusal`); `refused_late`: that there was such a refusal.
    """

    refused: Exception | None = None
    refused_late = False

    async def _confirmed(self) -> Outcome | None:
        """What was done meanwhile of a change that the target had accepted; None for nothing.

        Raises Unseen while it is still to be done. A leaver does not wait for what was sent before, as long
        as there is something to send (`_earlier`), and what was refused of an older revision says nothing of
        this one.
        """
        if not self.entry.ticket or (self.claim.stored.leaves and self.entry.sent != self.entry.stamp):
            return None
        return await self._come()

    async def _earlier(self, decision: Decision) -> bool:
        """Whether a leaver has to be looked at again, as what was sent before has been done meanwhile.

        Raises Unseen while it is still to be done, and nothing is to be sent: it may open what is closed now.
        """
        if not self.entry.ticket or decision.change or decision.waits:
            return False
        await self._come()
        return True

    async def _come(self) -> Outcome | None:
        """What has come of the ticket."""
        ticket, within = self.entry.ticket, self.route.settings.create_shows_within
        (receipt,) = await self.target.confirm([ticket])
        if isinstance(receipt, Accepted) and self.entry.at < self.entry.accepted + within:
            raise Unseen(receipt.reason, ticket, receipt.after)
        accepted = self.entry.accepted if self.link is None and not isinstance(receipt, Refused) else 0.0
        self.entry = dataclasses.replace(self.entry, ticket="", accepted=accepted)
        if isinstance(receipt, Accepted) and self.link is not None:
            raise TryLater(f"{receipt.reason}; that was not done within {within:g} s")
        if isinstance(receipt, Refused):
            if self.entry.sent == self.entry.stamp:
                self.refused, self.refused_late = receipt.error, True
            return None
        return None if isinstance(receipt, Accepted) else result(receipt).outcome

    def _await_unanswered(self) -> None:
        """Raise Unseen while the target may still do what it was sent, and of which nobody heard an answer.

        What is there now may be as it should be, and be changed by that.
        """
        accepted = self.entry.accepted
        if self.link is None or self.key.kind not in self.target.can.later or not accepted:
            return
        left = accepted + self.route.settings.create_shows_within - self.entry.at
        if left > 0:
            raise Unseen("may still do what it was sent without an answer", wait=min(_NEXT, left))
        self.entry = dataclasses.replace(self.entry, accepted=0.0)

    def _await_untold(self) -> None:
        """Raise Unseen while an account that an earlier create may have made is perhaps not shown yet.

        A second create would make a second account if the first one's name has changed since.
        """
        if self.target.can.late:
            await_made(self.entry, self.route, self.target, self.key.kind)
            self.entry = dataclasses.replace(self.entry, made=0.0)

    @property
    def _is_first_refusal(self) -> bool:
        """Whether all that was ever sent of this revision was refused late, as nothing failed before."""
        return self.refused_late and (self.claim.entry or Entry()).attempts == 0

    def _raise_refusal(self) -> None:
        """Raise what a change was refused with that would be sent again now: once, as its request would.

        What was refused was a create where there was no account: it says nothing of a change of the one that
        was found since.
        """
        refused, self.refused = self.refused, None
        if refused and (self.claim.link or not self.link):
            raise refused
