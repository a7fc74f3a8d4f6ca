"""A real SFTP server in this process, of a folder, which can fail as servers and networks do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "kb", "correct horse battery staple"


@dataclass
class Faults:
    """What is to go wrong, and what was asked for (`steps`).

    `cut_after`: bytes after which the connection is lost; `no_replace`: there is no posix-rename@openssh.com.
    """

    full: bool = False
    read_only: bool = False
    cut_after: int | None = None
    no_replace: bool = False
    before_rename: Callable[[], Awaitable[None]] | None = None
    steps: list[str] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)


@dataclass
class Served:
    """`root` is the folder as the server sees it, `key` the line of its host key."""

    root: Path
    port: int
    key: str
    client_key: str
    faults: Faults

    @property
    def address(self) -> str:
        return f"sftp://{USER}@127.0.0.1:{self.port}/drop/people.csv"

    def settings(self, **other: Any) -> dict[str, Any]:
        """What a target needs to sign in."""
        return {"host_key": self.key, "private_key": self.client_key, **other}

    def text(self, name: str = "people.csv") -> str:
        return (self.root / "drop" / name).read_text("utf-8")

    def names(self) -> list[str]:
        return sorted(one.name for one in (self.root / "drop").iterdir())


class Door(asyncssh.SSHServer):
    """Lets one user in, with the one key or the password."""

    def __init__(self, client: asyncssh.SSHKey, faults: Faults) -> None:
        self._client = client
        self._faults = faults

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._faults.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return bool(username)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data == self._client.public_data


class Files(asyncssh.SFTPServer):
    """The folder, with what is to go wrong."""

    def __init__(self, chan: Any, root: Path, faults: Faults) -> None:
        super().__init__(chan, chroot=str(root).encode())
        self._faults = faults
        self._written = 0

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if self._faults.read_only and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("not here")
        self._faults.steps.append("open")
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        if self._faults.full:
            raise asyncssh.SFTPFailure("No space left on device")
        self._written += len(data)
        if self._faults.cut_after is not None and self._written > self._faults.cut_after:
            self._faults.connections[-1].abort()
            return 0
        return super().write(file_obj, offset, data)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._faults.no_replace:
            raise asyncssh.SFTPOpUnsupported("no such extension")
        if self._faults.before_rename:
            await self._faults.before_rename()
        self._faults.steps.append("rename")
        super().posix_rename(oldpath, newpath)

    def remove(self, path: bytes) -> None:
        self._faults.steps.append("remove")
        super().remove(path)


@asynccontextmanager
async def sftp_server(root: Path) -> AsyncIterator[Served]:
    """Serve a folder with a folder `drop` in it, at a free port. Of its two host keys one is told."""
    (root / "drop").mkdir(parents=True)
    kinds = ("ssh-ed25519", "ssh-rsa", "ssh-ed25519")
    host, other, client = (asyncssh.generate_private_key(kind) for kind in kinds)
    faults = Faults()
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[other, host],
        server_factory=partial(Door, client, faults),
        sftp_factory=partial(Files, root=root, faults=faults),
    )
    key = f"127.0.0.1 {host.export_public_key().decode().strip()}"
    try:
        yield Served(root, server.get_port(), key, client.export_private_key().decode(), faults)
    finally:
        server.close()
        for connection in faults.connections:
            connection.abort()
        await asyncio.wait_for(server.wait_closed(), 5)
