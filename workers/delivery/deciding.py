"""Decides what a delivery does at its target: match, map, compare. It reads, and writes nothing anywhere."""

from __future__ import annotations

from typing import Any

from bridge.errors import BridgeError, NotFound, RecordRejected
from bridge.exchange import Remote, Wanted
from bridge.mapping.references import references, resolve, without
from bridge.mapping.restoring import intended, mapped
from bridge.mapping.route import Action
from bridge.model import Outcome, State, is_due
from workers.delivery.counting import Uncounted
from workers.delivery.decision import Decision
from workers.delivery.removing import Removing


class Decider(Removing):
    """Decides what to do for one case, as it stands."""

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

    async def lost_account(self) -> str | None:
        """The account with this record's Kenjo id, of which no link tells. Raises what `decide` does."""
        return self.link if await self._find_ours() else None

    async def decide(self, *, thorough: bool = False, gone: bool = False) -> Decision:
        """What to do. Raises what the target raises, AfterAnother, NeedsPerson, RecordRejected.

        `thorough`: a create met a conflict, so there is an account; `gone`: the linked one is not there.
        """
        if gone:
            self._see_that_it_is_old()
            self._lose()
        try:
            return await self._decide(thorough=thorough)
        except Uncounted as waits:
            return self.wait(str(waits))
        except BridgeError as error:
            if self._account is None and self._lost is None:
                raise
            return self._decision(error=error)  # what was found of its account is true all the same

    async def _decide(self, *, thorough: bool = False) -> Decision:
        intent = intended(self.route, self.case.stored, self.entry, linked=self.link is not None)
        if intent.action is Action.UPSERT:
            return await self._upsert(thorough=thorough)
        if intent.action is Action.DEACTIVATE:
            return await self._remove(intent, str(self.link))
        return await self._recognise(intent) if self._may_be_forgotten() else self._skip(intent.reason)

    async def _upsert(self, *, thorough: bool = False) -> Decision:
        """Create, adopt or change."""
        record = self.case.stored.record
        said = mapped(self.route, self.case.stored, self.entry)
        attributes = {**without(said, self.case.leaving), **await self._given_elsewhere()}
        if lacking := self.route.lacking(record.key.kind, attributes):
            return self._skip(f"has no {lacking}, which this target requires")
        if self.link is None:
            await self._match(Wanted(self.key, resolve(attributes, {})), thorough=thorough)
        choices = () if self.link is not None else await self._choose_unique(resolve(attributes, {}))
        if self.link is not None:
            attributes = self.route.lasting(self.route.shielded(record, attributes))
        refs = references(attributes)
        links = await self.view.links(refs | set(self.entry.refs))
        # A manager whom we gave and who is no longer the right one must not stay until the new one is there.
        values = resolve(attributes, links, clear=not refs.issuperset(self.entry.refs))
        digest = self.view.digest([self.route.settings.server, self.route.lasting(values)])
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
        given = {choice.attribute: choice.value for choice in choices}
        wanted = Wanted(self.key, {**values, **given}, frozenset(released.values()))
        # Whom an operator has the bridge forget is taken out by that word, and counts nowhere.
        members = tuple(sorted(released.keys() - self.case.leaving))
        names = {remote_id: name for name, remote_id in links.items()}
        return await self._change(wanted, says, members=members, names=names, choices=choices)

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
        if not adopts and await self._is_anothers(self.link):
            self._lose()
            return await self._decide()
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
        await self._check_counted(self.link, 0 if self.case.is_person else len(named["members"]))
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

    def _least(self, wanted: Wanted, there: Remote) -> Wanted | None:
        """What has to come at least: that the account is closed, and who leaves the group."""
        closes = self.case.is_person and self.route.access(wanted.attributes) is False
        leave = frozenset() if self.case.is_person else wanted.released
        if not (closes or leave) or there.content is None:
            return None
        return Wanted(self.key, self.route.access_alone(wanted.attributes), leave)

    def _has(self, digest: str) -> bool:
        """Whether the target was last given just this, and nobody can have changed it since."""
        entry = self.entry
        given = entry.state in (State.APPLIED, State.SKIPPED) and entry.digest == digest
        return given and self.link is not None and not self.case.doubt
