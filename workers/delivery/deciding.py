"""Decides what a delivery does at its target: match, map, compare. It reads, and writes nothing anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.effects import Verb, verb_of, what_of
from bridge.errors import AfterAnother, AmbiguousMatch, BridgeError, NotFound, RecordRejected, TryLater
from bridge.exchange import Change, Remote, Wanted
from bridge.mapping.references import references, resolve, without
from bridge.mapping.route import Action, Intent, Route
from bridge.model import DAY, Entry, Key, Outcome, State, is_due
from bridge.store.claims import Case
from bridge.store.owners import HANDED_OVER
from bridge.store.sight import Sight
from workers.delivery.counting import Uncounted, as_seen, check_counted, may_take, needs_a_look
from workers.delivery.matching import Chosen, Matching, heir
from workers.delivery.view import View
from workers.targets.base import Target

LOOKS = 5
"""How often an account that may exist is looked for again, in growing gaps: for about half a minute."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one delivery is to do. Nothing of it is done yet.

    `entry` and `link` are how the record stands, with what was seen while deciding; `lost` is a link that
    leads nowhere any more, `account` the object that is to be made the record's. `change` is what is sent
    (None: nothing), made of `wanted` and of what is `there`; where it is refused, `least` is sent in its
    place: nobody keeps access, or stays in a group, because of another value. `error` is why there is no
    change. `says` is what the ledger is to say afterwards, `access` whether the account is then to be open
    (None: as it is), `names` are records by remote id of those who may be named, `members` those whom limits
    count as taken out. `waits`: nothing is done before a poll has counted it.
    """

    entry: Entry
    link: str | None
    lost: str | None = None
    account: Chosen | None = None
    change: Change | None = None
    least: Change | None = None
    wanted: Wanted | None = None
    there: Remote | None = None
    error: BridgeError | None = None
    says: Mapping[str, Any] = field(default_factory=dict)
    access: bool | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    waits: bool = False

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return Outcome(self.says["outcome"])


class Decider:
    """Decides about one case as it stands: `entry` is the former one, stamped for this revision.

    `empty`: the target has no accounts, so no person is looked up. `found` is what a look-up has found.
    """

    def __init__(
        self,
        route: Route,
        target: Target,
        view: View,
        case: Case,
        entry: Entry,
        link: str | None,
        *,
        empty: bool = False,
    ) -> None:
        self._empty = empty
        self.route = route
        self.target = target
        self.view = view
        self.case = case
        self.key = case.key
        self.entry = entry
        self.link = link
        self.found: list[Remote] | None = None
        self._former = case.entry or Entry()
        self._lost: str | None = None
        self._account: Chosen | None = None
        self._seen: Remote | None = None

    async def is_current(self) -> bool:
        """Whether the ledger says that the target has this revision, and nothing speaks against it."""
        former, case = self.case.entry, self.case
        if former is None or case.doubt or former.state is State.RETRYING or former.awaits:
            return False
        if former.revision != case.stored.revision or former.config != self.route.fingerprint:
            return False
        if former.tells_of_an_object and case.link is None:
            return False
        return not is_due(former, self.entry.at) and not await self.view.links(former.missing)

    async def decide(self, *, thorough: bool = False, gone: bool = False) -> Decision:
        """What to do. Raises what the target raises, AfterAnother, NeedsPerson, RecordRejected.

        `thorough`: a create met a conflict, so there is an account; `gone`: the linked one is not there.
        """
        if gone:
            self._lose()
        try:
            return await self._decide(thorough=thorough)
        except Uncounted as waits:
            return self._wait(str(waits))
        except BridgeError as error:
            if self._account is None and self._lost is None:
                raise
            return self._decision(error=error)  # what was found of its account is true all the same

    async def _decide(self, *, thorough: bool = False) -> Decision:
        intent = self.route.intend(self.case.stored, linked=self.link is not None)
        if intent.action is Action.UPSERT:
            return await self._upsert(thorough=thorough)
        if intent.action is Action.DEACTIVATE:
            return await self._remove(intent, str(self.link))
        return await self._recognise(intent) if self._may_be_forgotten() else self._skip(intent.reason)

    # What is to be there

    async def _upsert(self, *, thorough: bool = False) -> Decision:
        """Create, adopt or change."""
        record = self.case.stored.record
        mapped = dict(without(self.route.map(record), self.case.leaving))
        if lacking := self.route.lacking(record.key.kind, mapped):
            return self._skip(f"has no {lacking}, which this target requires")
        if self.link is None:
            await self._match(Wanted(self.key, resolve(mapped, {})), thorough=thorough)
        if self.link is not None:
            mapped = self.route.shielded(record, mapped)
        refs = references(mapped)
        links = await self.view.links(refs | set(self.entry.refs))
        # A manager whom we gave and who is no longer the right one must not stay until the new one is there.
        attributes = resolve(mapped, links, clear=not refs.issuperset(self.entry.refs))
        digest = self.view.digest([self.route.settings.server, attributes])
        released = {name: links[name] for name in set(self.entry.refs) - refs if name in links}
        lost = await self._without_link(set(self.entry.refs) - links.keys())
        says: dict[str, Any] = {
            "state": State.APPLIED,
            "outcome": Outcome.UNCHANGED,
            "digest": digest,
            "refs": tuple(sorted((refs & links.keys()) | lost)),
            "missing": tuple(sorted((refs - links.keys()) | lost)),
            "delete_from": 0.0,
            "delete_at": 0.0,
        }
        if not (self._account or released) and self._has(digest):
            return self._decision(says=says)
        wanted = Wanted(self.key, attributes, frozenset(released.values()))
        # Whom an operator has the bridge forget is taken out by that word, and counts nowhere.
        members = tuple(sorted(released.keys() - self.case.leaving))
        names = {remote_id: name for name, remote_id in links.items()}
        return await self._change(wanted, says, members=members, names=names)

    async def _change(self, wanted: Wanted, says: dict[str, Any], **named: Any) -> Decision:
        """How the object becomes as wanted: what differs, if its access may be changed like that."""
        adopts = self._account is not None
        untouched = adopts and self.route.settings.mode == "create_only"
        access = None if untouched else self.route.access(wanted.attributes)
        if self.link is None:
            self._await_accepted()
            change = self.target.change(wanted, None)
            says["outcome"] = Outcome.CREATED
            return self._decision(change=change, wanted=wanted, says=says, access=access, **named)
        there, change, error = await self._look(self.link), None, None
        try:
            change = None if untouched else self.target.change(wanted, there)
        except NotFound:
            if adopts:
                raise
            self._lose()  # deleted at the target behind our back: match again before creating
            return await self._decide()
        except RecordRejected as refused:
            error = refused
        self._check_counted(there, 0 if self.case.is_person else len(named["members"]))
        says["outcome"] = Outcome.ADOPTED if adopts else change.outcome if change else Outcome.UNCHANGED
        least = self._least(wanted, there)
        return self._decision(
            change=change,
            least=least,
            wanted=wanted,
            there=there,
            error=error,
            says=says,
            access=access,
            **named,
        )

    def _least(self, wanted: Wanted, there: Remote) -> Change | None:
        """What has to be sent at least: what closes the account, who leaves the group."""
        closes = self.case.is_person and self.route.access(wanted.attributes) is False
        leave = frozenset() if self.case.is_person else wanted.released
        if not (closes or leave) or there.content is None:
            return None
        alone = Wanted(self.key, self.route.access_alone(wanted.attributes), leave)
        try:
            return self.target.change(alone, there)
        except RecordRejected:
            return None

    def _has(self, digest: str) -> bool:
        """Whether the target was last given just this, and nobody can have changed it since."""
        entry = self.entry
        given = entry.state in (State.APPLIED, State.SKIPPED) and entry.digest == digest
        return given and self.link is not None and not self.case.doubt

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

    # What is not to be there any more

    async def _remove(self, intent: Intent, link: str) -> Decision:
        """Take the account out of use, what it holds stays; delete it where its time has come."""
        was_removed = self.entry.state is State.REMOVED or self.entry.delete_from > 0
        delete_from = self._delete_from(intent)
        if not was_removed and (heir_ := await heir(self.route, self.view, self._sight)):
            stance = (await self.view.sight(heir_)).stance
            raise AfterAnother(f"{heir_} has its name, and takes its group over", str(heir_), stance)
        if needs_a_look(self.route, self.case, self.entry):
            self._check_counted(await self._look(link))
        else:
            check_counted(self.route, self.case, self.entry)
        if self._may_delete(intent):
            wanted = Wanted(self.key, {}, removal="delete")
            change = self.target.change(wanted, Remote(link))
            return self._removed(intent, Outcome.DELETED, 0.0, change=change, wanted=wanted)
        released = await self.view.links(self.entry.refs)
        lost = await self._without_link(set(self.entry.refs) - released.keys())
        if self._is_closed(released):
            return self._removed(intent, Outcome.UNCHANGED, delete_from, lost=lost)
        wanted = Wanted(self.key, {}, frozenset(released.values()), removal="deactivate")
        there = await self._look(link)
        try:
            change = self.target.change(wanted, there)
        except NotFound:
            change = None  # what is not there any more gives no access
        outcome = change.outcome if change else Outcome.UNCHANGED
        return self._removed(
            intent, outcome, delete_from, released, lost, change=change, wanted=wanted, there=there
        )

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
        tried = entry.state in (State.RETRYING, State.FAILED) or bool(entry.accepted)
        return bool(self.case.doubt) or tried or entry.tells_of_an_object

    async def _recognise(self, intent: Intent) -> Decision:
        """Look for an object that the bridge made and has no link of.

        It is only linked: as the removal that it now is, it goes the way of all removals, limits included.
        One that is inactive already is no removal.
        """
        if not await self._find_ours():
            self._await_accepted()
            if self._may_come_to_light():
                raise TryLater("a create was cut short, and its account is not found yet")
            return self._skip(intent.reason)
        if not self.case.is_person:
            return self._wait(intent.reason)
        if self.entry.open is False:
            intent = self.route.intend(self.case.stored, linked=True)
            return self._removed(intent, Outcome.UNCHANGED, self._delete_from(intent))
        self.entry = dataclasses.replace(self.entry, open=True)
        return self._wait(intent.reason)

    def _may_come_to_light(self) -> bool:
        """Whether to look again for what a create may have made: some targets find a new account late."""
        return may_come_to_light(self.case)

    # Which object is the record's

    async def _match(self, wanted: Wanted, *, thorough: bool) -> None:
        """Look the record up, and choose the one account that is its own. Raises NeedsPerson, AfterAnother.

        `thorough`: a conflict tells that there is one.
        """
        nobody = self._empty and self.case.is_person
        self.found = found = [] if nobody else await self.target.find(wanted, thorough=thorough)
        chosen = await Matching(self.route, self.view, wanted).choose(found)
        if chosen is None:
            return
        if chosen.owner:
            await self._take_over(chosen.owner)
        self._choose(chosen, next((one.open for one in found if one.id == chosen.remote_id), None))

    async def _take_over(self, owner: Key) -> None:
        """Whoever gets an object gets what was given with it."""
        sight = await self.view.sight(owner)
        given = sight.entry.refs if sight.entry else ()
        self.entry = dataclasses.replace(self.entry, refs=tuple(sorted({*self.entry.refs, *given})))

    async def _find_ours(self) -> bool:
        """Look up an account with the record's Kenjo id, which only the bridge can have given.

        One that a person has given to another record since is not ours any more.
        """
        bare = Wanted(self.key, resolve(self.route.told_of(self.case.stored.record), {}))
        self.found = await self.target.find(bare)
        found = [match for match in self.found if match.ours]
        owners = [await self.view.owner(self.key.kind, match.id) for match in found[:1]]
        if found and owners[0] not in (None, self.key) and len(found) == 1:
            return False
        if len(found) > 1:
            raise AmbiguousMatch([match.id for match in found])
        if found:
            self._choose(Chosen(found[0].id), found[0].open)
        return bool(found)

    def _choose(self, account: Chosen, is_open: bool | None) -> None:
        self._account, self.link = account, account.remote_id
        self.entry = dataclasses.replace(self.entry, accepted=0.0, open=is_open)

    def _lose(self) -> None:
        """The object is not there any more."""
        self._lost, self.link, self._seen = self.link, None, None
        self.entry = dataclasses.replace(self.entry, open=None)

    async def _without_link(self, names: Collection[str]) -> set[str]:
        """Of members without a link, those who have an account all the same: Redis has lost the link.

        They stay the bridge's to take out, and are, as soon as it is known again which account is theirs. It
        may be known just now.
        """
        if self.case.is_person or not names:
            return set()
        sights = {name: await self.view.sight(Key.parse(name)) for name in sorted(names)}
        return {name for name, sight in sights.items() if sight.is_there}

    async def _look(self, link: str) -> Remote:
        """What there is, read once; of what is not shown only the id is known."""
        if self._seen is None:
            hidden = Remote(link, open=False if self.target.can.shows else None)
            self._seen = await self.target.read(self.key, link) or hidden
        return self._seen

    def _check_counted(self, there: Remote, members: int = 0) -> None:
        """Let nothing be taken from an account that is there before it was counted. Raises Uncounted."""
        if needs_a_look(self.route, self.case, self.entry):
            self.entry = as_seen(self.entry, there)
        check_counted(self.route, self.case, self.entry, members)

    @property
    def _sight(self) -> Sight:
        """How the record stood when it was claimed."""
        return Sight(self.case.stored, self.case.entry, self.case.link)

    # What comes of it

    def _skip(self, reason: str) -> Decision:
        """Note why this record is not for this target."""
        if self.link is None and self._former.reason.startswith(HANDED_OVER):
            reason = self._former.reason
        return self._decision(says={"state": State.SKIPPED, "outcome": Outcome.SKIPPED, "reason": reason})

    def _wait(self, reason: str) -> Decision:
        """Leave all as it is, so that the next poll finds the record behind and counts what it would take."""
        self.entry = dataclasses.replace(self.entry, config="", digest="")
        return dataclasses.replace(self._skip(reason), waits=True)

    def _decision(self, **named: Any) -> Decision:
        return Decision(self.entry, self.link, self._lost, self._account, **named)


def may_come_to_light(case: Case) -> bool:
    """Whether to look again for what a create may have made: some targets find a new account late."""
    former, revision = case.entry, case.stored.revision
    if former is None or former.state is not State.RETRYING:
        return bool(case.doubt)
    return former.revision != revision or former.attempts < LOOKS
