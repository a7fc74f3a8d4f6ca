"""Values that change hands: an address or a group's name that another record of ours has still.

Jobs run in any order. A change that the target refuses as a duplicate waits for the record that has the
value and is to give it up. Where records wait for each other in a circle, one of them takes a value for the
time being.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bridge.errors import AfterAnother, Conflict, NotFound, RecordRejected, Taken
from bridge.exchange import Applied, Remote, Wanted
from bridge.mapping.succession import fold
from bridge.model import Key, State
from bridge.store.sight import Sight
from bridge.wire.permit import Permit
from workers.delivery.matching import Matching
from workers.delivery.sending import bring
from workers.targets.base import Target

_LONGEST = 1000
"""Records that wait for each other; a longer chain is left to time."""


def temporary(key: Key, value: str) -> str:
    """What stands in for a value meanwhile: nobody else's, and recognisable. An address stays an address."""
    _, at, domain = value.rpartition("@")
    return f"kenjo-bridge.{key.id}{at}{domain if at else ''}"


@dataclass(frozen=True, slots=True)
class Clash:
    """A change of one linked record that the target has refused as a duplicate, a while ago if `late`."""

    matching: Matching
    target: Target
    permit: Permit
    link: str
    late: bool = False

    async def settle(self, error: Conflict) -> Applied:
        """What to do about it: wait for who has the value, or break the circle.

        Raises what `wait` raises. Returns the answer to a second try when nobody has it; of
        one that is answered later nobody would count the tries, so then it raises `error`.
        """
        await self.wait(error)
        if self.late:
            raise error
        # It was given up just now, or it is a riddle.
        return await bring(self.target, self.matching.wanted, self.link, self.permit)

    async def wait(self, error: Conflict) -> None:
        """Raise AfterAnother, Taken or RecordRejected while somebody has a value, `error` in some of them."""
        wanted = self.matching.wanted
        if not (others := await holders(self.target, wanted, self.link, wanted.attributes)):
            return
        match, first, sight = await yielding(self.matching, others, str(error))
        if await self._closes(first):
            await self._break(match, first, sight.stance)
        raise gives_way(match, first, sight)

    async def _closes(self, first: Key) -> bool:
        """Whether all wait for each other, and it is for this record to begin: the first one by its key."""
        mine = self.matching.wanted.key
        chain = [first]
        while len(chain) <= _LONGEST:
            sight = await self.matching.view.sight(chain[-1])
            entry, stored = sight.entry, sight.stored
            if entry is None or stored is None or entry.state is not State.RETRYING or not entry.awaits:
                return False
            if entry.revision != stored.revision:
                return False  # it has changed since, and may not wait any more
            following = Key.parse(entry.awaits)
            if following == mine:
                return mine < min(chain)
            if following in chain:
                return False
            chain.append(following)
        return False

    async def _break(self, match: Remote, first: Key, stance: str) -> None:
        """Give this record a value for the time being. Raises AfterAnother, Taken."""
        wanted = self.matching.wanted
        value = wanted.attributes[match.by]
        meanwhile: dict[str, Any] = {
            name: temporary(wanted.key, str(have))
            for name, have in wanted.attributes.items()
            if isinstance(have, str) and fold(have) == fold(value)
        }
        try:
            applied = await bring(self.target, Wanted(wanted.key, meanwhile), self.link, self.permit)
        except NotFound:
            raise
        except RecordRejected as error:
            raise Taken(
                f"changes its {match.by} with {first} in a circle, and the target takes no other one for the"
                f" time being ({error}): change one of them there",
                str(first),
                stance,
            ) from None
        raise Moved(f"{first} has this {match.by} and gives it up", str(first), stance, applied.remote_id)


async def holders(target: Target, wanted: Wanted, link: str, names: Iterable[str]) -> list[Remote]:
    """Objects other than the record's own that have one of its values of these attributes.

    As far as the target can be searched for it.
    """
    found: dict[str, Remote] = {}
    for name in names:
        value = wanted.attributes.get(name)
        if isinstance(value, str) and value.strip():
            with suppress(RecordRejected):  # nobody is looked up by this attribute
                for match in await target.find(Wanted(wanted.key, {name: value})):
                    found.setdefault(match.id, match)
    return [match for remote_id, match in found.items() if remote_id != link]


async def yielding(matching: Matching, others: Sequence[Remote], refusal: str) -> tuple[Remote, Key, Sight]:
    """The first of those who have a value of this record, and are all to give it up. Raises Taken.

    `refusal` is why two cannot have it.
    """
    owners: list[tuple[Remote, Key, Sight]] = []
    for match in others:
        owner = await matching.owner(match)
        if owner is None:
            named = await matching.named(match)
            raise Taken(f"{refusal}; the account {match.id} has this {match.by}", *named)
        owners.append((match, owner, await matching.view.sight(owner)))
    for match, owner, sight in owners:
        if not await matching.gives_up(sight, match):
            words = f"{owner} has this {match.by} and keeps it, or has failed itself"
            raise Taken(words, str(owner), sight.stance)
    return owners[0]


def gives_way(match: Remote, owner: Key, sight: Sight) -> AfterAnother:
    """What a record comes to that waits for another one's value."""
    return AfterAnother(f"{owner} has this {match.by} and gives it up", str(owner), sight.stance)


class Moved(AfterAnother):
    """The record has a value for the time being; where that is part of its id, it has another id."""

    def __init__(self, reason: str, awaits: str, awaited: str, remote_id: str) -> None:
        super().__init__(reason, awaits, awaited, freed=True)
        self.remote_id = remote_id
