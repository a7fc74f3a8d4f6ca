"""What a target adapter is: its verbs and a greeting, its settings, and its default mapping as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from bridge.config.settings import TargetSettings
from bridge.exchange import Applied, FieldChange, Greeting, Match, Wanted
from bridge.model import Key
from bridge.wire.http import Classify, Http, classify_status
from bridge.wire.permit import Permit

Removal = Literal["deactivate", "delete"]


class Target(Protocol):
    """One connected target. Methods return or raise (`bridge.errors`); they never sleep, retry or log.

    Those that write ask the permit before each single request that changes something.
    """

    async def check(self) -> Greeting:
        """Read, without writing, whether the target can be used. Raises what a first request would raise."""

    async def size(self) -> int:
        """How many accounts of people the target has."""

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Match]:
        """Look up objects that may be this record's, in match order; the first attribute with a hit wins.

        No hit: an empty list. Several hits: all of them; the caller never guesses. `wanted` may have some of
        its attributes only; the others are not looked up. Raises RecordRejected when none can be.
        `thorough`: a create was answered with Conflict, so there is one, and more effort is worth it.
        """

    async def upsert(self, wanted: Wanted, remote_id: str | None, permit: Permit) -> Applied:
        """Make the object equal to `wanted`: create it (`remote_id` None), or change what differs.

        Sends nothing that writes when nothing differs. Raises Conflict when a create hits an existing object,
        Accepted when a create shows no object yet, NotFound when `remote_id` is not there any more.
        """

    async def remove(
        self, key: Key, remote_id: str, how: Removal, released: frozenset[str], permit: Permit
    ) -> Applied:
        """Deactivate or delete. UNCHANGED when there was nothing to do; an object that is gone is no error.

        `released` are members that the bridge gave to this group; a group is deactivated by taking them out.
        """

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """Read whether the account gives access now; None where that cannot be seen, as of a group.

        Raises NotFound when there is no such object.
        """


@runtime_checkable
class Previews(Protocol):
    """A target that can also tell what a verb would change, by the code with which the verb changes it."""

    async def preview(self, wanted: Wanted, remote_id: str | None) -> list[FieldChange]:
        """What `upsert` would change. Reads only. Raises what `upsert` raises before it writes."""

    async def preview_removal(self, key: Key, remote_id: str, released: frozenset[str]) -> list[FieldChange]:
        """What `remove` would change by deactivating; nothing for an object that is gone. Reads only."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a module `workers.targets.<kind>` exports as ADAPTER.

    `mapping` is data: `{"person": {attribute: CEL expression}, "team": {...}, "references": {attribute:
    "person" | "team"}, "required": {"person": [attributes], "team": [...]}, "group_name": attribute,
    "access": the person's attribute that is true where the account gives access}`. The functions take an
    instance of `settings`. `classify` turns an answer into an error where the target deviates from HTTP's own
    words.
    """

    settings: type[TargetSettings]
    mapping: Mapping[str, Any]
    base_url: Callable[[Any], str]
    headers: Callable[[Any], dict[str, str]]
    connect: Callable[[Any, Http], Target]
    classify: Classify = classify_status
    check_attribute: Callable[[str], str | None] = lambda _name: None
    """A sentence on what is wrong with an attribute's name in `map`, or None."""
