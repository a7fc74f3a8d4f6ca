"""Brings one object to what is wanted: it is read and compared, and only what differs is sent."""

from __future__ import annotations

from bridge.errors import NotFound, Unseen
from bridge.exchange import Accepted, Applied, Change, Receipt, Refused, Remote, Wanted
from bridge.model import Key, Outcome
from bridge.wire.permit import Permit
from workers.targets.base import Target


async def bring(target: Target, wanted: Wanted, remote_id: str, permit: Permit) -> Applied:
    """Change what differs of an object; nothing is sent when nothing does.

    Raises Conflict, and NotFound when the object is not there any more.
    """
    there = await target.read(wanted.key, remote_id) or Remote(remote_id)
    change = target.change(wanted, there)
    return await sent(target, change, permit) if change else unchanged(there)


def unchanged(there: Remote) -> Applied:
    """What comes of sending nothing."""
    return Applied(there.id, Outcome.UNCHANGED, there.open)


async def sent(target: Target, change: Change, permit: Permit) -> Applied:
    """Send one change. Raises what it was refused with, and Unseen."""
    (receipt,) = await target.send([change], permit)
    return result(receipt)


def result(receipt: Receipt) -> Applied:
    """The receipt of a change that was done. Raises what it was refused with, and Unseen."""
    if isinstance(receipt, Refused):
        raise receipt.error
    if isinstance(receipt, Accepted):
        raise Unseen(receipt.reason, receipt.ticket, receipt.after)
    return receipt


async def shows(target: Target, key: Key, remote_id: str) -> bool | None:
    """Whether the account gives access now; None where that cannot be seen, as of a group.

    Raises NotFound when there is no such object.
    """
    there = await target.read(key, remote_id)
    if there is None:
        raise NotFound("is not at the target")
    return there.open
