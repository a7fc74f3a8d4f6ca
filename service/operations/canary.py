"""`sync --canary`: a few people of each target first, and everybody else only if these are right."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from bridge.diff import diff, revised
from bridge.errors import ConfigurationError
from bridge.model import Kind, Outcome, Snapshot, State
from service.operations.assembly import Bridge, connected
from service.operations.choosing import Chosen, Targets
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from service.operations.sync import PROBLEM, SyncResult, sync
from service.operations.tallying import Tally
from service.watch.judging import Asks
from service.watch.pending import assess, rank


async def canaried(bridge: Bridge, number: int, **options: Any) -> SyncResult:
    """Deliver `number` people of each target, read them back, and all others only if these are right.

    What is held stays held, and everybody else is delivered. Takes the options of `sync` and raises what it
    raises.
    """
    canary, tally = Canary(number), Tally(bridge.metrics)
    first = await sync(bridge, **options, choose=canary.choose, tally=tally)
    if first.ended or first.exit_code == PROBLEM:
        return first
    async with connected(bridge, options.get("only", ())) as targets:
        tried = {name: target for name, target in targets.items() if not first.targets[name].rests}
        different = await canary.different(bridge, tried)
    if different:
        return dataclasses.replace(first, stopped=tuple(different))
    done = await sync(bridge, **options, tally=tally)
    return dataclasses.replace(done, changes=first.changes + done.changes)


class Canary:
    """The first few people of each target, who are read back before anybody else is delivered."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._chosen: Chosen = {}

    async def choose(self, bridge: Bridge, targets: Targets, snapshot: Snapshot, _: Asks) -> Chosen:
        """The most urgent people of each target who are not held."""
        now = time.time()
        known = await bridge.backend.records.known()
        seen = await bridge.backend.forgotten.without(snapshot)
        coming = {**known, **revised(known, diff(known, seen), now)}
        chosen = {}
        for name, target in targets.items():
            if not target.target.can.shows:
                raise ConfigurationError(f"{name} cannot be read back, so --canary proves nothing there")
            standing = await assess(coming, target.route, bridge.backend, now)
            people = [key for key in standing.coming.keys() - standing.held if key.kind is Kind.PERSON]
            ranks = rank(people, coming)
            chosen[name] = frozenset(sorted(people, key=lambda key: (ranks[key], key))[: self._number])
        self._chosen = chosen
        return chosen

    async def different(self, bridge: Bridge, targets: Targets) -> list[str]:
        """A sentence for each of them who is not at the target as wanted."""
        found: list[str] = []
        known = await bridge.backend.records.known()
        for name, target in targets.items():
            ledger, keys = bridge.backend.ledger(name), self._chosen.get(name, frozenset())
            entries = await ledger.entries()
            # As after a delivery of which nobody knows how it ended: the ledger's word does not count.
            rehearsal = Rehearsal(target, Sketch(ledger, known), known, entries, keys, time.time())
            for key in sorted(keys):
                step = await rehearsal.step(key)
                entry = entries.get(key)
                if step is None or entry is None or entry.state in (State.FAILED, State.RETRYING):
                    found.append(
                        f"{name} {key}: {rehearsal.trouble or (entry and entry.reason) or 'not delivered'}"
                    )
                elif step.action not in (Outcome.UNCHANGED, Outcome.SKIPPED):
                    fields = ", ".join(dict.fromkeys(change.attribute for change in step.changes))
                    found.append(
                        f"{name} {key}: the target has not what it was given: {fields or step.reason}"
                    )
        return found
