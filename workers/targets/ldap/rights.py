"""Rights that bind_dn lacks at OpenLDAP, learnt by asking for changes that can never be done.

A value that is not there cannot be taken away, and an entry cannot be moved below one that is not there
(RFC 4511 sections 4.6 and 4.9). slapd looks at rights first (tried with 2.5): it answers
insufficientAccessRights, else what else is wrong. No add is asked for: it might be done.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bridge.wire.request import Turn
from workers.targets.ldap.answers import INVALID_SYNTAX, NO_RIGHT
from workers.targets.ldap.names import first
from workers.targets.ldap.session import DELETE, Session

MOST = 3
"""Entries of a container that are asked about: one of them may be kept from the bridge on purpose."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """The permit of what can never be done, with the target's pace. For this module alone."""

    turn: Turn | None

    async def ask(self, *, paced: bool = False) -> None:
        """Raises TryLater while the target has asked to wait."""
        if self.turn and not paced:
            await self.turn()


class Rights:
    """Asks what bind_dn may do to the entries of a container. Raises what a session raises."""

    def __init__(self, session: Session, container: str, turn: Turn | None) -> None:
        self._session = session
        self._container = container
        self._permit = Impossible(turn)

    async def lacking(self, setting: str, where: str, attributes: Collection[str]) -> list[str]:
        """Sentences on rights that lack; none where no entry is there to ask about.

        `setting` names the container, `where` is a filter for its entries, `attributes` what they are given.
        """
        rows = await self._session.search(self._container, where, ["objectClass"], "LEVEL", most=MOST)
        entries = [row.dn for row in rows.rows]
        if not entries:
            return []
        fixed = all([await self._is_fixed(dn) for dn in entries])
        closed = [name for name in sorted(attributes) if await self._is_closed(entries, name)]
        if fixed and attributes and len(closed) == len(attributes):
            return [f"bind_dn may only read the entries in {setting}: give it the right to write there"]
        found = []
        if fixed:
            found.append(
                f"bind_dn has no right to make or rename entries in {setting}: give it `write` to `entry` and"
                " `children` there"
            )
        if closed:
            found.append(
                f"bind_dn has no right to change {', '.join(closed)} of entries in {setting}: give it `write`"
                " to that"
            )
        return found

    async def _is_fixed(self, dn: str) -> bool:
        """Whether an entry may not be moved, which takes the right to write to its name and container."""
        nowhere = f"ou={_absent()},{self._container}"
        return (await self._session.rename(dn, first(dn), nowhere, self._permit)).code == NO_RIGHT

    async def _is_closed(self, entries: Sequence[str], attribute: str) -> bool:
        """Whether an attribute may be changed in none of these."""
        return all([await self._is_closed_in(dn, attribute) for dn in entries])

    async def _is_closed_in(self, dn: str, attribute: str) -> bool:
        """Whether a right lacks. Where a value cannot be the attribute's, the next form of one is tried."""
        for value in (_absent(), f"ou={_absent()},{self._container}", "16010101000000Z"):
            change = {attribute: [(DELETE, [value.encode()])]}
            said = await self._session.modify(dn, change, self._permit)
            if said.code != INVALID_SYNTAX:
                return said.code == NO_RIGHT
        return False


def _absent() -> str:
    """A text that is nobody's: of digits, which most attributes take, and names may have."""
    return str(10**29 + secrets.randbelow(10**29))
