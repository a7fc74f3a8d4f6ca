"""One run: the first load, the rounds, and the wait until everything has arrived."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.company import Company, Numbered
from tests.chaos.compare import Findings, judged, lost
from tests.chaos.disturbances import ALL, TAKEOVERS, drawn
from tests.chaos.planted import Planted, plant
from tests.chaos.stage import SERVICES, WORKERS, Stage
from tests.running import until

BURST = (10, 30)  # changes at the beginning of a round
PACE = 0.25  # seconds from one change to the next during a disturbance
QUIET = 3.0  # seconds without a write after which nothing more is expected
_LOOK = 0.05  # seconds between looks for a write
_ARRIVAL = 25.0  # seconds in which a round's changes should arrive after it


@dataclass(frozen=True)
class Plan:
    """What to play. `kinds` come in this order before anything is drawn; `patience`: seconds for the end.

    `hurried`: no round waits until what it changed has arrived; `patient`: every one does.
    `watched`: Sentinels watch Redis, and its primary fails.
    """

    rounds: int = 40
    people: int = 300
    seed: int = 1
    patience: float = 120.0
    kinds: Sequence[str] = ()
    hurried: bool = False
    patient: bool = False
    watched: bool = False


@dataclass
class Result:
    """What a run has found, and the numbers of its table.

    `waits`: by disturbance, for each round that waited, the longest time in seconds that a change took.
    """

    findings: Findings
    kinds: Counter[str]
    changes: int
    record: dict[str, Any]
    restarts: int = 0
    refusals: int = 0
    crashes: list[str] = field(default_factory=list)
    converged: float | None = None
    takeover: float | None = None
    waits: dict[str, list[float]] = field(default_factory=dict)

    @property
    def problems(self) -> dict[str, list[str]]:
        """What must be empty, by its name in the table."""
        return {**self.findings.all(), "crashed": self.crashes}

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.problems.values())


@dataclass
class Play:
    """A run on a stage. `rng` draws the disturbances; the company draws its changes from its own."""

    plan: Plan
    stage: Stage
    company: Company
    rng: random.Random
    planted: Planted = field(default_factory=Planted)
    kinds: Counter[str] = field(default_factory=Counter)
    takeovers: list[float] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)

    async def run(self) -> Result:
        """Play all rounds, wait for the end, and compare."""
        await self.company.load()
        self.planted = await plant(self.stage, self.company)
        for name in (*SERVICES, *WORKERS):
            self.stage.processes[name].start()
        await self._work_begins(60)
        if self.plan.patient:
            await until(self._is_loaded, 300)
        for number in range(self.plan.rounds):
            await self._round(number, self._kinds(number))
        return await self._finish()

    def _kinds(self, number: int) -> Sequence[str]:
        return self.plan.kinds[number : number + 1] or drawn(self.rng, watched=self.plan.watched)

    async def _round(self, number: int, kinds: Sequence[str]) -> None:
        """A burst of changes, disturbances in the middle of their delivery, and more changes meanwhile."""
        since, loaded = len(self.company.numbered), await self._is_loaded()
        for _ in range(self.rng.randint(*BURST)):
            await self.company.change()
        await self._work_begins(3)
        await asyncio.sleep(self.rng.uniform(0, 1))
        struck, over = time.time(), asyncio.Event()
        changing = asyncio.create_task(self._keep_changing(over))
        try:
            await asyncio.gather(*(ALL[kind](self.stage, self.rng) for kind in kinds))
            await asyncio.sleep(self.rng.uniform(0, 2))
        finally:
            over.set()
            await changing
        self.kinds.update(kinds)
        made = self.company.numbered[since:]
        takes_over = len(kinds) == 1 and kinds[0] in TAKEOVERS and loaded
        waited = None
        if not self.plan.hurried and (takes_over or self.plan.patient or self.rng.random() < 0.5):
            waited = await self._arrival(made, struck)
            self.waits.setdefault(" + ".join(kinds), []).append(waited)
        if takes_over and waited is not None:
            self.takeovers.append(waited)
        self._tell(
            f"{struck:.3f} round {number}: {' + '.join(kinds)}; {len(made)} changes arrived in {waited} s"
        )

    async def _is_loaded(self) -> bool:
        """Whether the first load is over: what is late after it is late because somebody has to take over."""
        users = (await self.stage.record())["Users"]
        given = {user["externalId"] for user in users if user.get("externalId")}
        due = {id_ for id_, states in self.company.people.items() if all(state.served for state in states)}
        return due <= given

    async def _keep_changing(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.company.change()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PACE)

    async def _work_begins(self, seconds: float) -> None:
        """Wait until the directory sees a write, so that what comes next comes in the middle of it."""
        before = (await self.stage.counts())["writes"]
        for _ in range(int(seconds / _LOOK)):
            await asyncio.sleep(_LOOK)
            if (await self.stage.counts())["writes"] != before:
                return

    async def _arrival(self, made: Sequence[Numbered], struck: float) -> float:
        """Wait until these changes have arrived; the longest that one took after the disturbance began."""
        end = time.monotonic() + _ARRIVAL
        while time.monotonic() < end:
            waits = arrivals(self._still_due(made), struck, await self.stage.record())
            if waits is not None:
                return max(waits, default=0.0)
            await asyncio.sleep(0.3)
        return time.time() - struck

    def _still_due(self, made: Sequence[Numbered]) -> list[Numbered]:
        """Changes of people who have not left meanwhile: a leaver's account stays as it was."""
        after = {c: [s for s in self.company.people[c.person] if s.since >= c.at] for c in made}
        return [change for change, states in after.items() if all(state.served for state in states)]

    async def _finish(self) -> Result:
        """Wait until nobody is lost and nothing moves any more, then judge."""
        begun = time.monotonic()
        missing, converged = await lost(self.stage, self.planted), None
        while time.monotonic() - begun < self.plan.patience:
            if not missing and converged is None:
                converged = time.monotonic() - begun
            if not missing and await self._rests():
                break
            await asyncio.sleep(0.5)
            missing = await lost(self.stage, self.planted)
        missing = await lost(self.stage, self.planted)
        record = await self.stage.record()
        findings = judged(self.company, record, self.planted)
        findings.lost = missing
        processes = self.stage.processes.values()
        return Result(
            findings=findings,
            kinds=self.kinds,
            changes=self.company.changes,
            record=record,
            restarts=sum(process.restarts for process in processes),
            refusals=sum(process.refusals for process in processes),
            crashes=[f"{process.name}: {how}" for process in processes for how in process.crashes],
            converged=converged,
            takeover=max(self.takeovers, default=None),
            waits=self.waits,
        )

    async def _rests(self) -> bool:
        before = (await self.stage.counts())["writes"]
        await asyncio.sleep(QUIET)
        return (await self.stage.counts())["writes"] == before

    def _tell(self, line: str) -> None:
        story: Path = self.stage.folder / "story.log"
        with story.open("a") as file:
            file.write(line + "\n")


def arrivals(made: Sequence[Numbered], struck: float, record: dict[str, Any]) -> list[float] | None:
    """Seconds to each change's arrival, from when it was made and the disturbance had begun; None: not all.

    A later number of the same person is an arrival too.
    """
    last: dict[str, list[tuple[int, float]]] = {}
    for event in record["events"]:
        title = event["title"] or ""
        if title.startswith("Clerk "):
            last.setdefault(event["externalId"], []).append((int(title[6:]), event["at"]))
    waits = []
    for change in made:
        came = [at for number, at in last.get(change.person, []) if number >= change.number]
        if came:
            waits.append(max(0.0, came[0] - max(change.at, struck)))
        else:
            return None
    return waits
