"""What is not to be there any more: closed, deleted when its days are over, or recognised first."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bridge.commands import command
from bridge.effects import Verb, verb_of, what_of
from bridge.errors import AfterAnother, NotFound, RecordRejected, TryLater, Unseen
from bridge.exchange import Remote, Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Action, Intent, Route
from bridge.model import DAY, Entry, Kind, Outcome, State
from bridge.store.claims import Case
from workers.delivery.counting import may_take
from workers.delivery.decision import Decision
from workers.delivery.looking import Looking
from workers.delivery.matching import heir
from workers.targets.base import Target

LOOKS = 5
"""How often an account that may exist is looked for again, in growing gaps: for about half a minute."""

_SHOWN = 60.0
"""Seconds within which a new account is shown, at most: one that is not may still be open when it is."""

_LATE = 120.0
"""Seconds after which a target that shows new objects late shows one, at most."""


class Removing(Looking):
    """Decides about records that are to be taken out of use."""

    async def _remove(self, intent: Intent, link: str) -> Decision:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        was_removed = self.entry.state is State.REMOVED or self.entry.delete_from > 0
        delete_from = self._delete_from(intent)
        if (self.case.doubt or self._sends(intent)) and await self._is_anothers(link):
            self._lose()
            return self._skip(f"{intent.reason}; its account there carries the id of somebody who has it now")
        if not was_removed and (heir_ := await heir(self.route, self.view, self._sight)):
            stance = (await self.view.sight(heir_)).stance
            raise AfterAnother(f"{heir_} has its name, and takes its group over", str(heir_), stance)
        await self._check_counted(link)
        if self._may_delete(intent):
            wanted = Wanted(self.key, {}, removal="delete")
            change = self.target.change(wanted, Remote(link))
            return self._removed(intent, Outcome.DELETED, 0.0, change=change, wanted=wanted)
        released = await self.view.links(self.entry.refs)
        lost = await self._without_link(set(self.entry.refs) - released.keys())
        last = self._last_values()
        if self._is_closed(released) and not last:
            return self._removed(intent, Outcome.UNCHANGED, delete_from, lost=lost)
        wanted = Wanted(self.key, last, frozenset(released.values()), removal="deactivate")
        there = await self._look(link)
        try:
            change = self.target.change(wanted, there)
        except NotFound:
            if self.entry.open:
                self._see_that_it_is_old(_SHOWN)
            change = None  # what is not there any more gives no access
        outcome = change.outcome if change else Outcome.UNCHANGED
        return self._removed(
            intent, outcome, delete_from, released, lost, change=change, wanted=wanted, there=there
        )

    def _sends(self, intent: Intent) -> bool:
        """Whether something is to be done to an account, as far as the ledger tells."""
        return self.case.is_person and (self.entry.open is not False or self._may_delete(intent))

    def _last_values(self) -> dict[str, Any]:
        """What is known of a leaver, for a target that follows them. What is known no more stays there."""
        if not (self.target.can.follows and self.case.is_person):
            return {}
        told = self.route.lasting(resolve(self.route.told_of(self.case.stored.record), {}))
        return {name: value for name, value in told.items() if value not in (None, "", [])}

    def _may_delete(self, intent: Intent) -> bool:
        """Whether the account's time has come, and that was counted: at once, as a removal."""
        stored, entry = self.case.stored, self.entry
        verb = verb_of(self.route, stored, entry, linked=True, now=entry.at)
        if verb is Verb.DELETE:
            return may_take(self.case, what_of(verb, self.key.kind))
        return intent.delete_after == 0

    def _is_closed(self, released: Collection[str]) -> bool:
        """Whether nothing is to be sent: the account was seen or made inactive, and that is not in doubt."""
        if self.case.doubt:
            return False
        if self.case.is_person:
            return self.entry.open is False
        return (self.entry.state is State.REMOVED or self.entry.delete_from > 0) and not released

    def _delete_from(self, intent: Intent) -> float:
        """From when the days to the deletion count: the deactivation, or later, when deleting was configured.

        Otherwise the setting would at once delete everybody who has ever left.
        """
        return 0.0 if intent.delete_after is None else self.entry.delete_from or self.entry.at

    def _removed(
        self,
        intent: Intent,
        outcome: Outcome,
        delete_from: float,
        released: Mapping[str, str] | None = None,
        lost: Iterable[str] = (),
        **sends: Any,
    ) -> Decision:
        waits = intent.delete_after is not None and outcome is not Outcome.DELETED
        delete_at = delete_from + (intent.delete_after or 0) * DAY if waits else 0.0
        says: dict[str, Any] = {"digest": "", "missing": tuple(sorted(lost))}
        if not self.case.is_person:
            # Its members were taken out, as far as they are known; a person keeps the manager that was given.
            says["refs"] = says["missing"]
        says |= {"reason": intent.reason, "delete_from": delete_from, "delete_at": delete_at}
        says |= {"state": State.REMOVED, "outcome": outcome}
        names = {remote_id: name for name, remote_id in (released or {}).items()}
        access = False if sends else None
        return self._decision(says=says, access=access, names=names, members=tuple(released or ()), **sends)

    # What may be there although no link tells of it

    def _may_be_forgotten(self) -> bool:
        """Whether what is to be taken out of use may be there although no link tells of it.

        A create may have been cut short, or, at the first look at a leaver, Redis may have been emptied; or
        it has lost the link to what the entry says was given.
        """
        stored, entry = self.case.stored, self.case.entry
        if self.link or self.route.intend(stored, linked=True).action is not Action.DEACTIVATE:
            return False
        if entry is None:
            return bool(self.case.doubt) or (stored.leaves and self.case.is_person)
        # A group that waits to be counted is skipped meanwhile, and was given its members all the same.
        tried = entry.state in (State.RETRYING, State.FAILED) or bool(entry.accepted or entry.refs)
        return bool(self.case.doubt) or tried or entry.tells_of_an_object

    async def _recognise(self, intent: Intent) -> Decision:
        """Look for an object that the bridge made and has no link of.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        One that is inactive already is no removal.
        """
        if not await self._find_ours():
            self._await_accepted()
            await_made(self.entry, self.route, self.target, self.key.kind)
            if may_come_to_light(self.case):
                raise TryLater("a create was cut short, and its account is not found yet")
            return self._skip(intent.reason)
        if not self.case.is_person:
            return self.wait(intent.reason)
        if self.entry.open is False:
            intent = self.route.intend(self.case.stored, linked=True)
            return self._removed(intent, Outcome.UNCHANGED, self._delete_from(intent))
        self.entry = dataclasses.replace(self.entry, open=True)
        return self.wait(intent.reason)

    def _await_accepted(self) -> None:
        """Let nothing follow a create that was accepted but looks, as long as no account is seen.

        Raises TryLater while it may still show, then RecordRejected: a second create would risk two accounts.
        """
        if not self.entry.accepted:
            return
        within = self.route.settings.create_shows_within
        if self.entry.at < self.entry.accepted + within:
            raise TryLater("accepted the account, and does not show it yet")
        raise RecordRejected(
            f"accepted the account, and did not show it within {within:g} s; look there, and use"
            f" {command('failures retry', self.key)} to have it created again"
        )


def await_made(entry: Entry, route: Route, target: Target, kind: Kind) -> None:
    """Raise Unseen as long as an object may still come, or be shown, that a create may have made.

    Its answer was lost, or the process that waited for it.
    """
    within = route.settings.create_shows_within
    if kind not in target.can.later:
        within = min(within, _LATE) if target.can.late else 0.0
    if entry.made and entry.at < entry.made + within:
        raise Unseen("may have created it without telling, and does not show it yet", wait=within / 10)


def may_come_to_light(case: Case) -> bool:
    """Whether to look again for what a create may have made: some targets find a new account late."""
    former, revision = case.entry, case.stored.revision
    if former is None or former.state is not State.RETRYING:
        return case.was_cut_short  # who is only to be read back was not created meanwhile
    return former.revision != revision or former.attempts < LOOKS
