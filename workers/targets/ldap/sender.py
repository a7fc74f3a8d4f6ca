"""Carries one change to a directory: the requests that it takes, and what the entry shows afterwards."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.errors import NotFound, RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt
from bridge.model import Key, Kind, Outcome
from bridge.wire.permit import Permit
from workers.targets.ldap.answers import NO_SUCH_OBJECT, RESTRICTED, SUCCESS
from workers.targets.ldap.changes import Edit
from workers.targets.ldap.client import Client
from workers.targets.ldap.entry import Entry
from workers.targets.ldap.membership import Membership
from workers.targets.ldap.names import first, rdn
from workers.targets.ldap.resolving import Resolver
from workers.targets.ldap.servers import access_values, is_open
from workers.targets.ldap.session import ADD, REPLACE, Modification, Session, refused
from workers.targets.ldap.settings import LdapSettings

PROTECTED = (
    "Active Directory protects this entry (adminCount is 1, or it is one of the system's own): administrators"
    " are left alone; set allow_protected if they are to be changed"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends changes to one directory."""

    client: Client
    resolver: Resolver
    settings: LdapSettings

    async def send(self, change: Change, permit: Permit) -> Receipt:
        """Send one change, on one connection. Raises what its requests raise."""
        async with self.client.session() as session:
            if change.outcome is Outcome.DELETED:
                return await _Sending(self, session, permit).delete(change.key, str(change.remote_id))
            edit: Edit = change.content
            if edit.entry is None:
                return await _Sending(self, session, permit).create(edit)
            try:
                return await _Sending(self, session, permit).change(edit, edit.entry, change.outcome)
            except NotFound:
                if await self.resolver.read(session, edit.kind, edit.entry.id):
                    raise TryLater("the entry has got another name meanwhile") from None
                if change.outcome is not Outcome.DEACTIVATED:
                    raise
                return Applied(edit.entry.id, Outcome.UNCHANGED, open=False)


class _Sending:
    """The requests of one change."""

    def __init__(self, sender: Sender, session: Session, permit: Permit) -> None:
        self._settings = sender.settings
        self._server = sender.settings.dialect
        self._resolver = sender.resolver
        self._session = session
        self._permit = permit
        self._membership = Membership(session, sender.resolver, sender.settings, permit)

    async def create(self, edit: Edit) -> Receipt:
        """A new entry. In AD it is disabled until it has a password (MS-ADTS 3.1.1.3.1.5.1)."""
        names = await self._resolver.names(self._session, {*edit.add, *filter(None, [edit.manager])})
        members = [names[one] for one in edit.add if one in names]
        at_once = members[: self._settings.members_per_request]
        dn = f"{rdn(self._settings.names_of(edit.kind), str(edit.name))},{edit.container}"
        refused(await self._session.add(dn, self._attributes(edit, names, at_once), self._permit), "add")
        if rest := members[len(at_once) :]:
            await self._membership.send(dn, ADD, rest)
        entry = await self._resolver.at(self._session, edit.kind, dn)
        if entry is None:
            return Accepted("the server took the entry, and does not show it yet")
        if edit.kind is Kind.TEAM:
            lacking = frozenset(edit.add) - names.keys()
            return Applied(entry.id, Outcome.CREATED, lacking=lacking)
        if self._server.is_ad:
            entry = await self._open(entry, edit)
        return Applied(entry.id, Outcome.CREATED, is_open(self._server, entry.raw))

    def _attributes(
        self, edit: Edit, names: dict[str, str], members: Sequence[str]
    ) -> dict[str, list[bytes]]:
        """All attributes of a new entry."""
        attributes = {name: list(values.values) for name, values in edit.values.items()}
        attributes["objectClass"] = [name.encode() for name in self._settings.classes_of(edit.kind)]
        attributes[self._settings.names_of(edit.kind)] = [str(edit.name).encode()]
        if edit.manager:
            attributes["manager"] = [_name(names, edit.manager).encode()]
        if edit.kind is Kind.TEAM:
            inside = list(members) or list(filter(None, [self._settings.placeholder]))
            if inside:
                attributes[self._settings.member_attribute] = [name.encode() for name in inside]
            if self._server.is_ad:
                attributes["groupType"] = [str(self._settings.group_type).encode()]
        elif self._server.is_ad or edit.opens is False:
            attributes[self._server.access] = access_values(self._server, {}, opens=False)
        return attributes

    async def _open(self, entry: Entry, edit: Edit) -> Entry:
        """Give a new account of AD a password that nobody knows, and then access, if it is to have it."""
        await self._give_password(entry.dn)
        if edit.opens:
            flags = access_values(self._server, entry.raw, opens=True)
            changes = {self._server.access: [(REPLACE, flags)]}
            refused(await self._session.modify(entry.dn, changes, self._permit), "modify")
        return await self._resolver.at(self._session, edit.kind, entry.dn) or entry

    async def _give_password(self, dn: str) -> None:
        quoted = f'"{_password()}"'.encode("utf-16-le")
        changes = {"unicodePwd": [(REPLACE, [quoted])]}
        refused(await self._session.modify(dn, changes, self._permit), "password")

    async def change(self, edit: Edit, entry: Entry, outcome: Outcome) -> Applied:
        """Change an entry: its attributes and access in one request, its members, then its name."""
        names = await self._resolver.names(self._session, {*edit.add, *filter(None, [edit.manager])})
        if changes := self._changes(edit, entry, names):
            said = await self._session.modify(entry.dn, changes, self._permit)
            if said.windows == RESTRICTED and edit.opens:  # its create was cut short
                await self._give_password(entry.dn)
                said = await self._session.modify(entry.dn, changes, self._permit)
            refused(said, "modify")
        applied = Applied(entry.id, outcome)
        if edit.add or edit.remove:
            applied = await self._membership.change(edit, entry, names, outcome)
        await self._rename(edit, entry)
        if edit.kind is Kind.PERSON and edit.opens is None:
            applied = replace(applied, open=is_open(self._server, entry.raw))
        return applied

    def _changes(self, edit: Edit, entry: Entry, names: dict[str, str]) -> dict[str, list[Modification]]:
        changes: dict[str, list[Modification]] = {
            name: [(ADD if one.adds else REPLACE, list(one.values))] for name, one in edit.values.items()
        }
        if edit.opens is not None:
            values = access_values(self._server, entry.raw, opens=edit.opens)
            changes[self._server.access] = [(REPLACE, values)]
        if edit.manager is not None:
            named = [_name(names, edit.manager).encode()] if edit.manager else []
            changes["manager"] = [(REPLACE, named)]
        return changes

    async def _rename(self, edit: Edit, entry: Entry) -> None:
        if edit.name is None and edit.container is None:
            return
        attribute, _, _ = entry.dn.partition("=")
        step = rdn(attribute, edit.name) if edit.name else first(entry.dn)
        refused(await self._session.rename(entry.dn, step, edit.container, self._permit), "rename")
        self._resolver.renamed(entry)

    async def delete(self, key: Key, remote_id: str) -> Applied:
        """Take an entry away; it is no error when it is gone already."""
        entry = await self._resolver.read(self._session, key.kind, remote_id)
        if entry is None:
            return Applied(remote_id, Outcome.UNCHANGED, open=False)
        if entry.is_protected and not self._settings.allow_protected:
            raise RecordRejected(PROTECTED)
        said = await self._session.delete(entry.dn, self._permit)
        refused(said, "delete", NO_SUCH_OBJECT)
        return Applied(remote_id, Outcome.DELETED if said.code == SUCCESS else Outcome.UNCHANGED, open=False)


def _name(names: dict[str, str], remote_id: str) -> str:
    if remote_id not in names:
        raise RecordRejected("the manager's entry is not in the directory any more")
    return names[remote_id]


def _password() -> str:
    """A password that nobody is told: of all four kinds of characters, as the domain's rules may ask."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.!")
    return "".join(secrets.choice(kinds[place % 4]) for place in range(64))
