"""The connections to one directory."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from bridge.wire.request import Turn
from bridge.wire.timing import Measured
from workers.targets.ldap.session import Session
from workers.targets.ldap.settings import LdapSettings


class Client:
    """Connections to one directory: as many as `concurrency` says, each kept for a while."""

    def __init__(self, settings: LdapSettings, turn: Turn | None, measured: Measured) -> None:
        self._settings = settings
        self._turn = turn
        self._measured = measured
        self._executor = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="ldap")
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._free: list[Session] = []

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for requests that belong together."""
        async with self._slots:
            session = await self._signed_in()
            try:
                yield session
            finally:
                if session.is_usable:
                    self._free.append(session)
                else:
                    session.end()

    async def _signed_in(self) -> Session:
        while self._free:
            session = self._free.pop()
            if session.is_usable:
                return session
            session.end()
        session = Session(self._settings, self._tls, self._executor, self._turn, self._measured)
        try:
            await session.sign_in()
        except BaseException:
            session.end()
            raise
        return session

    def close(self) -> None:
        """Close all connections."""
        for session in self._free:
            session.end()
        self._free.clear()
        self._executor.shutdown(wait=False)
