"""From wanted attributes to what is sent: what is to be at a new entry, and what differs at one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange, Wanted
from bridge.model import Kind
from bridge.spelling import composed
from workers.targets.ldap.attributes import (
    ACTIVE,
    CONTAINER,
    EXTERNAL_ID,
    MANAGER,
    MEMBERS,
    PREFIX,
    id_value,
    is_active,
    texts,
)
from workers.targets.ldap.entry import Entry
from workers.targets.ldap.names import is_under, parent, same, value_of
from workers.targets.ldap.servers import is_open
from workers.targets.ldap.settings import LdapSettings


@dataclass(frozen=True, slots=True)
class Values:
    """What happens to an attribute: `adds` to what is there, or stands in its place."""

    values: tuple[bytes, ...]
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """What has to be sent so that an entry (None: a new one) becomes as wanted.

    `values` by attribute; `name` is a new first step's value and `container` where it is to stand; `opens`
    says whether it is to give access. The manager and members are ids; "" takes the manager away.
    """

    kind: Kind
    entry: Entry | None
    values: Mapping[str, Values] = field(default_factory=dict)
    name: str | None = None
    container: str | None = None
    opens: bool | None = None
    manager: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields)


def new(settings: LdapSettings, wanted: Wanted) -> Edit:
    """What a new entry gets. Raises RecordRejected for what cannot be had."""
    kind, attributes = wanted.key.kind, wanted.attributes
    plain = texts(kind, attributes, is_ad=settings.dialect.is_ad)
    naming = settings.names_of(kind)
    name = plain.pop(naming, None)
    if not name:
        raise RecordRejected(f"has no {naming}, by which its entry is named")
    given = {one: Values((value.encode(),)) for one, value in plain.items() if value}
    if text := id_value(attributes.get(EXTERNAL_ID)):
        given[settings.id_attribute] = Values((text.encode(),))
    members = tuple(dict.fromkeys(attributes.get(MEMBERS) or ()))
    fields = [
        FieldChange(one, None, value)
        for one, value in attributes.items()
        if one != MEMBERS and value not in (None, "")
    ]
    return Edit(
        kind,
        None,
        given,
        name,
        _container(settings, kind, attributes) or _home(settings, kind),
        is_active(attributes[ACTIVE]) if ACTIVE in attributes and kind is Kind.PERSON else None,
        attributes.get(MANAGER) or None,
        members,
        fields=(*fields, *(FieldChange(MEMBERS, None, one) for one in members)),
    )


def edit(settings: LdapSettings, wanted: Wanted, entry: Entry) -> Edit:
    """What differs at an entry; what the mapping does not name is not looked at, members of others stay."""
    once = settings.only_at_create
    attributes = {name: value for name, value in wanted.attributes.items() if name not in once}
    if wanted.removal:
        attributes = {ACTIVE: False} if wanted.key.kind is Kind.PERSON else {}
    return _Comparing(settings, wanted, entry, attributes).edit()


class _Comparing:
    """Compares one entry with the attributes that are wanted of it."""

    def __init__(
        self, settings: LdapSettings, wanted: Wanted, entry: Entry, attributes: Mapping[str, Any]
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._entry = entry
        self._attributes = attributes
        self._fields: list[FieldChange] = []
        self._values: dict[str, Values] = {}

    def edit(self) -> Edit:
        kind = self._wanted.key.kind
        name = self._plain()
        self._external_id()
        container, opens, manager = self._place(), self._access(), self._manager()
        add, remove = self._members() if kind is Kind.TEAM else ((), ())
        return Edit(
            kind,
            self._entry,
            self._values,
            name,
            container,
            opens,
            manager,
            add,
            remove,
            tuple(self._fields),
        )

    def _differs(self, name: str, old: Any, new: Any) -> None:
        self._fields.append(FieldChange(name, old, new))

    def _plain(self) -> str | None:
        """Note which plain attributes differ; the new value of the one that names the entry."""
        renamed = None
        wanted = texts(self._wanted.key.kind, self._attributes, is_ad=self._settings.dialect.is_ad)
        for name, value in wanted.items():
            named = value_of(self._entry.dn, name)
            if named is not None:
                if value and composed(named) != composed(value):
                    renamed = value
                    self._differs(name, named, value)
            elif change := _difference(self._entry.texts(name), value):
                self._values[name] = change
                self._differs(name, ", ".join(self._entry.texts(name)) or None, value)
        return renamed

    def _external_id(self) -> None:
        text = id_value(self._attributes.get(EXTERNAL_ID))
        there = self._entry.values(self._settings.id_attribute)
        ours = [value for value in there if value.startswith(PREFIX.encode())]
        if text is None or ours == [text.encode()]:
            return
        others = tuple(value for value in there if value not in ours)
        adds = bool(others) and not ours
        self._values[self._settings.id_attribute] = Values(
            (text.encode(),) if adds else (*others, text.encode()), adds
        )
        old = ours[0].decode("utf-8", "replace").removeprefix(PREFIX) if ours else None
        self._differs(EXTERNAL_ID, old, self._attributes[EXTERNAL_ID])

    def _place(self) -> str | None:
        container = _container(self._settings, self._wanted.key.kind, self._attributes)
        above = parent(self._entry.dn)
        if container is None or same(container, above):
            return None
        self._differs(CONTAINER, above, container)
        return container

    def _access(self) -> bool | None:
        if ACTIVE not in self._attributes or self._wanted.key.kind is Kind.TEAM:
            return None
        opens, there = is_active(self._attributes[ACTIVE]), is_open(self._settings.dialect, self._entry.raw)
        if opens is there:
            return None
        if there is None:
            what = self._settings.dialect.access
            raise RecordRejected(f"its {what} is not shown: give bind_dn the right to read it")
        self._differs(ACTIVE, there, opens)
        return opens

    def _manager(self) -> str | None:
        if MANAGER not in self._attributes:
            return None
        wanted, there = self._attributes[MANAGER] or None, self._entry.manager
        if wanted == there:
            return None
        self._differs(MANAGER, there, wanted)
        return wanted or ""

    def _members(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        there = self._entry.members(self._settings.member_attribute)
        ours = list(dict.fromkeys(self._attributes.get(MEMBERS) or ()))
        add = tuple(one for one in ours if one not in there)
        remove = tuple(sorted(self._wanted.released & there.keys() - set(ours)))
        self._fields += [FieldChange(MEMBERS, None, one) for one in add]
        self._fields += [FieldChange(MEMBERS, one, None) for one in remove]
        return add, remove


def _difference(there: Sequence[str], want: str | None) -> Values | None:
    """How one value becomes right. Of several values nobody knows which was ours: none is taken away."""
    if want is None:
        return Values(()) if len(there) == 1 else None
    if composed(want) in map(composed, there):
        return None
    return Values((want.encode(),), adds=len(there) > 1)


def _home(settings: LdapSettings, kind: Kind) -> str:
    return settings.people if kind is Kind.PERSON else settings.groups_base or settings.base


def _container(settings: LdapSettings, kind: Kind, attributes: Mapping[str, Any]) -> str | None:
    """The mapped container; None where none is mapped, or it is empty. Raises RecordRejected."""
    text = attributes.get(CONTAINER)
    if not text:
        return None
    base = settings.base_of(kind)
    try:
        within = is_under(str(text), base)
    except ValueError:
        raise RecordRejected(f"{CONTAINER} is no distinguished name such as ou=Sales,{base}") from None
    if not within:
        raise RecordRejected(f"{CONTAINER} must be below {base}")
    return str(text)
