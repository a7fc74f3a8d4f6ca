"""Makes one target's object equal to one claimed record: match, create, adopt, change, deactivate."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import AmbiguousMatch, Conflict, NotFound, RecordRejected, TryLater
from bridge.model import DAY, Entry, Match, Outcome, Reference, State, Wanted, is_due
from bridge.route import Intent, Route
from bridge.store import Claim, Ledger
from workers.targets.base import Target


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger is to say now, and the record's link to the target's object."""

    entry: Entry
    link: str | None


class Applier:
    """One attempt for one claim.

    `entry` is the former entry, stamped for this revision, and `link` the record's account. Both are kept up
    to date while the attempt goes on, so that they tell the truth whatever comes of it.
    """

    def __init__(self, route: Route, target: Target, ledger: Ledger, claim: Claim, entry: Entry) -> None:
        self.route = route
        self.target = target
        self.ledger = ledger
        self.claim = claim
        self.entry = entry
        self.link = claim.link

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
            "delete_at": 0.0,
        }
        if self._has(digest):
            return self._done(State.APPLIED, Outcome.UNCHANGED, **given)
        released = frozenset(links[name] for name in set(self.entry.refs) - refs if name in links)
        await self._announce(to_give)
        outcome = await self._write(Wanted(record.key, attributes, released))
        return self._done(State.APPLIED, outcome, **given)

    async def recognise(self, intent: Intent) -> Done:
        """Look for an account that the bridge gave to a leaver and has forgotten, as when Redis was emptied.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        """
        if not await self._find_ours():
            return self.skip(intent.reason)
        self.entry = dataclasses.replace(self.entry, config="")  # so that the next poll finds it behind
        return self._done(State.SKIPPED, Outcome.SKIPPED, reason=intent.reason)

    async def remove(self, intent: Intent) -> Done:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        key = self.claim.stored.record.key
        # A create may have been cut short: what it made is ours, and must not stay open.
        if self.link is None and not await self._find_ours():
            return self.skip(f"{intent.reason}; was never given to this target")
        link = str(self.link)
        was_removed = self.entry.state is State.REMOVED
        if was_removed and is_due(self.entry, self.entry.at):
            await self.target.remove(key, link, "delete", frozenset())
            await self._lose()
            return self._removed(intent, Outcome.DELETED, 0.0)
        outcome = Outcome.UNCHANGED
        if not was_removed or self.claim.doubt:
            released = frozenset((await self.ledger.links(self.entry.refs)).values())
            if await self.target.remove(key, link, "deactivate", released):
                outcome = Outcome.DEACTIVATED
        return self._removed(intent, outcome, self._delete_at(intent))

    def _delete_at(self, intent: Intent) -> float:
        """When the account is to be deleted: counted from its deactivation, also when that is long past."""
        if intent.delete_after is None:
            return 0.0
        return self.entry.delete_at or self.entry.at + intent.delete_after * DAY

    def _removed(self, intent: Intent, outcome: Outcome, delete_at: float) -> Done:
        empty: dict[str, Any] = {"digest": "", "refs": (), "missing": ()}
        return self._done(State.REMOVED, outcome, reason=intent.reason, delete_at=delete_at, **empty)

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


def references(mapped: Mapping[str, Any]) -> set[str]:
    """The record keys that a mapped result refers to."""
    found: set[str] = set()
    for value in mapped.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Reference):
                found.add(str(item.key))
    return found


def resolve(mapped: Mapping[str, Any], links: Mapping[str, str], *, clear: bool = False) -> dict[str, Any]:
    """The mapped result with remote ids for references.

    A reference that is not at the target yet is left out, or cleared.
    """
    resolved: dict[str, Any] = {}
    for attribute, value in mapped.items():
        if isinstance(value, Reference):
            if str(value.key) in links or clear:
                resolved[attribute] = links.get(str(value.key))
        elif isinstance(value, list):
            resolved[attribute] = _members(value, links)
        else:
            resolved[attribute] = value
    return resolved


def _members(value: list[Any], links: Mapping[str, str]) -> list[Any]:
    if not any(isinstance(item, Reference) for item in value):
        return value
    return sorted(links[str(item.key)] for item in value if str(item.key) in links)
