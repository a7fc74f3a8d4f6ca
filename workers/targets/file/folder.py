"""A folder of this machine, into which files are renamed when they are complete."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import TargetHalted, TryLater
from bridge.wire.permit import Permit
from bridge.wire.timing import UNANSWERED, Measured, timed, unheard
from workers.targets.file.address import Name
from workers.targets.file.place import OK, Place

_PASSING = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EINTR,
    errno.EAGAIN,
    errno.ESTALE,
    errno.EBUSY,
}
"""Faults that may be over at the next try."""


class Folder(Place):
    """See `Place`."""

    def __init__(self, path: Path, name: Name, mode: int, measured: Measured = unheard) -> None:
        self._path = path
        self._name = name
        self._mode = mode
        self._measured = measured

    async def check(self) -> None:
        """The folder is there, and this process may write into it."""
        with _told(self._path):
            if not (await asyncio.to_thread(self._path.stat)) or not self._path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(self._path, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    async def names(self) -> Sequence[str]:
        """List it."""
        with _told(self._path), self._timed("list"):
            return await asyncio.to_thread(os.listdir, self._path)

    async def read(self, name: str) -> bytes | None:
        """Read it."""
        with _told(self._path):
            try:
                with self._timed("read"):
                    return await asyncio.to_thread((self._path / name).read_bytes)
            except FileNotFoundError:
                return None

    async def put(self, name: str, content: bytes, permit: Permit) -> None:
        """Write beside it, then rename: what is on the disk by then outlives a power cut."""
        await self._sweep(permit)
        part = self._path / self._name.unfinished(name, secrets.token_hex(8))
        await permit.ask()
        with _told(self._path):
            try:
                with self._timed("write"):
                    await asyncio.to_thread(self._write, part, content)
                await permit.ask()
                with self._timed("rename"):  # nothing that waits between the permit and this
                    part.replace(self._path / name)
            except BaseException:
                with contextlib.suppress(OSError):
                    part.unlink()
                raise
            await asyncio.to_thread(_sync_folder, self._path)

    async def remove(self, name: str, permit: Permit) -> None:
        """Delete it."""
        await permit.ask()
        with _told(self._path), self._timed("delete"):
            (self._path / name).unlink(missing_ok=True)

    async def _sweep(self, permit: Permit) -> None:
        """Delete what was begun under our own names and never finished; it has people's data."""
        for name in filter(self._name.is_unfinished, await self.names()):
            await self.remove(name, permit)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        """One step is one request; its status is `ok`, or the name of the system's error."""
        with timed(step, self._measured, status_of=_name) as sent:
            yield
            sent.answered(OK)

    def _write(self, part: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), self._mode)
            os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot; the rename is done all the same
            os.fsync(handle)
    finally:
        os.close(handle)


def _name(error: Exception) -> str:
    return errno.errorcode.get(getattr(error, "errno", None) or 0, UNANSWERED)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system says, as what is to be done about it. Raises TryLater, TargetHalted."""
    try:
        yield
    except FileNotFoundError:
        raise TargetHalted(
            f"the folder {path} is not there: create it, and let the bridge write into it"
        ) from None
    except OSError as error:
        words = f"{path} cannot be written to: {error.strerror or type(error).__name__}"
        if error.errno in _PASSING:
            raise TryLater(words) from None
        raise TargetHalted(f"{words}; let the user that the bridge runs as read and write there") from None
