"""What `check` finds out about a tenant, by reading alone."""

from __future__ import annotations

import re
from typing import Any

from bridge.errors import NotFound, RecordRejected
from bridge.exchange import Greeting
from bridge.printable import counted
from workers.targets.entra.attributes import Object, read, selected
from workers.targets.entra.graph import NO_JOB, PAGE, Graph
from workers.targets.entra.logs import Logs
from workers.targets.entra.permissions import DELETION, GROUPS, JOBS, PEOPLE, READERS, SESSIONS, UPLOADS, Need
from workers.targets.entra.search import USERS_PATH, readers
from workers.targets.entra.settings import EntraSettings
from workers.targets.entra.uploads import job_path

_KENJO_ID = re.compile(r"[0-9a-f]{24}")
_RUNS = "start it in the provisioning app: Overview, Start provisioning"


class Checking:
    """Looks at one tenant. `logs` are those of the provisioning job, where people are uploaded."""

    def __init__(self, graph: Graph, settings: EntraSettings, logs: Logs | None) -> None:
        self._graph = graph
        self._settings = settings
        self._id_place = settings.kenjo_id_attribute
        self._logs = logs

    async def greet(self) -> Greeting:
        """Count the users, and see that permissions are granted and Kenjo's ids have a place of their own."""
        params = {"$select": selected(["id", self._id_place]), "$top": str(PAGE), "$count": "true"}
        found = await self._graph.get(USERS_PATH, readers(self._settings), params)
        facts, problems = [f"Microsoft Graph, {counted(count(found), 'user')}"], await self._lacking()
        problems += self._occupied(found.get("value"))
        if self._logs:
            problems += await self._refused_logs(self._logs)
            job = await self._job()
            facts += job.facts
            problems += job.problems
        return Greeting(tuple(facts), tuple(problems))

    async def _lacking(self) -> list[str]:
        needs = [READERS, UPLOADS] if self._settings.uploads else [PEOPLE]
        needs += [DELETION] if self._settings.uploads and self._deletes() else []
        needs += [SESSIONS] if self._settings.end_sessions else []
        needs += [GROUPS] if self._settings.groups.from_ else []
        return [one.sentence for one in needs if await self._lacks(one)]

    def _deletes(self) -> bool:
        removal = self._settings.removal
        return "delete" in (removal.inactive, removal.left, removal.gone, removal.out_of_scope)

    async def _lacks(self, need: Need) -> bool:
        held = self._graph.permissions
        return bool(await held.lack(need)) and not await held.granted_since(need)

    def _occupied(self, users: Any) -> list[str]:
        values = [str(read(one, self._id_place) or "") for one in users or () if isinstance(one, dict)]
        others = sum(bool(value) and not _KENJO_ID.fullmatch(value) for value in values)
        if not others:
            return []
        sentence = (
            f"{self._id_place} of {counted(others, 'user')} has something else than a Kenjo id: name a free"
            " one in kenjo_id_attribute"
        )
        return [sentence]

    async def _refused_logs(self, logs: Logs) -> list[str]:
        """Whether the logs can be read: besides a permission that takes a licence."""
        try:
            await logs.look()
        except RecordRejected as error:
            return [str(error)]
        return []

    async def _job(self) -> Greeting:
        """Whether the job is there and runs, as far as the application may see that."""
        unseen = Greeting((f"the provisioning job was not looked at, which takes {JOBS.any_of[0]}",))
        try:
            job = await self._graph.get(job_path(self._settings), JOBS)
        except NotFound:
            return Greeting(problems=(f"there is no such provisioning job: {NO_JOB}",))
        except RecordRejected:
            return unseen
        return _state(job)


def _state(job: Object) -> Greeting:
    status = job.get("status")
    code = str(status.get("code")) if isinstance(status, dict) else ""
    if code in ("NotConfigured", "NotRun", "Paused"):
        return Greeting(problems=(f"the provisioning job does not run ({code}): {_RUNS}",))
    if code == "Quarantine":
        problem = "the provisioning job is in quarantine: its Overview says why; then Restart provisioning"
        return Greeting(problems=(problem,))
    return Greeting(("the provisioning job is there",))


def count(listed: Any) -> int:
    """How many objects there are by `@odata.count`."""
    found = listed.get("@odata.count")
    return found if isinstance(found, int) else len(listed.get("value") or ())
