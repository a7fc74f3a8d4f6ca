"""Keeps every company that the configuration has, and looks at the configuration every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from bridge.config.companies import Companies
from bridge.config.settings import BridgeSettings
from bridge.errors import BridgeError, unforeseen
from bridge.logs import get_logger
from service.companies.child import Child
from service.companies.kept import Kept

log = get_logger("companies")

LOOK_EVERY = 2.0
"""Seconds between two looks at the configuration."""

Look = Callable[[Collection[str]], Companies]
"""Reads the configuration; those who run keep what is theirs. Raises ConfigurationError."""


class Supervisor:
    """All companies. `begin` makes the process of one.

    `stamp` tells whether the configuration has changed, `prove` raises what is wrong with a company's
    settings beyond their form.
    """

    def __init__(
        self,
        look: Look,
        stamp: Callable[[], object],
        prove: Callable[[BridgeSettings], object],
        begin: Callable[[BridgeSettings], Child],
    ) -> None:
        self._look = look
        self._stamp = stamp
        self._prove = prove
        self._begin = begin
        self._last: object = None
        self._said: set[str] = set()
        self._common: BridgeSettings | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.companies: dict[str, Kept] = {}

    async def run(self) -> None:
        """Follow the configuration until cancelled; then end every company in order."""
        try:
            while True:
                try:
                    await self._follow()
                except Exception as error:  # noqa: BLE001 - what runs goes on, whatever it is
                    self._say("the configuration cannot be followed", str(unforeseen(error)))
                await asyncio.sleep(LOOK_EVERY)
        finally:
            stops = [asyncio.create_task(kept.stop()) for kept in self.companies.values()]
            await asyncio.gather(*stops, *self._leaving, return_exceptions=True)

    async def _follow(self) -> None:
        stamp = await asyncio.to_thread(self._stamp)
        if stamp == self._last:
            return
        running = [name for name, kept in self.companies.items() if kept.values]
        try:
            found, wrong = await asyncio.to_thread(self._read, running)
        except BridgeError as error:
            self._say("the configuration is wrong, and what runs goes on as it was", str(error))
            self._last = stamp
            return
        self._said &= set(found.remarks)
        for remark in found.remarks:
            self._say("passed over in the configuration", remark)
        if self._common not in (None, found.common):
            self._say(
                "what is common to the companies has changed",
                "where this process listens and how it logs stay as they are until it is started anew",
            )
        self._common = found.common
        self._take(found, wrong)
        self._last = stamp

    def _read(self, running: Collection[str]) -> tuple[Companies, dict[str, str]]:
        """The configuration, and what is wrong with companies that are new or have changed."""
        found, wrong = self._look(running), {}
        for name, company in found.by_name.items():
            kept = self.companies.get(name)
            if company.values is None:
                wrong[name] = company.problem
            elif kept is None or kept.values != company.values:
                try:
                    self._prove(company.values)
                except Exception as error:  # noqa: BLE001 - the other companies go on, whatever it is
                    wrong[name] = str(unforeseen(error))
        return found, wrong

    def _take(self, found: Companies, wrong: dict[str, str]) -> None:
        for name in self.companies.keys() - found.by_name.keys():
            log.info("company ends: the configuration has it no more", company=name)
            task = asyncio.create_task(self.companies.pop(name).stop())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        for name, company in found.by_name.items():
            kept = self.companies.get(name)
            if kept is None:
                kept = self.companies[name] = Kept(name, self._begin, found.common.shutdown_grace)
            if name in wrong:
                kept.refuse(wrong[name])
            elif company.values:
                kept.settle(company.values)

    def _say(self, event: str, reason: str) -> None:
        if reason not in self._said:
            log.warning(event, reason=reason)
            self._said.add(reason)
