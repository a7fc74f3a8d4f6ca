"""Sessions of leavers that are still to be ended, where no server shows whether they were.

That an account is disabled can be read, that its sessions have ended cannot. So it is noted before the
account is disabled, and struck out afterwards: a worker that dies in between leaves the note.
"""

from __future__ import annotations

from bridge.model import Key
from workers.targets.notebook import Notebook

_SESSIONS = "sessions"  # in a note: the id of the account whose sessions are still to be ended


class OwedSessions:
    """Whose sessions are owed. Nobody's where the settings do not want them `ended`."""

    def __init__(self, notebook: Notebook, *, ended: bool) -> None:
        self._notebook = notebook
        self.ended = ended

    async def has(self, key: Key, remote_id: str) -> bool:
        """Whether this account was to be disabled, and its sessions are not known to have ended."""
        note = await self._notebook.get(key) if self.ended else None
        return note is not None and note.get(_SESSIONS) == remote_id

    async def add(self, key: Key, remote_id: str) -> None:
        """Note, before an account is disabled, that its sessions have to end."""
        if self.ended:
            await self._notebook.put(key, {_SESSIONS: remote_id})

    async def remove(self, key: Key) -> None:
        """Nothing is owed: the sessions were ended, or the account is open again."""
        if self.ended:
            await self._notebook.put(key, None)
