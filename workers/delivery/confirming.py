"""What has come of a change that a target took, to do it later."""

from __future__ import annotations

import dataclasses

from bridge.errors import TryLater, Unseen
from bridge.exchange import Accepted, Refused
from bridge.model import Entry, Outcome
from workers.delivery.noting import Noting
from workers.delivery.sending import result


class Confirming(Noting):
    """An attempt that first asks after what an earlier one has sent."""

    async def _confirmed(self) -> Outcome | None:
        """What was done meanwhile of a change that the target had accepted; None for nothing.

        Raises Unseen while it is still to be done, and what it was refused with. A leaver does not wait for
        what was sent before.
        """
        ticket, former = self.entry.ticket, self.claim.entry or Entry()
        if not ticket:
            return None
        if self.claim.stored.leaves and former.revision != self.claim.stored.revision:
            self.entry = dataclasses.replace(self.entry, ticket="")
            return None
        (receipt,) = await self.target.confirm([ticket])
        within = self.route.settings.create_shows_within
        if isinstance(receipt, Accepted) and self.entry.at < self.entry.accepted + within:
            raise Unseen(receipt.reason, ticket, receipt.after)
        accepted = self.entry.accepted if self.link is None and not isinstance(receipt, Refused) else 0.0
        self.entry = dataclasses.replace(self.entry, ticket="", accepted=accepted)
        if isinstance(receipt, Accepted) and self.link is not None:
            raise TryLater(f"{receipt.reason}; that was not done within {within:g} s")
        return None if isinstance(receipt, Accepted) else result(receipt).outcome
