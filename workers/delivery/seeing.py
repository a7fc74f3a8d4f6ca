"""Whether what was sent was done: what the target shows counts, not that it answered 200 (decision 0010)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Applied
from bridge.model import Key
from bridge.printable import some
from workers.delivery.sending import shows
from workers.targets.base import Target

_WORD = {True: "active", False: "inactive"}


async def see_access(
    target: Target, key: Key, applied: Applied, wants: bool | None, *, patient: bool, asked: bool = True
) -> bool | None:
    """Compare the access that was wanted with what the target shows: its answer, else what is read back.

    Returns what was seen; None where access is not the bridge's to give, or cannot be seen. `patient`: a
    target may show late what it has done. `asked`: false when it had that access before, so that nothing
    was asked for, and somebody has changed it meanwhile. Raises RecordRejected, or TryLater where a later
    look may show it.
    """
    if wants is None:
        return applied.open
    shown, answered = applied.open, applied.open is not None
    if not answered:
        shown = await _shown(target, key, applied.remote_id)
    if shown is None or shown is wants:
        return shown
    what = f"answered with success, but the account is still {_WORD[shown]}"
    raise _later(what, patient=patient and not (answered and asked))


async def see_gone(target: Target, key: Key, remote_id: str, *, patient: bool) -> None:
    """See that a deleted object is not there any more. Raises RecordRejected or TryLater."""
    try:
        await shows(target, key, remote_id)
    except NotFound:
        return
    raise _later("answered the deletion with success, but the account is still there", patient=patient)


def see_members(applied: Applied, names: Mapping[str, str], *, patient: bool) -> None:
    """See that members have come and gone. `names`: record keys by remote id. Raises as `see_access`."""
    if applied.staying:
        those = _those(applied.staying, names)
        raise RecordRejected(f"answered with success, but who was to leave the group is still in it: {those}")
    if applied.lacking:
        those = _those(applied.lacking, names)
        what = f"answered with success, but the group still lacks members whom it was given: {those}"
        raise _later(what, patient=patient)


async def _shown(target: Target, key: Key, remote_id: str) -> bool | None:
    try:
        return await shows(target, key, remote_id)
    except NotFound:
        return False  # some hide an inactive account, and one that is gone gives no access


def _later(what: str, *, patient: bool) -> RecordRejected | TryLater:
    return TryLater(what) if patient else RecordRejected(what)


def _those(members: Collection[str], names: Mapping[str, str]) -> str:
    """Members by record; a remote id may be an e-mail address."""
    return some(sorted(names.get(one, "one of unknown record") for one in members))
