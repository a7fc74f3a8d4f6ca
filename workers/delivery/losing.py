"""Whether a publication would tell of too many objects less than what it replaces. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.exchange import Draft
from bridge.mapping.route import Route
from bridge.model import Entry, Key
from bridge.printable import counted
from bridge.store import Hold
from bridge.store.holds import PUBLICATION


def hold_id(target: str) -> str:
    """The id of the hold on a target's publications."""
    return f"{target}-{PUBLICATION}"


def excess(
    route: Route, draft: Draft, written: Mapping[str, str], entries: Mapping[Key, Entry], now: float
) -> Hold | None:
    """The hold on what is over the limit on removals. `written` is what was published last."""
    limit = route.settings.limits.remove
    lost, base = losses(draft, written, entries)
    if limit is None or not limit.is_exceeded(lost, base):
        return None
    words = f"{limit.count} and {limit.percent:g} %"
    reason = (
        f"would publish {counted(draft.rows, 'row')}, {lost} less than the {base} before for no reason that"
        f" is known: more than {limit.count} and more than {limit.percent:g} %"
    )
    id_ = hold_id(route.name)
    return Hold(id_, route.name, PUBLICATION, lost, words, reason, now, missing={"rows": lost})


def losses(draft: Draft, written: Mapping[str, str], entries: Mapping[Key, Entry]) -> tuple[int, int]:
    """How many rows a publication lacks that no delivery has taken away, and of how many.

    A delivery was counted by its own limits, and its entry tells of it. Where that is lost, or nobody knows
    what was published last, only numbers are left to compare.
    """
    if draft.replaces is not None:
        return max(draft.replaces - draft.rows, 0), draft.replaces
    told = {id_ for id_, print_ in written.items() if print_}
    known = {str(key) for key in entries}
    return len(told - draft.written.keys() - known), len(told)
