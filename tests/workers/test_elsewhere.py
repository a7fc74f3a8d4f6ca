"""What another target has of a person, for one that comes after it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bridge.errors import AfterTarget
from bridge.model import Entry, Key, Outcome, State, Stored
from bridge.store.claims import Case
from bridge.store.sight import Sight
from tests.bridge.routes import SALES, person, route
from workers.delivery.elsewhere import Elsewhere, Other

REVISION = 7


@dataclass(frozen=True)
class Ledger:
    """A ledger with one entry."""

    entry: Entry | None

    async def sight(self, _key: Key) -> Sight:
        return Sight(entry=self.entry)


def entry(state: State, revision: int = REVISION, *, scope: str = "true") -> Entry:
    """An entry that was made under this scope."""
    return Entry(revision, route(scope=scope).fingerprint, state, Outcome.SKIPPED)


@pytest.mark.parametrize(
    ("there", "waits"),
    [
        (None, "waits until first has this record"),
        (entry(State.APPLIED), None),
        (entry(State.REMOVED), None),
        (entry(State.SKIPPED), None),
        (entry(State.APPLIED, REVISION + 1), None),
        (entry(State.APPLIED, REVISION - 1), "waits until first has this record"),
        (entry(State.RETRYING), "waits until first has this record"),
        (entry(State.FAILED), "waits for first, which does not take this record as it is"),
        (entry(State.SKIPPED, scope=f"!({SALES})"), "waits until first has this record"),
        (entry(State.FAILED, scope=f"!({SALES})"), "waits until first has this record"),
    ],
)
async def test_who_waits(there: Entry | None, waits: str | None) -> None:
    """Not done there with this revision, or only under other settings, such as another scope == waits."""
    elsewhere = Elsewhere({"first": Other(route(scope="true"), Ledger(there))}, {})
    case = Case(stored=Stored(person(), REVISION), entry=None, link=None)
    if waits is None:
        await elsewhere.check(route(), case)
        return
    with pytest.raises(AfterTarget) as error:
        await elsewhere.check(route(), case)
    assert str(error.value) == waits
