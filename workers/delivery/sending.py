"""Brings one object to what is wanted: it is read and compared, and only what differs is sent."""

from __future__ import annotations

from bridge.errors import NotFound, Unseen
from bridge.exchange import Accepted, Applied, Change, Refused, Remote, Wanted
from bridge.model import Key, Outcome
from bridge.wire.permit import Permit
from workers.targets.base import Target


async def bring(target: Target, wanted: Wanted, remote_id: str | None, permit: Permit) -> Applied:
    """Make the object equal to `wanted`: create it (`remote_id` None), change what differs, or remove it.

    Sends nothing when nothing differs. Raises Conflict when a create hits an existing object, Unseen,
    and NotFound when `remote_id` is not there any more, unless it was to be removed.
    """
    there = await _there(target, wanted, remote_id)
    try:
        change = target.change(wanted, there)
    except NotFound:
        if wanted.removal is None:
            raise
        return Applied(str(remote_id), Outcome.UNCHANGED, open=False)
    if change is None:
        return Applied(str(remote_id), Outcome.UNCHANGED, there.open if there else None)
    return await sent(target, change, permit)


async def _there(target: Target, wanted: Wanted, remote_id: str | None) -> Remote | None:
    """What there is of an object; one that is not shown, or need not be seen, is known by its id alone."""
    if remote_id is None:
        return None
    seen = None if wanted.removal == "delete" else await target.read(wanted.key, remote_id)
    return seen or Remote(remote_id)


async def sent(target: Target, change: Change, permit: Permit) -> Applied:
    """Send one change. Raises what it was refused with, and Unseen."""
    (receipt,) = await target.send([change], permit)
    if isinstance(receipt, Refused):
        raise receipt.error
    if isinstance(receipt, Accepted):
        raise Unseen(receipt.reason)
    return receipt


async def shows(target: Target, key: Key, remote_id: str) -> bool | None:
    """Whether the account gives access now; None where that cannot be seen, as of a group.

    Raises NotFound when there is no such object.
    """
    there = await target.read(key, remote_id)
    if there is None:
        raise NotFound("is not at the target")
    return there.open
