"""`runs undo`, `runs redo`: what a run took at targets is put back, and stays until Kenjo says something new.

It is a plan first. Nothing is taken away by an undo: an account that the run created or opened stays, and so
does who was put into a group. Deliveries do the rest, as always (`bridge.mapping.restoring`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.commands import command
from bridge.errors import ConfigurationError, Unreadable
from bridge.mapping.restoring import is_restored, reference, stamp_of
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Kind, Outcome, Restored, State, Stored
from bridge.store import Ledger
from bridge.store.audit import Noted, operator
from bridge.store.former import Former
from bridge.store.queue import Due
from service.operations.assembly import Bridge, connected
from service.operations.finding import find as find_record
from service.operations.plans import TargetPlan
from service.operations.rehearsing import Rehearsal
from service.operations.runs import Delivery, Run, find
from service.operations.sketching import Sketch
from service.operations.standing import Stand, Standing
from service.operations.telling import deliveries_json
from service.watch.pending import rank
from workers.connect import Connected

_IDENTITY = ("person.id", "team.id")  # what tells whose an account is: it stays the bridge's
_EXTERNAL_ID = "externalId"
_PATIENCE = 10.0  # seconds for which a delivery of a record is waited for

_Entries = dict[str, dict[Key, tuple[Entry, Entry]]]
"""By target and record: the entry that there is, and the one that is to be."""


@dataclass(frozen=True, slots=True)
class Left:
    """What cannot be put back, and why."""

    target: str
    key: Key
    why: str


@dataclass(frozen=True, slots=True)
class Way:
    """The way back from a run, by its id, or `again` to what Kenjo says: what deliveries would do.

    `left` is what stays as it is. `version` changes with all of that.
    """

    run: str
    again: bool
    entries: _Entries
    targets: Mapping[str, TargetPlan] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    version: str = ""

    @property
    def acts(self) -> bool:
        """Whether anything would be done."""
        return any(target.acts for target in self.targets.values())


Look = Callable[[Bridge, str, Collection[str]], Awaitable[Way]]
"""`undo` or `redo`."""


async def undo(bridge: Bridge, id_: str, only: Collection[str] = ()) -> Way:
    """What undoing a run would do: nothing is done. `only`: for these records, as somebody calls them.

    Raises NotThere, WhoIsMeant and ConfigurationError.
    """
    return await _looked_at(bridge, await back(bridge, id_, only))


async def redo(bridge: Bridge, id_: str, only: Collection[str] = ()) -> Way:
    """What ending an undo would do: the targets get again what Kenjo says. Raises what `undo` raises."""
    return await _looked_at(bridge, await again(bridge, id_, only))


async def back(bridge: Bridge, id_: str, only: Collection[str] = ()) -> Way:
    """The way back from a run, for which no target was asked yet. Raises what `undo` raises."""
    run = await find(bridge, id_)
    if run.cause == "undone":
        raise ConfigurationError(
            f"the run {id_} was an undo itself: {command('runs redo', run.about)} gives again what Kenjo says"
        )
    entries: _Entries = {}
    left: list[Left] = []
    for (target, key), deliveries in (await _chosen(bridge, run, only)).items():
        try:
            former, entry = await _restored(bridge, run, target, key, deliveries)
            entries.setdefault(target, {})[key] = former, entry
        except _CannotBe as why:
            left.append(Left(target, key, str(why)))
    return Way(id_, False, entries, left=tuple(left))


async def again(bridge: Bridge, id_: str, only: Collection[str] = ()) -> Way:
    """The way to what Kenjo says, likewise. The trail need not know of the run any more."""
    entries: _Entries = {}
    chosen = None if not only else {await find_record(bridge, who) for who in only}
    for target in bridge.routes:
        for key, entry in (await bridge.backend.ledger(target).entries()).items():
            if entry.restored and entry.restored.run == id_ and (chosen is None or key in chosen):
                entries.setdefault(target, {})[key] = entry, _again(entry, None)
    if not entries:
        await find(bridge, id_)
    return Way(id_, True, entries)


async def carry_out(bridge: Bridge, way: Way, seen: str = "") -> int:
    """Do it, in the operator's name. `seen`: the version that was looked at. Returns for how many records.

    Raises ConfigurationError when that is another one by now, and when there is nothing to do.
    """
    if seen and seen != way.version:
        raise ConfigurationError("what would be done has changed since: look at it again; nothing was done")
    if not way.entries:
        raise ConfigurationError("there is nothing that could be put back; nothing was done")
    what: Noted = "redone" if way.again else "undone"
    who, now, done = operator(), time.time(), 0
    for target, entries in way.entries.items():
        for key, (former, entry) in entries.items():
            done += await _write(bridge, target, key, former, entry)
            await bridge.backend.audit.note(what, now, target=target, record=str(key), run=way.run, by=who)
        await bridge.backend.queue.add(target, [Due(key) for key in entries], now)
    return done


async def _write(bridge: Bridge, target: str, key: Key, former: Entry, entry: Entry) -> int:
    """Change one entry between two deliveries. Raises ConfigurationError when it has changed."""
    ledger, until = bridge.backend.ledger(target), time.monotonic() + _PATIENCE
    while not await ledger.rewrite(key, former, entry):
        if await ledger.entry(key) != former or time.monotonic() > until:
            raise ConfigurationError(
                f"{key} has changed at {target} just now: look at the rest again; what came before it is done"
            )
        await asyncio.sleep(0.2)
    return 1


@dataclass(frozen=True, slots=True)
class Lasting:
    """An undo that lasts: whose, of which run, and for how many records at targets."""

    run: str
    by: str
    records: int


def lasting(
    entries: Mapping[str, Mapping[Key, Entry]], stands: Mapping[str, Mapping[Key, Stand]]
) -> list[Lasting]:
    """The undos of which something stays at a target against what Kenjo says, the newest first. Pure."""
    found = Counter(
        (restored.run, restored.by)
        for target, there in entries.items()
        for key, entry in there.items()
        if (restored := entry.restored) and (stand := stands.get(target, {}).get(key))
        if stand.standing is Standing.HELD
    )
    return [Lasting(run, by, number) for (run, by), number in sorted(found.items(), reverse=True)]


class _CannotBe(Exception):
    """Why something cannot be put back."""


async def _chosen(bridge: Bridge, run: Run, only: Collection[str]) -> dict[tuple[str, Key], list[Delivery]]:
    """What the run did, by target and record; failures changed nothing."""
    chosen = {await find_record(bridge, who) for who in only}
    found: dict[tuple[str, Key], list[Delivery]] = {}
    for one in run.deliveries:
        if one.outcome is not Outcome.FAILED and (not only or one.key in chosen):
            found.setdefault((one.target, one.key), []).append(one)
    return found


async def _restored(
    bridge: Bridge, run: Run, target: str, key: Key, deliveries: Collection[Delivery]
) -> tuple[Entry, Entry]:
    """The entry of a record, and with what is to be put back. Raises _CannotBe."""
    route, ledger = bridge.routes.get(target), bridge.backend.ledger(target)
    if route is None:
        raise _CannotBe("the target is not configured any more")
    stored, entry = await bridge.backend.records.get(key), await ledger.entry(key)
    if why := _in_the_way(route, stored, entry, deliveries) or await _held(bridge, target, key):
        raise _CannotBe(why)
    if stored is None or entry is None or not await ledger.links([str(key)]):
        raise _CannotBe("the bridge knows of no account of it there")
    values: dict[str, Any] = {}
    for former in reversed([await _former(ledger, key, one) for one in deliveries]):  # the oldest counts
        values |= await _values(route, ledger, key, former) if former else {}
    if not values:
        raise _CannotBe("what there was before is not remembered, or an undo would take something away")
    if entry.restored and is_restored(route, stored, entry):
        values = {**entry.restored.values, **values}
    return entry, _again(entry, Restored(run.id, operator(), stamp_of(route, stored), values))


def _in_the_way(
    route: Route, stored: Stored | None, entry: Entry | None, deliveries: Collection[Delivery]
) -> str:
    """Why a record is to be left as it is, "" for no reason."""
    if any(one.outcome is Outcome.DELETED for one in deliveries):
        return "it was deleted, which cannot be undone"
    if any(one.outcome is Outcome.CREATED for one in deliveries):
        return "it was created, and an undo takes nothing away"
    if not all(one.is_last for one in deliveries):
        return "another run has changed it since"
    if stored is None or entry is None:
        return "nothing is stored of it any more"
    behind = entry.revision != stored.revision or entry.config != route.fingerprint
    if behind or entry.state not in (State.APPLIED, State.REMOVED):
        return "a change is under way"
    return ""


async def _held(bridge: Bridge, target: str, key: Key) -> str:
    return "a hold keeps it back" if str(key) in await bridge.backend.holds.held(target) else ""


async def _former(ledger: Ledger, key: Key, one: Delivery) -> Former | None:
    """What there was before; what cannot be read counts as forgotten."""
    try:
        return await ledger.former(key, one.at)
    except Unreadable:
        return None


async def _values(route: Route, ledger: Ledger, key: Key, former: Former) -> dict[str, Any]:
    """What is to be put back, as `Restored` has it: nothing that would close an account or empty a group."""
    values: dict[str, Any] = {}
    for attribute, old in former.values.items():
        expression = route.maps[key.kind].get(attribute)
        if attribute == _EXTERNAL_ID or (expression and expression.source in _IDENTITY):
            continue
        if key.kind is Kind.PERSON and route.access({attribute: old}) is False:
            continue
        owner = await ledger.owner(Kind.PERSON, old) if _may_refer(route, attribute, old) else None
        values[attribute] = reference(owner) if owner else old
    for attribute, ids in former.members.items():
        owners = [await ledger.owner(Kind.PERSON, one) for one in ids]
        if there := [reference(owner) for owner in owners if owner]:
            values[attribute] = there
    return values


def _may_refer(route: Route, attribute: str, old: Any) -> bool:
    return attribute in route.references and isinstance(old, str)


def _again(entry: Entry, restored: Restored | None) -> Entry:
    """The entry, to be delivered anew."""
    tried: dict[str, Any] = {"attempts": 0, "retry_at": 0.0, "reason": "", "awaits": "", "awaited": ""}
    return dataclasses.replace(entry, restored=restored, state=State.RETRYING, **tried)


async def _looked_at(bridge: Bridge, way: Way) -> Way:
    """The same with what deliveries would do, and its version."""
    async with connected(bridge, list(way.entries)) as there:
        targets = {name: await _planned(bridge, there[name], found) for name, found in way.entries.items()}
    found = dataclasses.replace(way, targets=targets)
    version = bridge.backend.codec.digest([found.again, way_json(found, values=True)])[:8]
    return dataclasses.replace(found, version=version)


async def _planned(
    bridge: Bridge, target: Connected, entries: Mapping[Key, tuple[Entry, Entry]]
) -> TargetPlan:
    """What deliveries to one target would do."""
    known = {key: stored for key in entries if (stored := await bridge.backend.records.get(key))}
    to_be = {key: entry for key, (_, entry) in entries.items()}
    ledger = bridge.backend.ledger(target.route.name)
    sketch = Sketch(ledger, known)
    rehearsal = Rehearsal(target, sketch, known, to_be, await ledger.unsettled(), time.time())
    steps = await rehearsal.run(rank(known, known))
    paused = (await bridge.backend.gate(target.route.name).paused()).get("reason", "")
    acting = tuple(step for key, step in sorted(steps.items()) if key in entries)
    return TargetPlan(steps=acting, paused=paused, trouble=rehearsal.trouble)


def way_json(way: Way, *, values: bool) -> dict[str, Any]:
    """For `--json` and the API: `{run, version, targets: {name: {steps, paused, trouble}}, left}`."""
    return {
        "run": way.run,
        "version": way.version,
        "targets": {name: deliveries_json(target, values=values) for name, target in way.targets.items()},
        "left": [{"target": one.target, "record": str(one.key), "why": one.why} for one in way.left],
    }
