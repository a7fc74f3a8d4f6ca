"""A folder behind SFTP: the server has to show the pinned host key."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.errors import ConfigurationError, TargetHalted, TryLater
from bridge.wire.permit import Permit
from bridge.wire.timing import UNANSWERED, Measured, timed, unheard
from workers.targets.file.place import OK, Place
from workers.targets.file.settings import FileSettings

if TYPE_CHECKING:
    from asyncssh import SFTPClient

_CHUNK = 256 * 1024
"""Bytes that are sent, or read, within one time-out."""

_LARGEST = 1 << 30
"""Bytes of a file that are read at most."""


class Sftp(Place):
    """See `Place`. Each of its tasks connects anew: files are days or hours apart."""

    def __init__(self, settings: FileSettings, measured: Measured = unheard) -> None:
        """Raises ConfigurationError for a key that cannot be read, and when the package is not installed."""
        self._ssh = ssh = package()
        self._settings = settings
        self._measured = measured
        self._address = settings.address
        try:
            pinned = ssh.import_public_key(settings.host_key)
        except ssh.KeyImportError:
            raise ConfigurationError(
                "host_key is no public key that can be read: copy the line anew"
            ) from None
        self._options: dict[str, Any] = {
            "port": self._address.port,
            "username": self._address.user,
            "known_hosts": ([pinned], [], []),
            "client_keys": self._keys(),
            "password": settings.password and settings.password.get_secret_value(),
            "preferred_auth": ("publickey", "keyboard-interactive", "password"),
            "agent_path": None,  # nothing of whoever runs the bridge: neither agent nor configuration
            "config": [],
            "x509_trusted_certs": None,
            "keepalive_interval": 15,
        }

    def _keys(self) -> list[Any] | None:
        settings, ssh = self._settings, self._ssh
        if settings.private_key is None:
            return None
        passphrase = settings.passphrase and settings.passphrase.get_secret_value()
        try:
            return [ssh.import_private_key(settings.private_key.get_secret_value(), passphrase)]
        except (ssh.KeyImportError, ssh.KeyEncryptionError):
            raise ConfigurationError(
                "private_key cannot be read: it has to be a private key as OpenSSH writes it, with its"
                " passphrase"
            ) from None

    async def check(self) -> None:
        """Sign in, and see the folder."""
        async with self._connected() as sftp:
            with self._timed("look"):
                is_there = await self._in_time(sftp.isdir(self._address.folder))
            if not is_there:
                raise self._missing()

    async def names(self) -> Sequence[str]:
        """List it."""
        async with self._connected() as sftp:
            return await self._names(sftp)

    async def _names(self, sftp: SFTPClient) -> list[str]:
        with self._timed("list"):
            return [str(name) for name in await self._in_time(sftp.listdir(self._address.folder))]

    async def read(self, name: str) -> bytes | None:
        """Read it."""
        async with self._connected() as sftp:
            try:
                with self._timed("read"):
                    return await self._content(sftp, self._path(name))
            except self._ssh.SFTPNoSuchFile:
                return None

    async def _content(self, sftp: SFTPClient, path: str) -> bytes:
        async with await self._in_time(sftp.open(path, "rb")) as file:
            content = b""
            while len(content) < _LARGEST and (part := await self._in_time(file.read(_CHUNK))):
                content += part
            return content

    async def put(self, name: str, content: bytes, permit: Permit) -> None:
        """Upload beside it, see that all has arrived, then rename (posix-rename@openssh.com)."""
        async with self._connected() as sftp:
            await self._sweep(sftp, permit)
            part = self._path(self._address.name.unfinished(name, secrets.token_hex(8)))
            await permit.ask()
            try:
                await self._upload(sftp, part, content)
                await self._rename(sftp, part, name, permit)
            except BaseException:
                with contextlib.suppress(Exception), self._timed("delete"):
                    await self._in_time(sftp.remove(part))
                raise

    async def remove(self, name: str, permit: Permit) -> None:
        """Delete it."""
        async with self._connected() as sftp:
            await self._remove(sftp, name, permit)

    async def _remove(self, sftp: SFTPClient, name: str, permit: Permit) -> None:
        await permit.ask()
        with contextlib.suppress(self._ssh.SFTPNoSuchFile), self._timed("delete"):
            await self._in_time(sftp.remove(self._path(name)))

    async def _sweep(self, sftp: SFTPClient, permit: Permit) -> None:
        """Delete what was begun under our own names and never finished; it has people's data."""
        for name in filter(self._address.name.is_unfinished, await self._names(sftp)):
            await self._remove(sftp, name, permit)

    async def _upload(self, sftp: SFTPClient, part: str, content: bytes) -> None:
        attributes = self._ssh.SFTPAttrs(permissions=self._settings.permissions)
        with self._timed("upload"):
            async with await self._in_time(sftp.open(part, "xb", attrs=attributes)) as file:
                for start in range(0, len(content), _CHUNK):
                    await self._in_time(file.write(content[start : start + _CHUNK]))
            arrived = (await self._in_time(sftp.stat(part))).size
        if arrived is not None and arrived != len(content):
            raise TryLater(f"only {arrived} of {len(content)} bytes have arrived at the SFTP server")

    async def _rename(self, sftp: SFTPClient, part: str, name: str, permit: Permit) -> None:
        path = self._path(name)
        with self._timed("look"):
            is_there = await self._in_time(sftp.exists(path))
        await permit.ask()
        try:
            with self._timed("rename"):
                await self._in_time(sftp.posix_rename(part, path))
        except self._ssh.SFTPOpUnsupported:
            if is_there:
                raise TargetHalted(
                    "the SFTP server cannot replace a file in one step (posix-rename@openssh.com): let each"
                    " file have a name of its own, such as"
                    " people-{year}{month}{day}-{hour}{minute}{second}.csv"
                ) from None
            await permit.ask()
            with self._timed("rename"):
                await self._in_time(sftp.rename(part, path))

    def _path(self, name: str) -> str:
        return f"{self._address.folder.rstrip('/')}/{name}"

    async def _in_time(self, step: Awaitable[Any]) -> Any:
        """One step of the protocol, within the target's time-out. Raises TimeoutError."""
        async with asyncio.timeout(self._settings.timeout):
            return await step

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        """One step is one request, however many packets it takes."""
        named = partial(_name, self._ssh)
        with timed(step, self._measured, status_of=named, network__protocol__name="sftp") as sent:
            yield
            sent.answered(OK)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SFTPClient]:
        """A connection for one task. Raises TryLater, TargetHalted."""
        ssh = self._ssh
        try:
            with self._timed("sign in"):
                connection = await self._in_time(ssh.connect(self._address.host, **self._options))
            async with connection:
                yield await self._in_time(connection.start_sftp_client())
        except ssh.HostKeyNotVerifiable:
            raise TargetHalted(
                "the SFTP server shows another host key than host_key: nothing was sent. Ask its"
                " administrator whether the key was changed, and only then set the new one"
            ) from None
        except ssh.KeyExchangeFailed:
            raise TargetHalted(
                "the SFTP server has no key of the kind of host_key, or no cipher in common with us: ask its"
                " administrator for its keys"
            ) from None
        except ssh.PermissionDenied:
            raise TargetHalted(
                "the SFTP server refuses to let us in: check the user in path, and private_key or password"
            ) from None
        except ssh.SFTPError as error:
            raise self._of_sftp(error) from None
        except (ssh.Error, OSError, TimeoutError) as error:
            raise TryLater(
                f"no answer from the SFTP server ({type(error).__name__})", unreachable=True
            ) from None

    def _of_sftp(self, error: Any) -> TryLater | TargetHalted:
        """What the server's error means; its text may have anything, and is not told."""
        ssh = self._ssh
        match error:
            case ssh.SFTPNoSuchFile() | ssh.SFTPNoSuchPath() | ssh.SFTPNotADirectory():
                return self._missing()
            case ssh.SFTPPermissionDenied() | ssh.SFTPWriteProtect():
                return TargetHalted(
                    f"the SFTP server does not let us write into {self._address.folder}: have its"
                    " administrator permit it"
                )
            case ssh.SFTPConnectionLost() | ssh.SFTPNoConnection():
                return TryLater("the connection to the SFTP server was lost", unreachable=True)
        return TryLater(f"the SFTP server refused a step ({type(error).__name__}); its disk may be full")

    def _missing(self) -> TargetHalted:
        return TargetHalted(
            f"the folder {self._address.folder} is not there at the SFTP server: have it created, or correct"
            " path"
        )


def _name(ssh: Any, error: Exception) -> str:
    """What the server answered, as asyncssh calls it: `permission_denied`."""
    if isinstance(error, ssh.SFTPConnectionLost | ssh.SFTPNoConnection):
        return UNANSWERED
    told = ssh.SFTPError | ssh.PermissionDenied | ssh.HostKeyNotVerifiable | ssh.KeyExchangeFailed
    words = re.findall("[A-Z][a-z]+", type(error).__name__.removeprefix("SFTP"))
    return "_".join(words).lower() if isinstance(error, told) else UNANSWERED


def package() -> Any:
    """The package that speaks SFTP. Raises ConfigurationError when it is not installed."""
    try:
        return importlib.import_module("asyncssh")
    except ImportError:
        raise ConfigurationError('SFTP needs a package more: pip install "kenjo-bridge[file]"') from None
