"""What stands for `asyncssh` in the simulation: the SFTP server of a modelled directory, behind its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import aiohttp
import asyncssh
import orjson

_TIMEOUT = aiohttp.ClientTimeout(total=30.0)

_REFUSALS: dict[int, Callable[[str], asyncssh.SFTPError]] = {
    401: asyncssh.SFTPPermissionDenied,
    404: asyncssh.SFTPNoSuchFile,
}
"""What a server's answers are; all others are failures that may be over at the next try."""


class Ssh:
    """Has the names of `asyncssh`, and connects to a modelled server. `line`: a process's way to it."""

    def __init__(self, line: Any) -> None:
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncssh, name)

    async def connect(self, host: str, **_options: Any) -> Connection:
        """Sign in. Raises asyncssh.PermissionDenied."""
        connection = Connection(self._line, host)
        try:
            await connection.ask("CONNECT", "")
        except asyncssh.SFTPPermissionDenied as refusal:
            raise asyncssh.PermissionDenied(refusal.reason) from None
        return connection


class Connection:
    """A connection, and the client that uses it. Raises as asyncssh does."""

    def __init__(self, line: Any, host: str) -> None:
        self._line = line
        self._host = host

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is open."""

    async def start_sftp_client(self) -> Self:
        """The same: there is nothing else that it could do."""
        return self

    async def ask(self, what: str, path: str, **options: str) -> Any:
        """One request of the protocol, and what it gives. Raises SFTPError, ConnectionLost."""
        name = path.rpartition("/")[2]
        request = self._line.request(
            what, f"sftp://{self._host}/{name}", params=options or None, data=None, timeout=_TIMEOUT
        )
        try:
            async with request as answer:
                said = b"".join([part async for part in answer.content.iter_any()])
        except aiohttp.ServerDisconnectedError:
            raise asyncssh.ConnectionLost("no answer") from None
        if answer.status >= 400:
            raise _REFUSALS.get(answer.status, asyncssh.SFTPFailure)("refused")
        return orjson.loads(said)

    async def isdir(self, path: str) -> bool:
        """There is one folder."""
        await self.ask("LIST", "")
        return bool(path)

    async def listdir(self, _path: str) -> list[str]:
        """The names of all files, hidden ones too."""
        return list(await self.ask("LIST", ""))

    async def exists(self, path: str) -> bool:
        """Whether there is a file."""
        try:
            await self.ask("STAT", path)
        except asyncssh.SFTPNoSuchFile:
            return False
        return True

    async def stat(self, path: str) -> asyncssh.SFTPAttrs:
        """How large a file is."""
        return asyncssh.SFTPAttrs(size=int(await self.ask("STAT", path)))

    async def open(self, path: str, mode: str, **_options: Any) -> File:
        """A file to be read, or a new one to be written."""
        if mode == "xb":
            await self.ask("CREATE", path)
        return File(self, path)

    async def remove(self, path: str) -> None:
        """Delete a file."""
        await self.ask("REMOVE", path)

    async def posix_rename(self, path: str, to: str) -> None:
        """Give a file another name, in place of the one that has it."""
        await self.ask("RENAME", path, to=to.rpartition("/")[2])


class File:
    """An open file."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._at = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is kept open."""

    async def read(self, size: int) -> bytes:
        """The next bytes."""
        whole: str = await self._connection.ask("READ", self._path)
        part = whole.encode("latin-1")[self._at : self._at + size]
        self._at += len(part)
        return part

    async def write(self, content: bytes) -> None:
        """Append bytes."""
        await self._connection.ask("WRITE", self._path, content=content.decode("latin-1"))
