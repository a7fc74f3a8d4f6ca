"""Which of a target's objects is one record's, and what is seen of it. Reads, and remembers what it read."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bridge.errors import AmbiguousMatch, TryLater
from bridge.exchange import Remote, Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Outcome, State
from bridge.store.claims import Case
from bridge.store.owners import HANDED_OVER
from bridge.store.sight import Sight
from workers.delivery.choosing import Choice, Choosing, Refused
from workers.delivery.counting import as_seen, check_counted, needs_a_look
from workers.delivery.decision import Decision
from workers.delivery.elsewhere import Elsewhere
from workers.delivery.inventory import Absent, is_new
from workers.delivery.line import Position
from workers.delivery.matching import Chosen, Matching
from workers.delivery.view import View
from workers.targets.base import Target


class Looking:
    """Decides about one case as it stands: `entry` is the former one, stamped for this revision.

    `absent` tells of whom it is certain, without a look-up, that nothing there is theirs; `elsewhere` what
    other targets have given that is wanted here; `position` its place among those who choose what nobody else
    has, of which it passes what was `refused`. `found` is what a look-up has found.
    """

    def __init__(
        self,
        route: Route,
        target: Target,
        view: View,
        case: Case,
        entry: Entry,
        link: str | None,
        absent: Absent | None = None,
        elsewhere: Elsewhere | None = None,
        position: Position | None = None,
        refused: Refused = (),
    ) -> None:
        self._absent = absent
        self._elsewhere = elsewhere
        self._position = position
        self._refused = refused
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

    # Which object is the record's

    async def _match(self, wanted: Wanted, *, thorough: bool) -> None:
        """Look the record up, and choose the one account that is its own. Raises NeedsPerson, AfterAnother.

        `thorough`: a conflict tells that there is one.
        """
        listed = None if thorough or not is_new(self.case) else self._absent
        if listed and listed(wanted):
            self.found = []
        else:
            self.found = await self.target.find(wanted, thorough=thorough)
            if listed and not self.found:  # its list has a value of it, spelt so that no look-up finds it
                self.found = await self.target.find(wanted, thorough=True)
        await self._choose_among(self.found, wanted)

    async def _choose_among(self, found: Sequence[Remote], wanted: Wanted) -> None:
        """Choose the one account that is the record's own, if it is among these."""
        found = await self._in_full(found, wanted)
        chosen = await Matching(self.route, self.view, wanted).choose(found)
        if chosen is None:
            return
        if chosen.owner:
            await self._take_over(chosen.owner)
        self._choose(chosen, next((one.open for one in found if one.id == chosen.remote_id), None))

    async def _in_full(self, found: Sequence[Remote], wanted: Wanted) -> Sequence[Remote]:
        """A single match with what a look-up may leave out: whose id it carries, and whether it is open.

        Some servers show little of what they list; a stranger's account would seem to be nobody's.
        """
        if len(found) != 1 or found[0].ours or found[0].other_id:
            return found
        (match,) = found
        seen = await self.target.read(self.key, match.id)
        if seen is None:
            return found
        self._seen, carries = seen, seen.external_id
        own = carries if carries == wanted.attributes.get("externalId") else self.key.id
        is_open = seen.open if match.open is None else match.open
        return [Remote.found(match.id, is_open, own=own, carries=carries, by=match.by)]

    async def _choose_unique(self, attributes: Mapping[str, Any]) -> tuple[Choice, ...]:
        """What a new account is to have that nobody else has; nothing where its account is there after all.

        Raises NeedsPerson, AfterAnother, and RecordRejected when all is taken.
        """
        if not self.route.unique.expressions or not self.case.is_person:
            return ()
        if self._position:
            await self._position.reached()
        case, view = self.case, self.view
        choosing = Choosing(self.route, self.target, view, case, self.entry, self._absent, self._refused)
        if found := await choosing.own(attributes):
            await self._choose_among(found, Wanted(self.key, attributes))
        return () if self.link is not None else await choosing.choose()

    async def _take_over(self, owner: Key) -> None:
        """Whoever gets an object gets what was given with it."""
        sight = await self.view.sight(owner)
        given = sight.entry.refs if sight.entry else ()
        self.entry = dataclasses.replace(self.entry, refs=tuple(sorted({*self.entry.refs, *given})))

    async def _find_ours(self) -> bool:
        """Look up an account with the record's Kenjo id, which only the bridge can have given.

        One that a person has given to another record since is not ours any more.
        """
        told = {**self.route.told_of(self.case.stored.record), **await self._given_elsewhere()}
        bare = Wanted(self.key, resolve(told, {}))
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

    async def _given_elsewhere(self) -> dict[str, str | None]:
        """What other targets have given of this record that is wanted here."""
        return await self._elsewhere.given(self.key) if self._elsewhere else {}

    def _choose(self, account: Chosen, is_open: bool | None) -> None:
        self._account, self.link = account, account.remote_id
        self.entry = dataclasses.replace(self.entry, accepted=0.0, open=is_open, made=0.0)

    def _lose(self) -> None:
        """The object is not there any more."""
        self._lost, self.link, self._seen = self.link, None, None
        self.entry = dataclasses.replace(self.entry, open=None, made=0.0, accepted=0.0)

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
            self._seen = await self.target.read(self.key, link)
            if self._seen is None:
                self._see_that_it_is_old()
            self._seen = self._seen or hidden
        return self._seen

    async def _is_anothers(self, link: str) -> bool:
        """Whether the object carries the id of another record that is to have it.

        Redis may have forgotten that, or the target gives the ids of deleted objects again.
        """
        carries = (await self._look(link)).external_id
        if carries in ("", self.key.id):
            return False
        sight = await self.view.sight(Key(self.key.kind, carries))
        return sight.stored is not None and not self.route.unserved(sight.stored)

    def _see_that_it_is_old(self, within: float = 0.0) -> None:
        """Raise TryLater for an object that was made just now, at a target that may not show it yet.

        `within` so many seconds at any target, and longer at one that is known for it.

        Taken for deleted, it would be made anew under another address, or stay open when somebody leaves.
        """
        if self.target.can.late:
            within = max(within, self.route.settings.create_shows_within)
        if self.entry.made <= self.entry.at < self.entry.made + within:
            raise TryLater("created it a moment ago, and does not show it yet")

    async def _check_counted(self, link: str, members: int = 0) -> None:
        """Let nothing be taken from an account that is there before it was counted. Raises Uncounted."""
        if needs_a_look(self.route, self.case, self.entry):
            self.entry = as_seen(self.entry, await self._look(link))
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
        says: dict[str, Any] = {"state": State.SKIPPED, "outcome": Outcome.SKIPPED, "reason": reason}
        return self._decision(says={**says, "missing": ()})  # who is left out waits for nobody

    def wait(self, reason: str) -> Decision:
        """Leave all as it is, so that the next poll finds the record behind and counts what it would take."""
        self.entry = dataclasses.replace(self.entry, config="", digest="")
        return dataclasses.replace(self._skip(reason), waits=True)

    def _decision(self, **named: Any) -> Decision:
        return Decision(self.entry, self.link, self._lost, self._account, **named)
