"""What one delivery is to do, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import BridgeError
from bridge.exchange import Change, Remote, Wanted
from bridge.model import Entry, Outcome
from workers.delivery.choosing import Choice
from workers.delivery.matching import Chosen


@dataclass(frozen=True, slots=True)
class Decision:
    """What one delivery is to do. Nothing of it is done yet.

    `entry` and `link` are how the record stands, with what was seen while deciding; `lost` is a link that
    leads nowhere any more, `account` the object that is to be made the record's. `change` is what is sent
    (None: nothing), made of `wanted` and of what is `there`; where it is refused, `least` is brought about
    in its place: nobody keeps access, or stays in a group, because of another value. `error` is why there is
    no change. `says` is what the ledger is to say afterwards, `access` whether the account is then to be open
    (None: as it is), `names` are records by remote id of those who may be named, `members` those whom limits
    count as taken out; `choices` is what a new account gets that nobody else has. `waits`: nothing is done
    before a poll has counted it.
    """

    entry: Entry
    link: str | None
    lost: str | None = None
    account: Chosen | None = None
    change: Change | None = None
    least: Wanted | None = None
    wanted: Wanted | None = None
    there: Remote | None = None
    error: BridgeError | None = None
    says: Mapping[str, Any] = field(default_factory=dict)
    access: bool | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    waits: bool = False

    @property
    def unique(self) -> dict[str, str]:
        """What a new account gets that nobody else has, by attribute."""
        return {choice.attribute: choice.value for choice in self.choices}

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return Outcome(self.says["outcome"])
