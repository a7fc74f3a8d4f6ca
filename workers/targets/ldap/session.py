"""One connection to a directory, spoken by ldap3 in threads: one attempt, one time-out, classified errors.

ldap3 checks no names and follows no referrals here; it encodes, decodes and carries.
"""

from __future__ import annotations

import asyncio
import math
import select
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from bridge import tracing
from bridge.errors import BridgeError, TargetHalted, TryLater
from bridge.printable import some
from bridge.wire.calls import note
from bridge.wire.permit import Permit
from bridge.wire.request import Turn
from bridge.wire.timing import Measured, timed
from workers.targets.ldap.answers import (
    NO_SUCH_OBJECT,
    SIZE_LIMIT,
    SUCCESS,
    Asked,
    Said,
    refusal,
    sign_in_refused,
)
from workers.targets.ldap.library import ldap3
from workers.targets.ldap.servers import Raw
from workers.targets.ldap.settings import LdapSettings

PAGED = "1.2.840.113556.1.4.319"
"""The control simplePagedResultsControl (RFC 2696)."""

IDLE = 60.0
"""Seconds after which a connection that nobody used is not used again: servers and firewalls close such."""

Scope = Literal["BASE", "LEVEL", "SUBTREE"]
Modification = tuple[str, Sequence[bytes]]
"""MODIFY_ADD, MODIFY_DELETE or MODIFY_REPLACE of ldap3, and values."""

ADD, DELETE, REPLACE = ldap3.MODIFY_ADD, ldap3.MODIFY_DELETE, ldap3.MODIFY_REPLACE


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it came; attributes by name in lower case."""

    dn: str
    raw: Raw


@dataclass(frozen=True, slots=True)
class Rows:
    """What a search found. `cookie`: there are more pages. `cut`: the server has left entries out."""

    rows: tuple[Row, ...]
    cookie: bytes = b""
    cut: bool = False


_Answer = tuple[Said, tuple[Row, ...], Mapping[str, Any]]
"""A result, the entries that were found, and controls."""


class _Tls(ldap3.Tls):
    """TLS as Python's library makes it: it looks whether the certificate is trusted and names the host."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._host = host
        self.untrusted = ""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002 - ldap3 says it
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.untrusted = error.verify_message
            raise


class Session:
    """One connection that is signed in, used by one task at a time."""

    def __init__(
        self,
        settings: LdapSettings,
        tls: ssl.SSLContext,
        executor: ThreadPoolExecutor,
        turn: Turn | None,
        measured: Measured,
    ) -> None:
        self._settings = settings
        self._executor = executor
        self._turn = turn
        self._measured = measured
        self._tls = _Tls(tls, settings.host)
        self._connection: Any = ldap3.Connection(
            ldap3.Server(
                settings.host,
                settings.port,
                use_ssl=settings.is_ldaps,
                tls=self._tls,
                get_info=ldap3.NONE,
                connect_timeout=settings.timeout,
            ),
            settings.bind_dn,
            settings.password.get_secret_value(),
            authentication=ldap3.SIMPLE,
            client_strategy=ldap3.SAFE_SYNC,
            auto_referrals=False,  # else the password would be sent to wherever an answer points
            auto_range=False,
            check_names=False,
            return_empty_attributes=False,
            receive_timeout=math.ceil(settings.timeout),
        )
        self._broken = False
        self._used_at = _now()

    async def sign_in(self) -> None:
        """Connect, and bind with the name and the password. Raises TargetHalted or TryLater."""

        def bind() -> Any:
            self._connection.open(read_server_info=False)
            if not self._settings.is_ldaps and self._settings.start_tls:
                self._connection.start_tls(read_server_info=False)
            return self._connection.bind(read_server_info=False)

        said, _, _ = await self._done("sign in", bind)
        if said.code != SUCCESS:
            self._broken = True
            raise sign_in_refused(said)

    async def search(
        self,
        base: str,
        where: str,
        attributes: Sequence[str],
        scope: Scope = "SUBTREE",
        *,
        page: int = 0,
        cookie: bytes = b"",
        most: int = 0,
    ) -> Rows:
        """Entries below a base. `page`: how many on one page, `most`: how many at all; 0: no matter."""
        if self._turn:
            await self._turn()
        said, rows, controls = await self._done(
            "search",
            lambda: self._connection.search(
                base,
                where,
                scope,
                attributes=list(attributes),
                size_limit=most,
                paged_size=page or None,
                paged_cookie=cookie or None,
            ),
        )
        if said.code == NO_SUCH_OBJECT and scope == "BASE":
            return Rows(())
        if said.code not in (SUCCESS, SIZE_LIMIT):
            raise refusal(said, "read")
        found = controls.get(PAGED, {}).get("value", {}).get("cookie") or b""
        return Rows(rows, found, cut=said.code == SIZE_LIMIT)

    async def add(self, dn: str, attributes: Mapping[str, Sequence[bytes]], permit: Permit) -> Said:
        """A new entry, with its classes among the attributes."""
        given = {name: list(values) for name, values in attributes.items()}
        return await self._write("add", permit, lambda: self._connection.add(dn, None, given))

    async def modify(self, dn: str, changes: Mapping[str, Sequence[Modification]], permit: Permit) -> Said:
        """Change attributes of an entry, all of them or none."""
        given = {name: [(how, list(values)) for how, values in one] for name, one in changes.items()}
        names = some(sorted(given))
        return await self._write("modify", permit, lambda: self._connection.modify(dn, given), names)

    async def rename(self, dn: str, step: str, above: str | None, permit: Permit) -> Said:
        """Give an entry another first step, and perhaps another container."""
        return await self._write(
            "rename",
            permit,
            lambda: self._connection.modify_dn(dn, step, delete_old_dn=True, new_superior=above),
        )

    async def delete(self, dn: str, permit: Permit) -> Said:
        """Take an entry away."""
        return await self._write("delete", permit, lambda: self._connection.delete(dn))

    async def _write(self, what: str, permit: Permit, call: Callable[[], Any], details: str = "") -> Said:
        await permit.ask()
        said, _, _ = await self._done(what, call, details)
        return said

    async def _done(self, what: str, call: Callable[[], Any], details: str = "") -> _Answer:
        """Carry out one operation, and note it. Raises TryLater where no answer came."""
        told = f"{what} {details}".rstrip()
        with timed(what, self._measured, network__protocol__name="ldap") as sent:
            try:
                answer = await self._answer(call)
            except BridgeError as error:
                note(told, str(error), sent.seconds)
                raise
            said, _, _ = answer
            sent.answered(said.name)
            tracing.note(status=said.name)
        note(told, said.words, sent.seconds)
        return answer

    async def _answer(self, call: Callable[[], Any]) -> _Answer:
        loop = asyncio.get_running_loop()
        seconds = self._settings.timeout

        def carried() -> Any:
            try:
                return call()
            finally:
                if self._broken:  # nobody waits any more, and it may just have connected
                    self.end()

        try:
            async with asyncio.timeout(seconds):
                _, result, response, _ = await loop.run_in_executor(self._executor, carried)
        except TimeoutError:
            self.end()
            raise TryLater(f"no answer within {seconds:g} s", unreachable=True) from None
        except asyncio.CancelledError:
            self.end()
            raise
        except Exception as error:  # noqa: BLE001 - ldap3 raises whatever broken bytes lead to
            self.end()
            raise self._unreachable(error) from None
        self._used_at = _now()
        rows = tuple(_row(one) for one in response or () if one.get("type") == "searchResEntry")
        said = Said(result["result"], str(result["description"]), str(result.get("message") or ""))
        return said, rows, result.get("controls") or {}

    def _unreachable(self, error: Exception) -> TargetHalted | TryLater:
        if self._tls.untrusted:
            return TargetHalted(
                f"its certificate is not trusted ({self._tls.untrusted}): name its issuer in ca_file, and the"
                " host in address as the certificate has it"
            )
        known = isinstance(error, ldap3.core.exceptions.LDAPExceptionError | OSError)
        what = "no answer" if known else "answered what is no LDAP"
        return TryLater(f"{what} ({type(error).__name__})", unreachable=True)

    @property
    def is_usable(self) -> bool:
        """Whether it can be used again: not broken, not idle for long, and nothing came unasked (its end)."""
        if self._broken or self._connection.closed or _now() - self._used_at > IDLE:
            return False
        poll = select.poll()
        poll.register(self._connection.socket, select.POLLIN)
        return not poll.poll(0)

    def end(self) -> None:
        """Close the connection, also under a thread that waits for an answer."""
        self._broken = True
        with suppress(Exception):  # it is closed already, or was never open
            self._connection.socket.shutdown(2)
        with suppress(Exception):
            self._connection.socket.close()


def _row(response: Mapping[str, Any]) -> Row:
    raw = {name.lower(): list(values or []) for name, values in response["raw_attributes"].items()}
    return Row(str(response["dn"]), raw)


def _now() -> float:
    return asyncio.get_running_loop().time()


def refused(said: Said, asked: Asked, *fine: int) -> None:
    """Raise what a refused write means; `fine` are results that mean that it was done already."""
    if said.code not in (SUCCESS, *fine):
        raise refusal(said, asked)
