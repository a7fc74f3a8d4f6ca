"""What differs between a user or group as it is shown and as it is wanted, as requests will say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange, Wanted
from bridge.model import Kind
from workers.targets.entra.attributes import (
    ENABLED,
    KENJO_ID,
    MANAGER,
    MEMBERS,
    UNIQUE_NAME,
    UPN,
    Object,
    belongs,
    group_nickname,
    nickname,
    outgoing,
    property_of,
    read,
    same,
    stays,
    write,
)
from workers.targets.entra.settings import EntraSettings

Values = dict[str, Any]
"""Values by mapped attribute, as Microsoft Graph takes them; None is to be emptied."""

_SYNCED = "onPremisesSyncEnabled"

_MASTERED = (
    "is synchronised from an on-premises directory, which alone may change it: leave it out of this target's"
    " scope, and use a target of kind ldap there"
)


@dataclass(frozen=True, slots=True)
class User:
    """A user as it was read. `unfinished`: the bridge disabled it, and its sessions may still go on."""

    there: Object
    unfinished: bool = False

    @property
    def is_open(self) -> bool | None:
        """Whether it gives access: until its sessions are ended a disabled account does."""
        enabled = self.there.get(ENABLED)
        return enabled or self.unfinished if isinstance(enabled, bool) else None


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it was read, with the ids of all its direct members."""

    there: Object
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class New:
    """The content of a change that creates. `body` has no password yet."""

    kenjo_id: str
    body: Object
    manager: str | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The content of a change to what was read: only what differs.

    `manager` is a pair of the former and the wanted one where they differ. `ends`: sessions are ended.
    """

    there: User | Group
    body: Object = field(default_factory=dict)
    manager: tuple[str | None, str | None] | None = None
    ends: bool = False
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.body or self.manager or self.ends or self.add or self.remove)


@dataclass(frozen=True, slots=True)
class Restoration:
    """The content of a change to a user who is not shown: one who was deleted, and may come back."""

    wanted: Wanted


def creation(wanted: Wanted, settings: EntraSettings) -> tuple[New, list[FieldChange]]:
    """A new user or group, and what it is given. Raises RecordRejected."""
    kind, values = wanted.key.kind, _values(wanted, settings, new=True)
    members = tuple(dict.fromkeys(wanted.attributes.get(MEMBERS) or ()))
    told = [FieldChange(name, None, value) for name, value in values.items() if value is not None]
    told += [FieldChange(MEMBERS, None, member) for member in members]
    manager = values.pop(MANAGER, None)
    body: Object = {}
    if kind is Kind.TEAM:
        values.pop(KENJO_ID, None)  # the address of the request has it
        nick = group_nickname(wanted.key.id)
        body = {"mailEnabled": False, "mailNickname": nick, "securityEnabled": True}
    else:
        body = {ENABLED: True, "mailNickname": nickname(str(values.get(UPN) or ""))}
    for name, value in values.items():
        if value is not None:
            write(body, property_of(kind, name, settings.kenjo_id_attribute), value)
    return New(str(wanted.attributes.get(KENJO_ID) or ""), body, manager, members), told


def edit(wanted: Wanted, shown: User | Group, settings: EntraSettings) -> tuple[Edit, list[FieldChange]]:
    """What has to change, and in words of the mapping. Raises RecordRejected for what must not be changed."""
    kind, there = wanted.key.kind, shown.there
    values = {ENABLED: False} if wanted.removal and kind is Kind.PERSON else {}
    if not wanted.removal:
        values = _values(wanted, settings, new=False)
    differs: dict[str, tuple[Any, Any]] = {}
    for name, value in values.items():
        place = property_of(kind, name, settings.kenjo_id_attribute)
        if not same(place, read(there, place), value) and not _is_for_good(place, there, settings):
            differs[name] = (read(there, place), value)
    told = [FieldChange(name, former, value) for name, (former, value) in differs.items()]
    manager = differs.pop(MANAGER, None)
    body: Object = {}
    for name, (_, value) in differs.items():
        write(body, property_of(kind, name, settings.kenjo_id_attribute), value)
    if isinstance(shown, User):
        ends = (
            values.get(ENABLED) is False and settings.end_sessions and (ENABLED in body or shown.unfinished)
        )
        if ends and ENABLED not in body:
            told.append(FieldChange(ENABLED, True, False))
        found = Edit(shown, body, manager, ends)
    else:
        add, remove = _moves(wanted, shown)
        found = Edit(shown, body, add=add, remove=remove)
        told += [FieldChange(MEMBERS, None, one) for one in found.add]
        told += [FieldChange(MEMBERS, one, None) for one in found.remove]
    if found and (reason := _untouchable(there)):
        raise RecordRejected(reason)
    return found, told


def _moves(wanted: Wanted, group: Group) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is to be added, and who of those whom the bridge gave is to be taken out."""
    ours = dict.fromkeys(wanted.attributes.get(MEMBERS) or ())
    add = tuple(one for one in ours if one not in group.members)
    return add, tuple(sorted((wanted.released - ours.keys()) & group.members))


def _values(wanted: Wanted, settings: EntraSettings, *, new: bool) -> Values:
    kind, once = wanted.key.kind, () if new else settings.only_at_create
    values: Values = {}
    for name, raw in wanted.attributes.items():
        if name == MEMBERS or name in once:
            continue
        if not belongs(kind, name):
            raise RecordRejected(f"a {kind} has no attribute '{name}' in Entra ID: take it out of map")
        value = outgoing(kind, property_of(kind, name, settings.kenjo_id_attribute), raw)
        if value is not None or not stays(name):
            values[name] = value
    return values


def _is_for_good(place: str, there: Object, settings: EntraSettings) -> bool:
    """Whether a property must stay as it is: nobody may change a uniqueName that is set."""
    return place == UNIQUE_NAME and bool(there.get(UNIQUE_NAME) or not settings.name_adopted_groups)


def _untouchable(there: Mapping[str, Any]) -> str:
    """In one sentence, why the bridge does not change a user or group; "" when it may."""
    if there.get(_SYNCED) is True:
        return _MASTERED
    if "DynamicMembership" in (there.get("groupTypes") or ()):
        return "is a dynamic group, whose rule alone decides on its members: name the team otherwise"
    if there.get("mailEnabled") is True:
        return (
            "is a mail-enabled group (Microsoft 365 or Exchange), and only security groups are changed: name"
            " the team otherwise"
        )
    if there.get("isAssignableToRole") is True:
        return "is a group that can give administrator roles, and is never changed: name the team otherwise"
    return ""
