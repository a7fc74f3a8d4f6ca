"""The bridge's own folder on this machine: who may use it, its lock, its key, and where its socket is."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from bridge.codec import make_key, read_key
from bridge.errors import ConfigurationError

_LOCK, _KEY, _SOCKET = "bridge.lock", "encryption.key", "redis.sock"
_ADDRESS = "redis.address"  # holds the path of the socket, which is elsewhere when the folder lies deep
_TEMPORARY = "kenjo-bridge-"
_KEY_BYTES = 1000  # read of a key file at most
_NOTE_BYTES = 4096  # read of a note at most
_PATH_BYTES = 100  # sockaddr_un holds 104 on macOS and 108 on Linux


_FULL = "its disk is full: free some space there, or set data_dir to a folder on another one"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: "set data_dir to a folder that can be written to (in a container: to a volume)",
    errno.EACCES: "let this user write to it (chown), or set data_dir to a folder of its own",
}


class InUse(ConfigurationError):
    """Another bridge holds the folder."""

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(
            f"another kenjo-bridge (pid {pid}) uses this data folder, {folder}; stop it, or set redis.url so"
            " that several can share a Redis"
        )
        self.pid = pid


def private_key(data_dir: Path) -> str:
    """The encryption key that belongs to the data folder; made at first use. Raises ConfigurationError."""
    path = data_dir / _KEY
    with using(data_dir):
        _own(data_dir)
        if not path.exists() and not path.is_symlink():
            _make_key(path)
        with os.fdopen(open_own(path, os.O_RDONLY), "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                os.fchmod(file.fileno(), 0o600)
            key = file.read(_KEY_BYTES).decode(errors="replace").strip()
    try:
        read_key(key)
    except ConfigurationError:
        raise ConfigurationError(
            f"{path} does not hold 32 bytes in base64: restore it, or remove the folder to begin anew"
        ) from None
    return key


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Turn what goes wrong with files inside the block into a ConfigurationError."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "set data_dir or redis.url")
        raise ConfigurationError(
            f"the data folder {folder} cannot be used ({error.strerror or error}); {remedy}"
        ) from None


@asynccontextmanager
async def locked(folder: Path, patience: float) -> AsyncIterator[int]:
    """Make the folder and hold it alone; gives the file descriptor that is the lock.

    A child that inherits it holds the folder too. Raises ConfigurationError when another bridge still holds
    it after `patience` seconds.
    """
    _own(folder)
    lock = open_own(folder / _LOCK, os.O_RDWR | os.O_CREAT)
    try:
        deadline = asyncio.get_running_loop().time() + patience
        while not _try_lock(lock):
            if asyncio.get_running_loop().time() >= deadline:
                pid = os.pread(lock, 20, 0).decode(errors="replace")
                raise InUse(folder, pid)
            await asyncio.sleep(0.05)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        try:
            yield lock
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a child that inherited it may need a moment longer to end
    finally:
        os.close(lock)


@contextmanager
def socket_place(folder: Path) -> Iterator[Path]:
    """A path for the socket: in the folder, or in a private temporary one if that path would not do."""
    note = folder / _ADDRESS
    _forget(note)
    socket = folder / _SOCKET
    if not _fits(socket):
        socket = Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / _SOCKET
    try:
        _write(note, str(socket))
        if not _fits(socket):
            raise ConfigurationError(f"the path {socket} does not do for a socket; set TMPDIR to a short one")
        yield socket
    finally:
        _forget(note)


def noted_socket(folder: Path) -> Path | None:
    """The socket that the folder's bridge has made, if it is there and its owner's."""
    try:
        return _made_by_us(folder / _ADDRESS)
    except (OSError, ValueError):
        return None


def open_own(path: Path, flags: int) -> int:
    """Open or make a file of the bridge's own, never through a link. Raises ConfigurationError, OSError."""
    if path.is_symlink():
        raise ConfigurationError(f"{path} is a link, which is not followed: take it away")
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise ConfigurationError(f"{path} is not a file of the bridge's own: look what it is, and take it away")


def refuse_links(folder: Path) -> None:
    """What redis-server opens by itself must be where it is. Raises ConfigurationError."""
    for path in (*folder.iterdir(), *folder.glob("appendonlydir/*")):
        if path.is_symlink():
            raise ConfigurationError(f"{path} is a link, which is not followed: take it away")


def _own(folder: Path) -> None:
    """Make the folder, or close it to other users; but not one that is plainly something else.

    Raises ConfigurationError where somebody else could put things in, or change the folder for another.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(f"the data folder {folder} is a link or no folder: set data_dir to a folder")
    if found.st_uid != os.geteuid():
        raise ConfigurationError(
            f"the data folder {folder} belongs to another user: set data_dir to a folder of the bridge's own"
        )
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & 0o002 and not mode & stat.S_ISVTX:
            raise ConfigurationError(
                f"everybody can rename what is in {parent}: set data_dir to another folder, or close that one"
            )
    if found.st_mode & 0o022:
        raise ConfigurationError(
            f"others can write to the data folder {folder}: look at what is in it, and close it (chmod 700)"
        )
    if found.st_mode & 0o077:
        if any(folder.iterdir()) and not (folder / _LOCK).exists():
            raise ConfigurationError(
                f"the data folder {folder} is open to other users and holds other files; set data_dir to a"
                " folder of the bridge's own"
            )
        folder.chmod(0o700)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _PATH_BYTES and quote(str(socket)) == str(socket)


def _forget(note: Path) -> None:
    """Remove the socket, ours or one that a killed bridge left behind, and the temporary folder around it."""
    with suppress(OSError, ValueError):
        socket = _made_by_us(note)
        note.unlink()
        if socket is None:
            return
        socket.unlink(missing_ok=True)
        if socket.parent != note.parent:
            socket.parent.rmdir()


def _made_by_us(note: Path) -> Path | None:
    """The socket that a note names, if a bridge can have made it: the note could name anything."""
    with os.fdopen(os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        socket = Path(file.read(_NOTE_BYTES).decode())
    parent = socket.parent
    if parent != note.parent:
        found = parent.lstat()
        temporary = parent.parent == Path(tempfile.gettempdir()) and parent.name.startswith(_TEMPORARY)
        closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not (temporary and closed and found.st_uid == os.geteuid()):
            return None
    if socket.name != _SOCKET or ".." in socket.parts:
        return None
    with suppress(FileNotFoundError):  # redis-server takes it away when it ends
        found = socket.lstat()
        return socket if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() else None
    return socket


def _write(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(temporary).replace(path)  # over a link, not through it
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _make_key(path: Path) -> None:
    """Make it whole and never over another: an empty key after a full disk would lock its owner out."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(make_key())
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
