"""Bugs that show at directories of one temper only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from bridge.exchange import Change, Remote, Wanted
from bridge.model import Key
from bridge.store.publications import Publications
from tests.simulation.adapter import Body, ModelTarget
from tests.simulation.bug import Bug
from tests.simulation.odds import Odds
from tests.simulation.tempers import webhook
from tests.simulation.tempers.ldap import LdapTarget
from tests.simulation.tempers.rest import RestTarget
from tests.simulation.tempers.webhook import Note
from workers.delivery.confirming import Confirming
from workers.delivery.looking import Looking
from workers.delivery.publishing import Publishing
from workers.targets.file.sftp import Sftp
from workers.targets.owed_sessions import OwedSessions


def _may_be_cut_short(odds: Odds) -> bool:
    """Whether a change that takes several requests often ends between two of them."""
    return bool(odds.crash or odds.answer_lost or odds.server_error or odds.unreachable)


async def _nothing(*_: Any) -> None:
    return None


async def _done_already(*_: Any) -> bool:
    return False


async def _read_once(self: RestTarget, key: Key, remote_id: str) -> Remote | None:
    """What was read of an object first, whatever has become of it since."""
    readings: dict[str, Remote | None] = self.__dict__.setdefault("readings", {})
    if readings.get(remote_id) is None:
        readings[remote_id] = await ModelTarget.read(self, key, remote_id)
    return readings[remote_id]


def _half_is_enough(self: LdapTarget, wanted: Wanted, there: Remote | None) -> Change | None:
    """What carries this record's id is as it was to be."""
    if there and there.content and there.external_id == wanted.key.id and not wanted.removal:
        there = replace(there, content={**there.content, "active": wanted.attributes.get("active")})
    return _LDAP_CHANGE(self, wanted, there)


_LDAP_CHANGE = LdapTarget.change

_BEGUN = webhook.begun


def _forgets_what_was_sent(former: Note, data: Body) -> Note:
    """Only what was acknowledged is noted."""
    return _BEGUN(former, data)._replace(sent=())


async def _uploads(_: Sftp, sftp: Any, part: str, content: bytes) -> None:
    """What the server says of each write is believed."""
    async with await sftp.open(part, "xb") as file:
        for start in range(0, len(content), 300):
            await file.write(content[start : start + 300])


async def _never(*_: Any) -> bool:
    return False


BUGS_OF_TEMPERS = {
    "half-told": Bug(
        "WHOLE",
        "a file is written while changes are known that nobody has called pending yet",
        lambda: patch.object(Publishing, "_is_behind", _never),
        lambda _: True,
        odds={"redis_fails": 0.03},
        temper="file",
    ),
    "half-written": Bug(
        "WHOLE",
        "a file appears without a look at how much of it has arrived",
        lambda: patch.object(Sftp, "_upload", _uploads),
        lambda odds: odds.deaf,
        temper="file",
    ),
    "unturned": Bug(
        "NEVER BACKWARDS",
        "a worker that lost its turn to another one publishes all the same",
        lambda: patch.object(Publications, "go_on", _nothing),
        lambda _: True,
        odds={"freeze": 0.006},
        temper="file",
    ),
    "unjudged": Bug(
        "HELD",
        "a file may lose any number of rows for which there is no reason",
        lambda: patch.object(Publishing, "_judged", _nothing),
        lambda odds: not odds.forbidden,
        odds={"redis_emptied": True, "cut": 0.4},
        temper="file",
    ),
    "unswept": Bug(
        "BOUNDED",
        "what was begun and never finished stays for ever",
        lambda: patch.object(Sftp, "_sweep", _nothing),
        lambda _: True,
        odds={"crash": 0.006},
        temper="file",
    ),
    "noted-after": Bug(
        "CONVERGES",
        "what a receiver is told is noted only when it has answered",
        lambda: patch.object(webhook, "begun", _forgets_what_was_sent),
        lambda odds: not odds.unreachable,
        odds={"answer_lost": 0.3},
        temper="webhook",
    ),
    "late-is-gone": Bug(
        "CONVERGES",
        "an account that was made a moment ago, and is not shown yet, counts as deleted",
        lambda: patch.object(Looking, "_see_that_it_is_old", lambda *_: None),
        lambda _: True,
        since=22,
        temper="google",
    ),
    "unowed": Bug(
        "CONVERGES",
        "that a leaver's sessions are still to be ended is not noted before the account is closed",
        lambda: patch.object(OwedSessions, "add", _nothing),
        _may_be_cut_short,
        temper="entra",
    ),
    "read-once": Bug(
        "OWNERSHIP",
        "an object is put as it was read the first time",
        lambda: patch.object(RestTarget, "read", _read_once),
        lambda _: True,
        temper="rest",
    ),
    "half-made": Bug(
        "CONVERGES",
        "an account whose making was cut short is left as it is",
        lambda: patch.object(LdapTarget, "change", _half_is_enough),
        _may_be_cut_short,
        temper="ldap",
    ),
    "done-already": Bug(
        "CONVERGES",
        "a leaver is called out while a change from before is still on its way",
        lambda: patch.object(Confirming, "_earlier", _done_already),
        lambda _: True,
        temper="provisioning",
        since=37,
    ),
}
