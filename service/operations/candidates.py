"""Accounts among which somebody has to choose, side by side with what is wanted. Reads only."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import BridgeError, ConfigurationError, RecordRejected, TargetHalted, TryLater
from bridge.exchange import FieldChange, Remote, Wanted
from bridge.mapping.references import references, resolve
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Kind, State, Stored
from bridge.store import Ledger
from bridge.store.claims import Case
from service.operations.adopting import owner_of, see_free
from service.operations.assembly import Bridge, connected
from service.operations.failures import failed
from service.operations.telling import shown
from workers.connect import Connected
from workers.delivery.failing import private

SHOWN = 20
"""Candidates that are read; nobody chooses among more."""


async def candidates(bridge: Bridge, target: str, record: str, *, values: bool) -> dict[str, Any]:
    """What `side_by_side` tells of a record that has failed at a target. The target is asked.

    Raises ConfigurationError where it has not failed, or there is nothing to choose from.
    """
    key, entry = await failed(bridge, target, record)
    stored = await bridge.backend.records.get(key)
    if stored is None:
        raise ConfigurationError(f"what Kenjo says of {key} is not stored")
    async with connected(bridge, [target]) as targets:
        found = await side_by_side(bridge, targets[target], stored, entry, values=values)
    if found is None:
        raise ConfigurationError(f"there are no accounts at {target} among which to choose for {key}")
    return found


async def side_by_side(
    bridge: Bridge, one: Connected, stored: Stored, entry: Entry | None, *, values: bool
) -> dict[str, Any] | None:
    """`{wanted, accounts, left_out, trouble}`: a parked record and its candidates; None where it has none.

    `wanted`: `{attribute, value}` by row. `accounts`: `{account, owner, why, refused, facts, fields,
    trouble}` with `fields` in the order of `wanted`: `{attribute, value, differs}`, none where a `trouble`
    says why the account cannot be compared. `owner` is another record that has the account, `why` that one
    should have none any more, `refused` why it cannot be adopted as things stand. `left_out`: how many were
    not read. References are told as the records they mean. Without `values`, whatever may be somebody's is
    hidden; what differs is told all the same.
    """
    if entry is None or entry.state is not State.FAILED or not entry.candidates:
        return None
    ledger = bridge.backend.ledger(one.route.name)
    comparison = await _comparison(one, ledger, Case(stored=stored, entry=entry, link=None))
    seen = [
        await comparison.see(await _whose(one.route, ledger, stored.record.key, entry, account))
        for account in entry.candidates[:SHOWN]
    ]
    rows = [row async for row in _rows(comparison, ledger, seen)]
    return {
        "wanted": [{"attribute": row.attribute, "value": row.shown(row.wanted, values)} for row in rows],
        "accounts": [one.told(rows, values=values) for one in seen],
        "left_out": max(0, len(entry.candidates) - SHOWN),
        "trouble": comparison.trouble or None,
    }


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute, and what is wanted of it. `names`: which record each remote id in it stands for."""

    attribute: str
    wanted: Any
    names: Mapping[str, str] = field(default_factory=dict)

    def shown(self, value: Any, values: bool) -> Any:
        """A value of it as it may be shown, with records for references."""
        if isinstance(value, list):
            value = [self.names.get(one, one) for one in value]
        elif isinstance(value, str):
            value = self.names.get(value, value)
        return shown(value, values)


@dataclass(frozen=True, slots=True)
class Seen:
    """A candidate, and what differs there from what is wanted. `differences` is None where nobody knows."""

    account: str
    owner: Key | None
    why: str = ""
    refused: str = ""
    facts: tuple[str, ...] = ()
    differences: Mapping[str, list[FieldChange]] | None = None
    trouble: str = ""

    def told(self, rows: Sequence[Row], *, values: bool) -> dict[str, Any]:
        """For `--json`, pages and the API."""
        return {
            "account": self.account,
            "owner": str(self.owner) if self.owner else None,
            "why": self.why or None,
            "refused": self.refused or None,
            "facts": list(self.facts),
            "fields": [] if self.differences is None else [self._field(row, values) for row in rows],
            "trouble": self.trouble or None,
        }

    def _field(self, row: Row, values: bool) -> dict[str, Any]:
        """What the account has of an attribute; what does not differ is what is wanted."""
        differs = (self.differences or {}).get(row.attribute, [])
        value = row.shown(_there(row.wanted, differs), values)
        return {"attribute": row.attribute, "value": value, "differs": bool(differs)}


@dataclass(slots=True)
class _Comparison:
    """What a record wants at a target. `trouble`: why no account can be compared with it.

    `names`: which record each remote id in it stands for.
    """

    one: Connected
    case: Case
    wanted: Wanted
    names: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    async def see(self, whose: Seen) -> Seen:
        """A candidate with what differs now. Once a target does not answer, no other is asked for."""
        if self.trouble:
            return whose
        try:
            there = await self.one.target.read(self.wanted.key, whose.account)
            if there is None or there.content is None:
                return dataclasses.replace(whose, trouble="the target does not show it")
            change = self.one.target.change(self.wanted, there)
        except (TargetHalted, TryLater) as error:
            self.trouble = private(str(error), self.case)
            return whose
        except BridgeError as error:
            return dataclasses.replace(whose, trouble=private(str(error), self.case))
        differences: dict[str, list[FieldChange]] = {}
        for one in change.fields if change else ():
            differences.setdefault(one.attribute, []).append(one)
        facts = (*_facts(self.wanted.key, there), *whose.facts)
        return dataclasses.replace(whose, facts=facts, differences=differences)


async def _comparison(one: Connected, ledger: Ledger, case: Case) -> _Comparison:
    record, route = case.stored.record, one.route
    try:
        mapped = route.map(record)
    except (RecordRejected, KeyError) as error:
        return _Comparison(one, case, Wanted(record.key, {}), trouble=private(str(error), case))
    elsewhere = await one.elsewhere.given(record.key) if one.elsewhere else {}
    noted = case.entry.unique if case.entry else {}  # what a create was to give
    chosen = {name: value for name, value in noted.items() if name in route.unique.expressions}
    links = await ledger.links(references(mapped))
    wanted = Wanted(record.key, {**resolve(mapped, links), **elsewhere, **chosen})
    meant = {remote_id: name for name, remote_id in links.items()}
    return _Comparison(one, case, wanted, meant)


async def _whose(route: Route, ledger: Ledger, key: Key, entry: Entry, account: str) -> Seen:
    """Which other record has the account, and whether it can be given up."""
    owner, why, refused = await owner_of(ledger, key, entry, account), "", ""
    try:
        why = await see_free(route, ledger, key, owner, account)
    except ConfigurationError as error:
        refused = str(error)
    if owner is None or owner == key:
        return Seen(account, None, why, refused)
    facts = ("its owner is protected",) if await _is_protected(route, ledger, owner) else ()
    return Seen(account, owner, why, refused, facts)


async def _is_protected(route: Route, ledger: Ledger, owner: Key) -> bool:
    stored = (await ledger.sight(owner)).stored
    try:
        return stored is not None and route.protected.covers(stored.record)
    except RecordRejected:
        return False


def _facts(key: Key, there: Remote) -> Iterator[str]:
    """What an account tells of itself, in words."""
    found = Remote.found(there.id, there.open, own=key.id, carries=there.external_id, by="")
    if found.ours:
        yield "carries the id of this record"
    if found.other_id:
        yield "carries another external id"
    if there.open is False:
        yield "is inactive"


async def _rows(comparison: _Comparison, ledger: Ledger, seen: Sequence[Seen]) -> AsyncIterator[Row]:
    """The attributes of the mapping, then others in which an account differs."""
    wanted, kinds = comparison.wanted.attributes, comparison.one.route.references
    found: dict[str, list[FieldChange]] = {}
    for one in seen:
        for name, fields in (one.differences or {}).items():
            found.setdefault(name, []).extend(fields)
    for name in [*wanted, *(name for name in found if name not in wanted)]:
        names = dict(comparison.names) if name in kinds else {}
        for change in found.get(name, []) if name in kinds else ():
            if isinstance(change.old, str) and (owner := await ledger.owner(Kind(kinds[name]), change.old)):
                names[change.old] = str(owner)
        yield Row(name, wanted[name] if name in wanted else found[name][0].new, names)


def _there(wanted: Any, differs: Sequence[FieldChange]) -> Any:
    """What is there; of a list, whose members differ one by one, all that is known to be."""
    if not differs:
        return wanted
    if not isinstance(wanted, list) or differs[0].new == wanted:
        return differs[0].old
    lacking = [one.new for one in differs]
    there = [one.old for one in differs if one.old is not None]
    return [*(one for one in wanted if one not in lacking), *there]
