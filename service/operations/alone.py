"""One record by itself: what its next delivery would do, with all others as they are."""

from __future__ import annotations

import time
from collections.abc import Collection

from bridge.model import Entry, Key, Stored
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from service.operations.steps import Step
from workers.connect import Connected


async def alone(
    one: Connected, sketch: Sketch, stored: Stored, entry: Entry | None, begun: Collection[Key] = ()
) -> tuple[Step | None, str]:
    """The step now, and "". None, and why, where the target cannot be asked. `begun`: see `unsettled`."""
    key = stored.record.key
    entries = {key: entry} if entry else {}
    rehearsal = Rehearsal(one, sketch, {key: stored}, entries, begun, time.time())
    return await rehearsal.step(key), rehearsal.trouble
