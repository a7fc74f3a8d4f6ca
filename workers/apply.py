"""Makes one target's object equal to one claimed record: match, create, adopt, change, deactivate."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import AmbiguousMatch, Conflict, NotFound, RecordRejected, TryLater
from bridge.model import DAY, Entry, Kind, Match, Outcome, State, Wanted, is_due
from bridge.references import references, resolve
from bridge.route import Action, Intent, Route
from bridge.store import Claim
from workers.links import Links
from workers.targets.base import Target

LOOKS = 5
"""How often an account that may exist is looked for again, in growing gaps: for about half a minute."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger is to say now, and the record's link to the target's object.

    `found`: that object was met by a leaver, and nothing is done to it before a poll has counted it.
    """

    entry: Entry
    link: str | None
    found: bool = False


class Applier:
    """One attempt for one claim.

    `entry` is the former entry, stamped for this revision, and `link` the record's account. Both are kept up
    to date while the attempt goes on, so that they tell the truth whatever comes of it.
    """

    def __init__(self, route: Route, target: Target, ledger: Links, claim: Claim, now: float) -> None:
        self.route = route
        self.target = target
        self.ledger = ledger
        self.claim = claim
        self.entry = self._stamped(now)
        self.link = claim.link

    def _stamped(self, now: float) -> Entry:
        """The former entry, for this revision and configuration, without what was said of an earlier try."""
        new: dict[str, Any] = {"revision": self.claim.stored.revision, "config": self.route.fingerprint}
        untried: dict[str, Any] = {"reason": "", "candidates": (), "attempts": 0, "failed_since": 0.0}
        waits: dict[str, Any] = {"retry_at": 0.0, "unreachable": False}
        former = self.claim.entry or Entry()
        refs = tuple(sorted({*former.refs, *self.claim.refs_in_doubt}))
        return dataclasses.replace(former, at=now, refs=refs, **new, **untried, **waits)

    async def is_current(self) -> bool:
        """Whether the ledger says that the target has this revision, and nothing speaks against it."""
        former, claim = self.claim.entry, self.claim
        if former is None or claim.doubt or former.state is State.RETRYING:
            return False
        if former.revision != claim.stored.revision or former.config != self.route.fingerprint:
            return False
        return not is_due(former, self.entry.at) and not await self.ledger.links(former.missing)

    async def run(self) -> Done:
        """Do what the route intends. Raises what the target raises, AmbiguousMatch and RecordRejected."""
        intent = self.route.intend(self.claim.stored, linked=self.link is not None)
        if intent.action is Action.UPSERT:
            return await self.upsert()
        if intent.action is Action.DEACTIVATE:
            return await self.remove(intent, str(self.link))
        return await self.recognise(intent) if self._may_be_forgotten() else self.skip(intent.reason)

    def _may_be_forgotten(self) -> bool:
        """Whether what is to be taken out of use may be there although no link tells of it.

        A create may have been cut short, or, at the first look at a leaver, Redis may have been emptied.
        """
        stored, entry = self.claim.stored, self.claim.entry
        if self.link or self.route.intend(stored, linked=True).action is not Action.DEACTIVATE:
            return False
        if entry is None:
            return bool(self.claim.doubt) or (stored.leaves and stored.record.key.kind is Kind.PERSON)
        return bool(self.claim.doubt) or entry.state in (State.RETRYING, State.FAILED)

    def skip(self, reason: str) -> Done:
        """Note why this record is not for this target."""
        return self._done(State.SKIPPED, Outcome.SKIPPED, reason=reason)

    async def upsert(self) -> Done:
        """Create, adopt or change. Raises what the target raises, AmbiguousMatch and RecordRejected."""
        record = self.claim.stored.record
        mapped = self.route.map(record)
        if lacking := self.route.lacking(record.key.kind, mapped):
            return self.skip(f"has no {lacking}, which this target requires")
        refs = references(mapped)
        links = await self.ledger.links(refs | set(self.entry.refs))
        # A manager whom we gave and who is no longer the right one must not stay until the new one is there.
        attributes = resolve(mapped, links, clear=not refs.issuperset(self.entry.refs))
        digest = self.ledger.digest([self.route.server, attributes])
        to_give = tuple(sorted(refs & links.keys()))
        given: dict[str, Any] = {
            "digest": digest,
            "refs": to_give,
            "missing": tuple(sorted(refs - links.keys())),
            "delete_from": 0.0,
            "delete_at": 0.0,
        }
        if self._has(digest):
            return self._done(State.APPLIED, Outcome.UNCHANGED, **given)
        released = frozenset(links[name] for name in set(self.entry.refs) - refs if name in links)
        await self._announce(to_give)
        outcome = await self._write(Wanted(record.key, attributes, released))
        return self._done(State.APPLIED, outcome, **given)

    async def recognise(self, intent: Intent) -> Done:
        """Look for an object that the bridge made and has no link of.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        """
        if not await self._find_ours():
            if self._may_come_to_light():
                raise TryLater("a create was cut short, and its account is not found yet")
            return self.skip(intent.reason)
        self.entry = dataclasses.replace(self.entry, config="")  # so that the next poll finds it behind
        return dataclasses.replace(self.skip(intent.reason), found=True)

    def _may_come_to_light(self) -> bool:
        """Whether to look again for what a create may have made: some targets find a new account late."""
        former, revision = self.claim.entry, self.claim.stored.revision
        if former is None or former.state is not State.RETRYING:
            return bool(self.claim.doubt)
        return former.revision != revision or former.attempts < LOOKS

    async def remove(self, intent: Intent, link: str) -> Done:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        key = self.claim.stored.record.key
        was_removed = self.entry.state is State.REMOVED or self.entry.delete_from > 0
        delete_from = self._delete_from(intent)
        if was_removed and self._is_due(intent, delete_from):
            await self.target.remove(key, link, "delete", frozenset())
            await self._lose()
            return self._removed(intent, Outcome.DELETED, 0.0)
        outcome = Outcome.UNCHANGED
        if not was_removed or self.claim.doubt:
            released = frozenset((await self.ledger.links(self.entry.refs)).values())
            outcome = (await self.target.remove(key, link, "deactivate", released)).outcome
        return self._removed(intent, outcome, delete_from)

    def _delete_from(self, intent: Intent) -> float:
        """From when the days to the deletion count: the deactivation, or later, when deleting was configured.

        Otherwise the setting would at once delete everybody who has ever left.
        """
        return 0.0 if intent.delete_after is None else self.entry.delete_from or self.entry.at

    def _is_due(self, intent: Intent, delete_from: float) -> bool:
        days = intent.delete_after
        return days is not None and self.entry.delete_from > 0 and delete_from + days * DAY <= self.entry.at

    def _removed(self, intent: Intent, outcome: Outcome, delete_from: float) -> Done:
        gone = outcome is Outcome.DELETED
        delete_at = delete_from + intent.delete_after * DAY if intent.delete_after and not gone else 0.0
        changes: dict[str, Any] = {"digest": "", "missing": ()}
        if self.claim.stored.record.key.kind is Kind.TEAM:
            changes["refs"] = ()  # its members were taken out; a person still has the manager that was given
        changes |= {"reason": intent.reason, "delete_from": delete_from, "delete_at": delete_at}
        return self._done(State.REMOVED, outcome, **changes)

    def _bare(self) -> Wanted:
        """The record without references: enough to look it up."""
        record = self.claim.stored.record
        return Wanted(record.key, resolve(self.route.map(record), {}))

    async def _announce(self, refs: Iterable[str]) -> None:
        """Note references before they are given: after a crash nobody could tell whose they are."""
        together = tuple(sorted({*self.entry.refs, *refs}))
        if together != self.entry.refs:
            self.entry = dataclasses.replace(self.entry, refs=together)
            former = self.claim.entry or Entry()
            await self.ledger.announce(self.claim, dataclasses.replace(former, refs=together))

    def _has(self, digest: str) -> bool:
        """Whether the target was last given just this, and nobody can have changed it since."""
        entry = self.entry
        given = entry.state in (State.APPLIED, State.SKIPPED) and entry.digest == digest
        return given and self.link is not None and not self.claim.doubt

    async def _write(self, wanted: Wanted) -> Outcome:
        if self.link is None:
            return await self._create_or_adopt(wanted)
        try:
            applied = await self.target.upsert(wanted, self.link)
        except NotFound:
            # Deleted at the target behind our back: match again before creating.
            await self._lose()
            return await self._create_or_adopt(wanted)
        await self._own(applied.remote_id)
        return applied.outcome

    async def _create_or_adopt(self, wanted: Wanted) -> Outcome:
        """No create without a look-up, and a create that hits an existing object looks up again."""
        if not await self._match(wanted):
            try:
                applied = await self.target.upsert(wanted, None)
            except Conflict as error:
                if not await self._match(wanted):
                    # Some targets find a new account only after a while.
                    raise TryLater(f"{error}; but no account there matches this record") from None
            except RecordRejected as error:
                if self._may_come_to_light():  # parked, the account would be without its link
                    raise TryLater(f"{error}; a create was cut short before") from None
                raise
            else:
                await self._own(applied.remote_id)
                return applied.outcome
        if self.route.settings.mode != "create_only":
            await self.target.upsert(wanted, self.link)
        return Outcome.ADOPTED

    async def _match(self, wanted: Wanted) -> bool:
        """Look the record up, and link the one account that matches. Raises AmbiguousMatch."""
        return await self._link_one(await self.target.find(wanted))

    async def _find_ours(self) -> bool:
        """Look up and link an account with the record's Kenjo id, which only the bridge can have given."""
        return await self._link_one([match for match in await self.target.find(self._bare()) if match.ours])

    async def _link_one(self, matches: Sequence[Match]) -> bool:
        if len(matches) > 1:
            raise AmbiguousMatch([match.remote_id for match in matches])
        if matches:
            await self._own(matches[0].remote_id)
        return bool(matches)

    async def _own(self, remote_id: str) -> None:
        """Make the object this record's; two records never share one. Raises RecordRejected."""
        if remote_id == self.link:
            return
        key = self.claim.stored.record.key
        owner = await self.ledger.own(remote_id, key)
        if owner != key:
            raise RecordRejected(f"the account {remote_id} belongs to {owner} already")
        self.link = remote_id

    async def _lose(self) -> None:
        """The object is not there any more."""
        if self.link is not None:
            await self.ledger.disown(self.link)
        self.link = None

    def _done(self, state: State, outcome: Outcome, **changes: Any) -> Done:
        return Done(dataclasses.replace(self.entry, state=state, outcome=outcome, **changes), self.link)
