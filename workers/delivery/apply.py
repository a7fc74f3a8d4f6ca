"""Makes one target's object equal to one claimed record: match, create, adopt, change, deactivate."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.effects import Verb, effects, verb_of, what_of
from bridge.errors import AfterAnother, Conflict, NotFound, RecordRejected, TryLater, Unseen
from bridge.exchange import Applied, Wanted
from bridge.mapping.references import references, resolve, without
from bridge.mapping.route import Action, Intent
from bridge.model import DAY, Entry, Key, Kind, Outcome, State, is_due
from bridge.store.owners import HANDED_OVER
from bridge.store.sight import Sight
from workers.delivery.counting import Uncounted, is_person, let_go, may_take, permitted
from workers.delivery.linking import Linking
from workers.delivery.matching import heir
from workers.delivery.seeing import see_access, see_gone, see_members
from workers.delivery.sending import bring

LOOKS = 5
"""How often an account that may exist is looked for again, in growing gaps: for about half a minute."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger is to say now, and the record's link to the target's object.

    `found`: something would be taken away that no poll has counted, and nothing is done before one has;
    `freed`: it has given up at the target what others may need. `done` and `let_go`: what limits count from
    now on, and no more.
    """

    entry: Entry
    link: str | None
    found: bool = False
    freed: bool = False
    done: tuple[str, ...] = ()
    let_go: tuple[str, ...] = ()


class Applier(Linking):
    """One attempt for one claim."""

    async def is_current(self) -> bool:
        """Whether the ledger says that the target has this revision, and nothing speaks against it."""
        former, claim = self.claim.entry, self.claim
        if former is None or claim.doubt or former.state is State.RETRYING or former.awaits:
            return False
        if former.revision != claim.stored.revision or former.config != self.route.fingerprint:
            return False
        if former.tells_of_an_object and claim.link is None:
            return False
        return not is_due(former, self.entry.at) and not await self.ledger.links(former.missing)

    async def run(self) -> Done:
        """Do what the route intends. Raises what the target raises, AmbiguousMatch and RecordRejected."""
        try:
            return await self._run()
        except Uncounted as waits:
            self.entry = waits.entry
            return self._wait(str(waits))

    async def _run(self) -> Done:
        intent = self.route.intend(self.claim.stored, linked=self.link is not None)
        if intent.action is Action.UPSERT:
            return await self.upsert()
        if intent.action is Action.DEACTIVATE:
            return await self.remove(intent, str(self.link))
        return await self.recognise(intent) if self._may_be_forgotten() else self.skip(intent.reason)

    def _may_be_forgotten(self) -> bool:
        """Whether what is to be taken out of use may be there although no link tells of it.

        A create may have been cut short, or, at the first look at a leaver, Redis may have been emptied; or
        it has lost the link to what the entry says was given.
        """
        stored, entry = self.claim.stored, self.claim.entry
        if self.link or self.route.intend(stored, linked=True).action is not Action.DEACTIVATE:
            return False
        if entry is None:
            return bool(self.claim.doubt) or (stored.leaves and stored.record.key.kind is Kind.PERSON)
        tried = entry.state in (State.RETRYING, State.FAILED) or bool(entry.accepted)
        return bool(self.claim.doubt) or tried or entry.tells_of_an_object

    def skip(self, reason: str) -> Done:
        """Note why this record is not for this target."""
        if self.link is None and self.entry_before.reason.startswith(HANDED_OVER):
            reason = self.entry_before.reason
        return self._done(State.SKIPPED, Outcome.SKIPPED, reason=reason)

    def _wait(self, reason: str) -> Done:
        """Leave all as it is, so that the next poll finds the record behind and counts what it would take."""
        self.entry = dataclasses.replace(self.entry, config="", digest="")
        return dataclasses.replace(self.skip(reason), found=True)

    async def upsert(self) -> Done:
        """Create, adopt or change. Raises what the target raises, NeedsPerson and RecordRejected."""
        record = self.claim.stored.record
        mapped = dict(without(self.route.map(record), self.claim.leaving))
        if lacking := self.route.lacking(record.key.kind, mapped):
            return self.skip(f"has no {lacking}, which this target requires")
        bare = Wanted(record.key, resolve(mapped, {}))
        found = self.link is None and await self._match(bare)
        try:
            return await self._give(mapped, found=found)
        except NotFound:
            if found or self.link is None:
                raise
            await self._lose()  # deleted at the target behind our back: match again before creating
            return await self.upsert()
        except Conflict as error:
            if self.link is not None:
                raise
            if not await self._match(bare, thorough=True):
                raise self._unexplained(error) from None
            return await self._give(mapped, found=True)

    async def _give(self, mapped: dict[str, Any], *, found: bool) -> Done:
        """Resolve the references and write; `found`: the account was matched just now."""
        if self.link is not None:
            mapped = self.route.shielded(self.claim.stored.record, mapped)
        refs = references(mapped)
        links = await self.ledger.links(refs | set(self.entry.refs))
        # A manager whom we gave and who is no longer the right one must not stay until the new one is there.
        attributes = resolve(mapped, links, clear=not refs.issuperset(self.entry.refs))
        digest = self.ledger.digest([self.route.settings.server, attributes])
        released = {name: links[name] for name in set(self.entry.refs) - refs if name in links}
        lost = await self._lost(set(self.entry.refs) - links.keys())
        to_give = tuple(sorted((refs & links.keys()) | lost))
        given: dict[str, Any] = {
            "digest": digest,
            "refs": to_give,
            "missing": tuple(sorted((refs - links.keys()) | lost)),
            "delete_from": 0.0,
            "delete_at": 0.0,
        }
        if not (found or released) and self._has(digest):
            return self._done(State.APPLIED, Outcome.UNCHANGED, **given)
        wanted = Wanted(self.key, attributes, frozenset(released.values()))
        # Whom an operator has the bridge forget is taken out by that word, and counts nowhere.
        counting = sorted(released.keys() - self.claim.leaving)
        if self.link is not None:
            await self._permit(wanted, members=len(counting))
        await self._announce(refs=to_give)
        applied = await self._write(wanted, found=found)
        untouched = applied.outcome is Outcome.ADOPTED and self.route.settings.mode == "create_only"
        wants = None if untouched else self.route.access(attributes)
        await self._see(applied, wants=wants, members=links)
        self._note_open(applied, wants)
        return self._done(State.APPLIED, applied.outcome, members=counting, **given)

    async def recognise(self, intent: Intent) -> Done:
        """Look for an object that the bridge made and has no link of.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        One that is inactive already is no removal.
        """
        if not await self._find_ours():
            self._await_accepted()
            if self._may_come_to_light():
                raise TryLater("a create was cut short, and its account is not found yet")
            return self.skip(intent.reason)
        if not is_person(self.claim):
            return self._wait(intent.reason)
        if self.entry.open is False:
            intent = self.route.intend(self.claim.stored, linked=True)
            return self._removed(intent, Outcome.UNCHANGED, self._delete_from(intent))
        self.entry = dataclasses.replace(self.entry, open=True)
        return self._wait(intent.reason)

    def _may_come_to_light(self) -> bool:
        """Whether to look again for what a create may have made: some targets find a new account late."""
        former, revision = self.claim.entry, self.claim.stored.revision
        if former is None or former.state is not State.RETRYING:
            return bool(self.claim.doubt)
        return former.revision != revision or former.attempts < LOOKS

    @property
    def _patient(self) -> bool:
        """Whether a target that does not show yet what it has done is looked at again later."""
        former = self.claim.entry
        if former is None or former.state is not State.RETRYING:
            return True
        return former.revision != self.claim.stored.revision or former.attempts < LOOKS

    async def remove(self, intent: Intent, link: str) -> Done:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        key = self.key
        was_removed = self.entry.state is State.REMOVED or self.entry.delete_from > 0
        delete_from = self._delete_from(intent)
        if not was_removed and (heir_ := await heir(self.route, self.ledger, self._sight)):
            stance = (await self.ledger.sight(heir_)).stance
            raise AfterAnother(f"{heir_} has its name, and takes its group over", str(heir_), stance)
        self.entry = await permitted(self.route, self.target, self.claim, self.entry, link)
        if self._may_delete(intent):
            await self._foretell()
            await bring(self.target, Wanted(key, {}, removal="delete"), link, self.permit)
            await see_gone(self.target, key, link, patient=self._patient)
            await self._lose()
            return self._removed(intent, Outcome.DELETED, 0.0)
        released = await self.ledger.links(self.entry.refs)
        lost = await self._lost(set(self.entry.refs) - released.keys())
        if self._is_closed(released):
            return self._removed(intent, Outcome.UNCHANGED, delete_from, lost=lost)
        await self._foretell()
        wanted = Wanted(key, {}, frozenset(released.values()), removal="deactivate")
        applied = await bring(self.target, wanted, link, self.permit)
        await self._see(applied, wants=False, members=released)
        if is_person(self.claim):
            self.entry = dataclasses.replace(self.entry, open=False)
        return self._removed(intent, applied.outcome, delete_from, released, lost)

    @property
    def _sight(self) -> Sight:
        """How the record stood when it was claimed."""
        return Sight(self.claim.stored, self.claim.entry, self.claim.link)

    def _may_delete(self, intent: Intent) -> bool:
        """Whether the account's time has come, and that was counted: at once, as a removal."""
        stored, entry = self.claim.stored, self.entry
        verb = verb_of(self.route, stored, entry, linked=True, now=entry.at)
        if verb is Verb.DELETE:
            return may_take(self.claim, what_of(verb, self.key.kind))
        return intent.delete_after == 0

    async def _lost(self, names: Collection[str]) -> set[str]:
        """Of members without a link, those who have an account all the same: Redis has lost the link.

        They stay the bridge's to take out, and are, as soon as it is known again which account is theirs. It
        may be known just now.
        """
        if is_person(self.claim) or not names:
            return set()
        sights = {name: await self.ledger.sight(Key.parse(name)) for name in sorted(names)}
        return {name for name, sight in sights.items() if sight.is_there}

    def _is_closed(self, released: Collection[str]) -> bool:
        """Whether nothing is to be sent: the account was seen or made inactive, and that is not in doubt."""
        if self.claim.doubt:
            return False
        if is_person(self.claim):
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
        released: Iterable[str] = (),
        lost: Iterable[str] = (),
    ) -> Done:
        gone = outcome is Outcome.DELETED
        waits = intent.delete_after is not None and not gone
        delete_at = delete_from + (intent.delete_after or 0) * DAY if waits else 0.0
        changes: dict[str, Any] = {"digest": "", "missing": tuple(sorted(lost))}
        if self.claim.stored.record.key.kind is Kind.TEAM:
            # Its members were taken out, as far as they are known; a person keeps the manager that was given.
            changes["refs"] = changes["missing"]
        changes |= {"reason": intent.reason, "delete_from": delete_from, "delete_at": delete_at}
        return self._done(State.REMOVED, outcome, members=released, **changes)

    async def _permit(self, wanted: Wanted, members: int) -> None:
        """Let nothing be taken from an account that is there before it was counted. Raises Uncounted."""
        link, members = str(self.link), 0 if is_person(self.claim) else members
        self.entry = await permitted(self.route, self.target, self.claim, self.entry, link, members)
        access = self.route.access(wanted.attributes)
        if self.entry.open is False and access:
            self.entry = dataclasses.replace(self.entry, open=None)  # whatever comes of the request
        if access is False:
            await self._foretell()

    async def _foretell(self) -> None:
        """Before an account is closed, let limits count it: nobody can tell what comes of the request."""
        if not is_person(self.claim) or not self.entry.open:
            return
        key, closing = self.claim.stored.record.key, what_of(Verb.REMOVE, Kind.PERSON)
        approved = let_go(self.claim, closing) or self.route.settings.limits.remove is None
        told: dict[str, Any] = {"refs": self.entry.refs, "accepted": self.entry.accepted, "open": None}
        former = dataclasses.replace(self.claim.entry or Entry(), **told)
        names = () if approved else (f"{closing} {key}",)
        await self.ledger.announce(self.claim, former, names, self.entry.at)
        self.entry = dataclasses.replace(self.entry, open=None)

    async def _announce(self, *, refs: Iterable[str] = (), accepted: float | None = None) -> None:
        """Note what has to be known even after a crash.

        References before they are given: nobody could tell whose they are. A create that was accepted
        without an account to be seen: nobody would know that there may be one.
        """
        told: dict[str, Any] = {
            "refs": tuple(sorted({*self.entry.refs, *refs})),
            "accepted": self.entry.accepted if accepted is None else accepted,
            "open": self.entry.open,
        }
        entry = dataclasses.replace(self.entry, **told)
        if entry != self.entry:
            self.entry = entry
            await self.ledger.announce(self.claim, dataclasses.replace(self.claim.entry or Entry(), **told))

    async def _see(self, applied: Applied, *, wants: bool | None, members: Mapping[str, str]) -> None:
        """Believe a write when the target shows it. Raises RecordRejected or TryLater.

        `members`: remote ids by record, of those who may be named.
        """
        if self.key.kind is Kind.PERSON:
            await see_access(self.target, self.key, applied, wants, patient=self._patient)
        see_members(applied, {id_: name for name, id_ in members.items()}, patient=self._patient)

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
            f" kenjo-bridge failures retry {self.key} to have it created again"
        )

    def _unexplained(self, error: Conflict) -> TryLater | RecordRejected:
        """What a create becomes that hits an account which no look-up shows."""
        if self._patient:  # some targets find a new account only after a while
            return TryLater(f"{error}; but no account there matches this record")
        return RecordRejected(
            f"{error}; but no account there matches this record: it may be hidden there, as inactive or"
            " deleted ones are; restore or rename it there, or use failures adopt"
        )

    def _has(self, digest: str) -> bool:
        """Whether the target was last given just this, and nobody can have changed it since."""
        entry = self.entry
        given = entry.state in (State.APPLIED, State.SKIPPED) and entry.digest == digest
        return given and self.link is not None and not self.claim.doubt

    async def _write(self, wanted: Wanted, *, found: bool) -> Applied:
        if self.link is None:
            return await self._create(wanted)
        if found and self.route.settings.mode == "create_only":
            return Applied(self.link, Outcome.ADOPTED)
        try:
            applied = await self._change(wanted, self.link)
        except (RecordRejected, TryLater) as error:
            await self._take_at_least(wanted, self.link, error)
            raise
        await self._own(applied.remote_id)
        return dataclasses.replace(applied, outcome=Outcome.ADOPTED) if found else applied

    async def _change(self, wanted: Wanted, link: str) -> Applied:
        try:
            return await bring(self.target, wanted, link, self.permit)
        except Conflict as error:
            return await self._clash(wanted, error)

    async def _take_at_least(self, wanted: Wanted, link: str, error: RecordRejected | TryLater) -> None:
        """Nobody keeps access, or stays in a group, because the target refuses another value."""
        closes = is_person(self.claim) and self.route.access(wanted.attributes) is False
        leave = frozenset() if is_person(self.claim) else wanted.released
        if not (closes or leave) or isinstance(error, NotFound):
            return
        if isinstance(error, TryLater) and error.of_the_target:
            return
        least = Wanted(self.key, self.route.access_alone(wanted.attributes), leave)
        with contextlib.suppress(RecordRejected, TryLater):  # the first error is told
            applied = await bring(self.target, least, link, self.permit)
            if closes:
                seen = await see_access(self.target, self.key, applied, wants=False, patient=False)
                self.entry = dataclasses.replace(self.entry, open=seen)

    async def _create(self, wanted: Wanted) -> Applied:
        """No create without a look-up, which has found nothing. Raises Conflict: look up again."""
        self._await_accepted()
        try:
            applied = await bring(self.target, wanted, None, self.permit)
        except Unseen:
            await self._announce(accepted=self.entry.at)
            raise
        except Conflict:
            raise
        except RecordRejected as error:
            if self._may_come_to_light():  # parked, the account would be without its link
                raise TryLater(f"{error}; a create was cut short before") from None
            raise
        await self._own(applied.remote_id)
        return applied

    def _note_open(self, applied: Applied, wants: bool | None) -> None:
        """Note whether the account gives access now: as the target shows it, else as it was given."""
        shown = applied.open if applied.open is not None else wants
        if shown is None and applied.outcome is Outcome.CREATED:
            shown = True
        if shown is not None and is_person(self.claim):
            self.entry = dataclasses.replace(self.entry, open=shown)

    def _done(self, state: State, outcome: Outcome, members: Iterable[str] = (), **changes: Any) -> Done:
        entry = dataclasses.replace(self.entry, state=state, outcome=outcome, **changes)
        members = () if is_person(self.claim) else members  # a person's references are no memberships
        found = effects(self.route, self.claim.stored, self.claim.entry, entry, members)
        approved = {one.name for one in found if let_go(self.claim, one.taking)}
        done = tuple(one.name for one in found if one.name not in approved)
        return Done(entry, self.link, done=done, let_go=tuple(sorted(approved)))
