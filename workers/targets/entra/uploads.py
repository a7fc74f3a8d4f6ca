"""People through a provisioning job: fifty in a call, done minutes later, confirmed from the job's logs.

"Perform bulkUpload" of Microsoft Graph v1.0, and "Troubleshoot inbound provisioning API issues", from which
the delay of the logs and the limits are.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from bridge.errors import RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt, Refused
from bridge.model import Kind, Outcome
from bridge.wire.budget import DAY, Budget, Window
from bridge.wire.permit import Permit
from workers.targets.entra.attributes import Object, property_of, read, selected
from workers.targets.entra.graph import Graph, address
from workers.targets.entra.logs import Event, Logs
from workers.targets.entra.permissions import READERS, UPLOADS
from workers.targets.entra.record import Upload, with_manager
from workers.targets.entra.search import USERS_PATH
from workers.targets.entra.settings import EntraSettings
from workers.targets.gathering import Gathering
from workers.targets.owed_sessions import OwedSessions

MOST = 50
"""People in a call, the most that Microsoft takes."""

WITHIN = 1.0
"""Seconds for which people wait for others: calls are dear, and nothing is done at once anyway."""

_SHORT = 5.0  # seconds of the shorter window in which calls are counted
_KEPT = 20  # of so many calls one is kept for leavers
_EARLY = 5.0  # seconds before an upload was answered in which the job may have begun with it
_LATELY = 60.0  # seconds after a success in which the same upload would be made in vain
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class Ticket(NamedTuple):
    """By which any process can ask what came of an upload. `at`: seconds since 1970; `says`: a digest."""

    at: float
    outcome: Outcome
    says: str
    external_id: str

    def __str__(self) -> str:
        return f"{self.at:.0f} {self.outcome} {self.says} {self.external_id}"

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """Raises RecordRejected for what is no ticket of ours."""
        try:
            at, outcome, says, external_id = text.split(" ", 3)
            return cls(float(at), Outcome(outcome), says, external_id)
        except ValueError:
            raise RecordRejected("nothing is known of this ticket") from None


@dataclass(frozen=True, slots=True)
class _Operation:
    """One person in a call. `urgent`: access is taken away."""

    data: Object
    urgent: bool


class Uploads:
    """The uploads to one job. `clock` gives seconds that only go forward."""

    def __init__(
        self,
        graph: Graph,
        settings: EntraSettings,
        budget: Budget,
        owed: OwedSessions,
        clock: Callable[[], float] = time.monotonic,
        within: float = WITHIN,
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._budget = budget
        self._owed = owed
        self._clock = clock
        self.logs = Logs(graph.alone, settings, clock)
        self.gathering = Gathering[_Operation, float](self._post, MOST, within=within)
        self._path = job_path(settings) + "/bulkUpload"
        self._place = property_of(Kind.PERSON, settings.external_id, settings.kenjo_id_attribute)
        per_day = settings.uploads_per_day
        self._windows = (
            Window(_SHORT, max(1, int(settings.uploads_per_second * _SHORT))),
            Window(DAY, per_day, per_day // _KEPT),
        )
        self._succeeded: dict[str, tuple[str, float]] = {}

    async def send(self, change: Change, content: Upload, permit: Permit) -> Accepted:
        """Upload a person, among others. That sessions are owed is noted before the account is disabled."""
        self._check_is_not_in_vain(content)
        data = with_manager(content, await self._named(content.manager) if content.manager else None)
        if content.opens is False and change.remote_id:
            await self._owed.add(change.key, change.remote_id)
        at = await self.gathering.send(_Operation(data, content.opens is False), permit)
        if content.opens:
            await self._owed.remove(change.key)
        ticket = Ticket(at, change.outcome, content.digest, content.external_id)
        return Accepted(
            "was uploaded, and the provisioning logs tell later", str(ticket), self._settings.confirm_after
        )

    async def confirm(self, tickets: Sequence[str]) -> Sequence[Receipt]:
        """What the logs say came of uploads."""
        return [await self._receipt(text) for text in tickets]

    async def _receipt(self, text: str) -> Receipt:
        try:
            ticket = Ticket.parse(text)
        except RecordRejected as error:
            return Refused(error)
        event = await self.logs.newest(ticket.external_id, ticket.at - _EARLY)
        if event is None:
            every = self._settings.confirm_every
            return Accepted("was uploaded, and the provisioning logs do not tell yet", text, every)
        if event.is_done:
            self._note(ticket)
            return Applied("", ticket.outcome)
        return Refused(_refusal(event, ticket))

    async def _named(self, manager: str) -> str | None:
        """The externalId that a manager's account carries; None: none, and the next upload may name them."""
        path, params = address(USERS_PATH, manager), {"$select": selected(["id", self._place])}
        there = await self._graph.find(path, READERS, params)
        return str(read(there or {}, self._place) or "") or None

    async def _post(self, operations: Sequence[_Operation], permit: Permit) -> float:
        """Upload together, and say when, in seconds since 1970 by the clock of the server.

        A call that is not sent after all stays counted.
        """
        await self._budget.take(self._windows, urgent=any(one.urgent for one in operations))
        body = {
            "schemas": [_BULK],
            "Operations": [
                {"method": "POST", "bulkId": str(uuid.uuid4()), "path": "/Users", "data": one.data}
                for one in operations
            ],
            "failOnErrors": None,
        }
        date = await self._graph.upload(self._path, permit, UPLOADS, body)
        try:
            return parsedate_to_datetime(date).timestamp()
        except ValueError:
            return time.time()

    def _note(self, ticket: Ticket) -> None:
        now = self._clock()
        self._succeeded = {one: said for one, said in self._succeeded.items() if now - said[1] < _LATELY}
        self._succeeded[ticket.external_id] = ticket.says, now

    def _check_is_not_in_vain(self, content: Upload) -> None:
        """Raises TryLater for what the logs have just called done, and the account does not show.

        Repeated for ever it would use up the calls of each day; like this it fails after some attempts.
        """
        says, at = self._succeeded.pop(content.external_id, ("", 0.0))
        if says == content.digest and self._clock() - at < _LATELY:
            raise TryLater(
                "the provisioning logs say that this was done, and the account still differs in"
                f" {', '.join(content.differs)}: map that in the provisioning app (Attribute Mapping), or"
                " take it out of this target with map"
            )


def job_path(settings: EntraSettings) -> str:
    """The address of the provisioning job."""
    return f"/servicePrincipals/{settings.service_principal}/synchronization/jobs/{settings.job}"


def _refusal(event: Event, ticket: Ticket) -> RecordRejected | TryLater:
    """Why the job did not do it. A leaver's end is tried again: an older upload may be what was refused."""
    told = f" ({event.code})" if event.code else ""
    text = f"the provisioning job {'skipped' if event.status == 'skipped' else 'could not do'} this{told}"
    if event.status == "skipped":
        text += ": look at the app's scoping filter and target object actions"
    elif event.why:
        text += f": {event.why}"
    return TryLater(text) if ticket.outcome is Outcome.DEACTIVATED else RecordRejected(text)
