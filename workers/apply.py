"""Makes one target's object equal to one claimed record: match, create, adopt, change, deactivate."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import AmbiguousMatch, Conflict, NotFound, RecordRejected
from bridge.model import DAY, Entry, Outcome, Reference, State, Wanted, is_due
from bridge.route import Intent, Route
from bridge.store import Claim, Ledger
from workers.targets.base import Target


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger is to say now, and the record's link to the target's object."""

    entry: Entry
    link: str | None


@dataclass(slots=True)
class Applier:
    """One attempt for one claim. `entry` is the former entry, stamped for this revision.

    What is about to be given is added to it before it is given, so that it says so whatever comes of it.
    """

    route: Route
    target: Target
    ledger: Ledger
    claim: Claim
    entry: Entry

    def skip(self, reason: str) -> Done:
        """Note why this record is not for this target."""
        return self._done(State.SKIPPED, Outcome.SKIPPED, self.claim.link, reason=reason)

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
            return self._done(State.APPLIED, Outcome.UNCHANGED, self.claim.link, **given)
        released = frozenset(links[name] for name in set(self.entry.refs) - refs if name in links)
        await self._announce(to_give)
        outcome, link = await self._write(Wanted(record.key, attributes, released))
        return self._done(State.APPLIED, outcome, link, **given)

    async def recognise(self, intent: Intent) -> Done:
        """Look for an account that the bridge gave to a leaver and has forgotten, as when Redis was emptied.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        """
        matches = await self.target.find(self._bare())
        if len(matches) != 1 or not matches[0].ours:
            return self.skip(intent.reason)
        await self._own(matches[0].remote_id)
        self.entry = dataclasses.replace(self.entry, config="")  # so that the next poll finds it behind
        return self._done(State.SKIPPED, Outcome.SKIPPED, matches[0].remote_id, reason=intent.reason)

    async def remove(self, intent: Intent) -> Done:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        link, key = self.claim.link, self.claim.stored.record.key
        if link is None:
            # A create was cut short: what it may have made is ours, and must not stay open.
            link = await self._match(self._bare())
            if link is None:
                return self.skip(f"{intent.reason}; was never given to this target")
        was_removed = self.entry.state is State.REMOVED
        if was_removed and is_due(self.entry, self.entry.at):
            await self.target.remove(key, link, "delete", frozenset())
            await self.ledger.disown(link)
            return self._removed(intent, Outcome.DELETED, None, 0.0)
        outcome = Outcome.UNCHANGED
        if not was_removed or self.claim.doubt:
            released = frozenset((await self.ledger.links(self.entry.refs)).values())
            if await self.target.remove(key, link, "deactivate", released):
                outcome = Outcome.DEACTIVATED
        return self._removed(intent, outcome, link, self._delete_at(intent))

    def _delete_at(self, intent: Intent) -> float:
        """When the account is to be deleted: counted from its deactivation, also when that is long past."""
        if intent.delete_after is None:
            return 0.0
        return self.entry.delete_at or self.entry.at + intent.delete_after * DAY

    def _removed(self, intent: Intent, outcome: Outcome, link: str | None, delete_at: float) -> Done:
        return self._done(
            State.REMOVED,
            outcome,
            link,
            reason=intent.reason,
            digest="",
            refs=(),
            missing=(),
            delete_at=delete_at,
        )

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
        return given and self.claim.link is not None and not self.claim.doubt

    async def _write(self, wanted: Wanted) -> tuple[Outcome, str]:
        if self.claim.link is None:
            return await self._create_or_adopt(wanted)
        try:
            applied = await self.target.upsert(wanted, self.claim.link)
        except NotFound:
            # Deleted at the target behind our back: match again before creating.
            await self.ledger.disown(self.claim.link)
            return await self._create_or_adopt(wanted)
        if applied.remote_id != self.claim.link:
            await self._own(applied.remote_id)
        return applied.outcome, applied.remote_id

    async def _create_or_adopt(self, wanted: Wanted) -> tuple[Outcome, str]:
        """No create without a look-up, and a create that hits an existing object looks up again."""
        remote_id = await self._match(wanted)
        if remote_id is None:
            try:
                applied = await self.target.upsert(wanted, None)
            except Conflict as error:
                remote_id = await self._match(wanted)
                if remote_id is None:
                    raise RecordRejected(f"{error}; but no account there matches this record") from None
            else:
                await self._own(applied.remote_id)
                return applied.outcome, applied.remote_id
        if self.route.settings.mode != "create_only":
            await self.target.upsert(wanted, remote_id)
        return Outcome.ADOPTED, remote_id

    async def _match(self, wanted: Wanted) -> str | None:
        matches = await self.target.find(wanted)
        if len(matches) > 1:
            raise AmbiguousMatch([match.remote_id for match in matches])
        if not matches:
            return None
        await self._own(matches[0].remote_id)
        return matches[0].remote_id

    async def _own(self, remote_id: str) -> None:
        """Make the object this record's; two records never share one. Raises RecordRejected."""
        key = self.claim.stored.record.key
        owner = await self.ledger.own(remote_id, key)
        if owner != key:
            raise RecordRejected(f"the account {remote_id} belongs to {owner} already")

    def _done(self, state: State, outcome: Outcome, link: str | None, **changes: Any) -> Done:
        return Done(dataclasses.replace(self.entry, state=state, outcome=outcome, **changes), link)


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
