"""Files for nobody else's eyes: made whole or not at all, and never through a link."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from bridge.errors import ConfigurationError


def write_private(file: Path, content: bytes, check: Callable[[Path], None] = lambda _draft: None) -> None:
    """Write a file that only its owner can read and write (0600), in place of what stood there.

    A crash leaves the former file or the new one. `check` looks at the whole new file first, and may refuse
    by raising. Raises ConfigurationError, also for a link or anything else that is not a plain file.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise ConfigurationError(f"{file} is a link, or no plain file: name the file itself")
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, 0o600)  # whatever the umask takes away
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            check(draft)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot write {file} ({error.strerror})") from None
