"""Where each record stands at each target: in exactly one place, by the same words wherever it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bridge.commands import command
from bridge.errors import RecordRejected
from bridge.mapping.restoring import intended, is_restored
from bridge.mapping.route import Action, Route
from bridge.model import Entry, Key, Kind, Restored, State, Stored
from bridge.store import Hold, gate
from service.operations.assembly import Bridge
from service.operations.failures import unusable
from service.watch.pending import is_behind
from workers.delivery.first_contact import hold_id

IN_STEP = "nothing: the target has what Kenjo says"
NOT_STARTED = "has not started yet"
"""Begins the reason why somebody who is to come has nothing: see `bridge.mapping.route`."""


class Standing(StrEnum):
    """The five places in which a record can be."""

    IN_STEP = "in step"  # the target has what it should have; of a leaver, that nothing is open
    WAITING = "waiting"  # it changes by itself: with a delivery, at a time, after another
    HELD = "held"  # a person has to decide
    FAILING = "failing"  # a person has to put something right
    LEFT_OUT = "left out"  # this target is not to have it

    @property
    def field(self) -> str:
        """Its name in JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Stand:
    """One record's place at one target.

    `why` is the reason, "" for none; `then` what comes next, `at` when (epoch seconds, 0 where no time is
    known); `helps` is the command that does something about it.
    """

    standing: Standing
    why: str = ""
    then: str = IN_STEP
    at: float = 0.0
    helps: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one target's records are judged by. `now` in epoch seconds.

    `linked`: record keys that have an account; `begun`: records whose last delivery did not end; `holds`:
    those that hold back a record; `rows`: why rows of Kenjo cannot be used; `paused`: why the target waits
    (`Gate.paused`), {} for one that does not.
    """

    route: Route
    now: float
    linked: Collection[str]
    begun: Collection[Key]
    holds: Mapping[Key, Hold]
    rows: Mapping[Key, str]
    paused: Mapping[str, str] = field(default_factory=dict)

    def stand(self, stored: Stored, entry: Entry | None) -> Stand:
        """Where a record stands. Pure."""
        key = stored.record.key
        if row := self.rows.get(key):
            return _unread(row)
        if hold := self.holds.get(key):
            return Stand(
                Standing.HELD,
                f"held by {hold.id}: {hold.reason}",
                "nothing, until somebody decides",
                helps=command("holds show", hold.id),
            )
        fingerprint = self.route.fingerprint
        if key in self.begun or is_behind(stored, entry, fingerprint, self.linked, self.now):
            return self._behind(stored, entry)
        return self._settled(stored, entry or Entry())

    def _behind(self, stored: Stored, entry: Entry | None) -> Stand:
        """One for which something is still to be done, or may be."""
        key = stored.record.key
        try:
            intent = intended(self.route, stored, entry, linked=str(key) in self.linked)
            if intent.action is Action.UPSERT:
                lacking = self.route.lacks(stored.record)
        except RecordRejected as error:
            then = "nothing, until the expression or the record changes"
            return Stand(Standing.FAILING, str(error), then, helps=self._try(key))
        if intent.action is Action.SKIP and (entry is None or not entry.tells_of_an_object):
            return _left_out(intent.reason)
        if self.paused:
            return self._with_the_target()
        if entry and entry.state is State.RETRYING and entry.revision == stored.revision:
            return Stand(Standing.WAITING, entry.reason, "tried again", entry.retry_at)
        if intent.action is Action.DEACTIVATE:
            return Stand(Standing.WAITING, intent.reason, "the account is closed with the next delivery")
        if intent.action is Action.UPSERT and lacking:
            return _left_out(f"has no {lacking}, which this target requires")
        what = "brought up to date" if str(key) in self.linked else "looked up, and created or adopted"
        return Stand(Standing.WAITING, "", f"{what} with the next delivery")

    def _with_the_target(self) -> Stand:
        """One for which something is to be done at a target that waits."""
        name, state = self.route.name, self.paused["state"]
        why = f"the target is {state}: {self.paused['reason']}"
        look = command("check --target", name)
        match state:
            case gate.HELD:
                then, helps = "nothing, until somebody decides", command("holds show", hold_id(name))
                return Stand(Standing.HELD, why, then, helps=helps)
            case gate.HALTED:
                return Stand(Standing.WAITING, why, "goes on when the target passes its check", helps=look)
            case gate.UNREACHABLE:
                return Stand(Standing.WAITING, why, "goes on as soon as the target answers", helps=look)
            case gate.THROTTLED:
                return Stand(Standing.WAITING, why, "goes on by itself after that time")
        resume = command("targets resume", name)
        return Stand(Standing.WAITING, why, "goes on when the target does", helps=resume)

    def _try(self, key: Key) -> str:
        """The command that shows which expression fails, and what another one would give."""
        return command("try", self.route.name, key)

    def _mends(self, stored: Stored) -> str:
        """The command that helps with a parked record: to try again mends no expression that fails."""
        try:
            self.route.map(stored.record)
        except RecordRejected:
            return self._try(stored.record.key)
        return command("failures retry", stored.record.key)

    def _settled(self, stored: Stored, entry: Entry) -> Stand:
        """One that a delivery is done with."""
        if entry.restored and entry.state is State.APPLIED and is_restored(self.route, stored, entry):
            return _restored(entry.restored)
        match entry.state:
            case State.FAILED:
                choose = command("failures adopt", self.route.name, stored.record.key, "ACCOUNT")
                then = "nothing, until the record, the mapping or what it waits for changes"
                helps = choose if entry.candidates else self._mends(stored)
                return Stand(Standing.FAILING, entry.reason, then, helps=helps)
            case State.SKIPPED:
                return _left_out(entry.reason)
            case State.REMOVED if entry.delete_at:
                return Stand(Standing.IN_STEP, entry.reason, "the account is deleted", entry.delete_at)
            case State.REMOVED:
                return Stand(Standing.IN_STEP, entry.reason, "nothing: the account is closed")
        missing = ", ".join(sorted(entry.missing))
        have = "has" if len(entry.missing) == 1 else "have"
        return Stand(Standing.IN_STEP, f"without {missing}, who {have} no account there" if missing else "")


def _restored(restored: Restored) -> Stand:
    """One that has something else than Kenjo says, as somebody has undone a run."""
    return Stand(
        Standing.HELD,
        f"has what it had before the run {restored.run}, which {restored.by} has undone",
        "what Kenjo says, as soon as that or the configuration changes",
        helps=command("runs redo", restored.run),
    )


def _unread(row: str) -> Stand:
    """One whose row in Kenjo cannot be used."""
    return Stand(Standing.FAILING, row, "nothing, until the row can be used")


def _left_out(reason: str) -> Stand:
    """One that the target is not to have."""
    if reason.startswith(NOT_STARTED):
        return Stand(Standing.LEFT_OUT, reason, "an account, when the first day comes")
    if reason.startswith("has no "):
        return Stand(Standing.LEFT_OUT, reason, "an account, as soon as Kenjo has it")
    if reason.startswith("out of scope"):
        return Stand(Standing.LEFT_OUT, reason, "nothing, until the scope or the record changes")
    if reason.startswith("discarded by "):
        return Stand(Standing.LEFT_OUT, reason, "nothing, until the record or the configuration changes")
    return Stand(Standing.LEFT_OUT, reason, "nothing")


async def surroundings(bridge: Bridge, name: str, now: float) -> Surroundings:
    """What the records of one target are judged by, as Redis has it."""
    backend, ledger = bridge.backend, bridge.backend.ledger(name)
    held = await backend.holds.held(name)
    holds = [hold for hold in await backend.holds.all() if hold.target == name]
    return Surroundings(
        route=bridge.routes[name],
        now=now,
        linked=await ledger.linked(),
        begun=await ledger.unsettled(),
        holds={Key.parse(one): hold for hold in holds for one in hold.keys if one in held},
        rows={Key.parse(row["record"]): row["reason"] for row in await unusable(bridge) if _is_key(row)},
        paused=await backend.gate(name).paused(),
    )


def _is_key(row: Mapping[str, Any]) -> bool:
    return str(row["record"]).startswith(f"{Kind.PERSON}:")


async def stands(
    bridge: Bridge, name: str, known: Mapping[Key, Stored], entries: Mapping[Key, Entry], now: float
) -> dict[Key, Stand]:
    """Where all records of the kinds stand that a target gets. Who is gone counts while something is open.

    Somebody of whom only a row is known that cannot be used stands among them.
    """
    around = await surroundings(bridge, name, now)
    found = {
        key: around.stand(stored, entries.get(key))
        for key, stored in known.items()
        if around.route.serves(key.kind)
    }
    found |= {key: _unread(row) for key, row in around.rows.items() if key not in known}
    gone = (key for key, stored in known.items() if stored.gone and key in found)
    over = {key for key in gone if found[key].standing in (Standing.IN_STEP, Standing.LEFT_OUT)}
    return {key: stand for key, stand in found.items() if key not in over}


def counted(found: Mapping[Key, Stand], kind: Kind) -> dict[str, int]:
    """How many of a kind stand in each place; together as many as there are."""
    counts = Counter(stand.standing for key, stand in found.items() if key.kind is kind)
    return {standing.field: counts[standing] for standing in Standing}
