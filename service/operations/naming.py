"""What people and groups are called, for those who may see it."""

from __future__ import annotations

from bridge.model import Stored


def name_of(stored: Stored | None) -> str:
    """A person's name, or else e-mail address; a group's name; "" where nothing is known."""
    data = stored.record.data if stored else {}
    personal, account = data.get("personal") or {}, data.get("account") or {}
    return str(personal.get("displayName") or account.get("email") or data.get("name") or "")
