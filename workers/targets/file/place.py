"""Where files are kept: what a folder of this machine and one behind SFTP have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bridge.wire.permit import Permit

OK = "ok"
"""The status of a step that is done; one that failed has the name of its error."""


class Place(Protocol):
    """A folder. Methods raise TryLater for a fault that passes, TargetHalted for what a person must mend."""

    async def check(self) -> None:
        """See, without writing, that files can be put there."""

    async def names(self) -> Sequence[str]:
        """What all its files are called."""

    async def read(self, name: str) -> bytes | None:
        """A file's content; None when there is none."""

    async def put(self, name: str, content: bytes, permit: Permit) -> None:
        """Let a file appear whole, in place of the one of that name: nobody ever sees half of it.

        What workers that were killed have left of their files goes. Each step is asked for in the permit.
        """

    async def remove(self, name: str, permit: Permit) -> None:
        """Take a file away; none is no error."""
