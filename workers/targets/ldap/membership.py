"""Letting members into a group and out of it, and seeing who is in it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.errors import NotFound
from bridge.exchange import Applied
from bridge.model import Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.ldap.answers import ENTRY_EXISTS, NO_SUCH_ATTRIBUTE, UNWILLING, VALUE_EXISTS
from workers.targets.ldap.changes import Edit
from workers.targets.ldap.entry import Entry
from workers.targets.ldap.resolving import Resolver
from workers.targets.ldap.session import ADD, DELETE, Session, refused
from workers.targets.ldap.settings import LdapSettings

_DONE = {ADD: (VALUE_EXISTS, ENTRY_EXISTS), DELETE: (NO_SUCH_ATTRIBUTE, UNWILLING)}
"""What a member is answered who is in a group already, or out of it; AD has answers of its own for both."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The members of groups, changed on one connection."""

    session: Session
    resolver: Resolver
    settings: LdapSettings
    permit: Permit

    async def change(self, edit: Edit, entry: Entry, names: dict[str, str], outcome: Outcome) -> Applied:
        """Let members in, then out, each by the name that stands in the group, and read it back.

        A server that renames members after the fact (OpenLDAP's refint) may do so in between, so whoever is
        in it still is taken out once more.
        """
        added = [names[one] for one in edit.add if one in names]
        await self.send(entry.dn, ADD, added)
        group, staying = entry, frozenset(edit.remove)
        for _ in range(2):
            await self._take_out(group, staying, added)
            group = await self._read(entry.id)
            staying &= group.members(self.settings.member_attribute).keys()
            if not staying:
                break
        there = group.members(self.settings.member_attribute).keys()
        return Applied(entry.id, outcome, staying=staying, lacking=frozenset(edit.add) - there)

    async def _take_out(self, group: Entry, who: frozenset[str], added: Sequence[str]) -> None:
        shown = group.members(self.settings.member_attribute)
        leaving = [shown[one] for one in sorted(who & shown.keys())]
        stay = {*group.texts(self.settings.member_attribute), *added} - set(leaving)
        if leaving and not stay and self.settings.placeholder:
            await self.send(group.dn, ADD, [self.settings.placeholder])
        await self.send(group.dn, DELETE, leaving)

    async def _read(self, remote_id: str) -> Entry:
        group = await self.resolver.read(self.session, Kind.TEAM, remote_id)
        if group is None:
            raise NotFound("the group is not there any more")
        return group

    async def send(self, dn: str, how: str, names: Sequence[str]) -> None:
        """Add or take out members by name; where one of them is in or out already, one by one."""
        size, attribute = self.settings.members_per_request, self.settings.member_attribute
        for start in range(0, len(names), size):
            part = [name.encode() for name in names[start : start + size]]
            said = await self.session.modify(dn, {attribute: [(how, part)]}, self.permit)
            if said.code in _DONE[how] and len(part) > 1:
                for one in part:
                    said = await self.session.modify(dn, {attribute: [(how, [one])]}, self.permit)
                    refused(said, "modify", *_DONE[how])
            refused(said, "modify", *_DONE[how])
