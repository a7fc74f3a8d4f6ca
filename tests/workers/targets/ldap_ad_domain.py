"""A made-up Active Directory domain in memory, with the rules of Microsoft's [MS-ADTS] and [MS-SAMR].

Written from these, and from what Windows and Samba were seen to answer; it knows nothing of the adapter.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

Values = list[bytes]
Steps = tuple[tuple[str, str], ...]
"""A name from the entry to the root: attribute in lower case, and value."""

ADD, DELETE, REPLACE = 0, 1, 2
DISABLED, NO_PASSWORD_NEEDED, NORMAL = 0x2, 0x20, 0x200

# Single-valued attributes and how many characters each takes; None: no matter.
SINGLE: dict[str, int | None] = {
    "cn": 64, "ou": 64, "sn": 64, "givenName": 64, "displayName": 256, "title": 128, "department": 64,
    "company": 64, "physicalDeliveryOfficeName": 128, "telephoneNumber": 64, "mobile": 64, "pager": 64,
    "mail": 256, "userPrincipalName": 1024, "sAMAccountName": 256, "adminDescription": 1024, "info": 1024,
    "employeeID": 16, "employeeNumber": 512, "userAccountControl": None, "groupType": None, "manager": None,
    "adminCount": None, "isCriticalSystemObject": None, "pwdLastSet": None, "unicodePwd": None, "name": None,
    "objectGUID": None, "objectCategory": None, "distinguishedName": None, "c": 3, "l": 128,
}  # fmt: skip
MULTIPLE = (
    "objectClass",
    "description",
    "member",
    "memberOf",
    "directReports",
    "otherTelephone",
    "proxyAddresses",
)
KNOWN = {name.lower(): name for name in (*SINGLE, *MULTIPLE)}
LINKS = {"member": "memberOf", "manager": "directReports"}
_BACK = {back.lower(): link for link, back in LINKS.items()}
_SERVERS_OWN = {
    "objectguid",
    "objectclass",
    "memberof",
    "directreports",
    "distinguishedname",
    "pwdlastset",
    "objectcategory",
}
_NOT_IN_SAM = set('"[]:;|=+*?<>/\\,')


class Refused(Exception):
    """What a request is answered that is not done: a result code, and the diagnostic text of Windows."""

    def __init__(self, code: int, windows: str, problem: str, more: str = "") -> None:
        super().__init__(problem)
        self.code = code
        self.text = f"{windows}: {problem}, data 0{more}"


def no_object(above: str = "") -> Refused:
    return Refused(
        32, "0000208D", "NameErr: DSID-03100238, problem 2001 (NO_OBJECT)", f", best match of:\n\t'{above}'\n"
    )


def no_right() -> Refused:
    return Refused(50, "00000005", "SecErr: DSID-03152492, problem 4003 (INSUFF_ACCESS_RIGHTS)")


def constraint(windows: str, attribute: str) -> Refused:
    about = f", Att 1 ({attribute})\n"
    return Refused(19, windows, "AtrErr: DSID-03200BBA, #1:\n\t0: problem 1005 (CONSTRAINT_ATT_TYPE)", about)


def unwilling(windows: str) -> Refused:
    return Refused(53, windows, "SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM)")


def exists(windows: str) -> Refused:
    return Refused(68, windows, "UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS)")


@dataclass
class Entry:
    """One entry; links are kept as the ids of others, so that they follow every rename."""

    guid: bytes
    steps: Steps
    values: dict[str, Values] = field(default_factory=dict)
    links: dict[str, list[bytes]] = field(default_factory=dict)
    password: str = ""

    @property
    def classes(self) -> set[str]:
        return {value.decode().lower() for value in self.values["objectclass"]}

    def flag(self, name: str) -> int:
        return int(self.values.get(name.lower(), [b"0"])[0])


@dataclass(frozen=True)
class Who:
    """Who asks: `below` is the only container where something may be changed, None: everywhere."""

    encrypted: bool
    below: Steps | None = None


class Domain:
    """All entries of a domain."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.entries: dict[bytes, Entry] = {}
        self._put(steps_of(base), {"objectclass": [b"top", b"domain"]})

    # Looking

    def at(self, name: str) -> Entry | None:
        """The entry with a name, or `<GUID=...>` (MS-ADTS 3.1.1.3.1.2.4)."""
        if match := re.fullmatch(r"<GUID=([0-9a-fA-F-]{32,36})>", name):
            return self.entries.get(uuid.UUID(match[1]).bytes_le)
        return self._by_steps(steps_of(name))

    def _by_steps(self, steps: Steps) -> Entry | None:
        wanted = _folded(steps)
        return next((one for one in self.entries.values() if _folded(one.steps) == wanted), None)

    def below(self, entry: Entry, scope: int) -> Iterator[Entry]:
        """Entries in a scope: 0 itself, 1 its children, 2 the whole tree."""
        top = _folded(entry.steps)
        for one in self.entries.values():
            depth = len(one.steps) - len(top)
            inside = depth >= 0 and _folded(one.steps)[depth:] == top
            if inside and (scope == 2 or depth == scope):
                yield one

    def shown(self, entry: Entry) -> dict[str, Values]:
        """All attributes as they are read."""
        names = {*entry.values, *entry.links, *_BACK, "objectguid", "distinguishedname", "name"}
        return {name: values for name in sorted(names) if (values := self.read(entry, name))}

    def read(self, entry: Entry, name: str) -> Values:
        """The values of one attribute, links as names. Only a link back takes a look at all entries."""
        if name in _BACK:
            others, link = self.entries.values(), _BACK[name]
            return [dn_of(one.steps).encode() for one in others if entry.guid in one.links.get(link, ())]
        if name in entry.links:
            there = (self.entries.get(one) for one in entry.links[name])
            return [dn_of(one.steps).encode() for one in there if one]
        made = {
            "objectguid": lambda: entry.guid,
            "distinguishedname": lambda: dn_of(entry.steps).encode(),
            "name": lambda: entry.steps[0][1].encode(),
        }
        return [made[name]()] if name in made else list(entry.values.get(name, ()))

    def matches(self, entry: Entry, attribute: str, value: bytes) -> bool:
        """Whether an attribute has a value; letter case and accents do not count in texts."""
        name = attribute.lower()
        if name not in KNOWN:
            return False
        if name == "objectguid":
            return entry.guid == value
        if name == "distinguishedname":
            return _folded(entry.steps) == _named(value)
        there = self.read(entry, name)
        if name in ("member", "manager", "memberof"):
            return _named(value) in map(_named, there)
        return _plain(value) in {_plain(one) for one in there}

    # Changing

    def add(self, who: Who, name: str, given: Mapping[str, Values]) -> Entry:
        """A new entry (MS-ADTS 3.1.1.5.2)."""
        steps = steps_of(name)
        if (above := self._by_steps(steps[1:])) is None:
            raise no_object(dn_of(steps[1:]))
        self._check_right(who, above.steps)
        if self._by_steps(steps):
            raise exists("00002071")
        values = {one.lower(): list(all_) for one, all_ in given.items()}
        if not values.get("objectclass"):
            raise Refused(65, "00002014", "UpdErr: DSID-031A1230, problem 6002 (OBJ_CLASS_VIOLATION)")
        if "unicodepwd" in values:
            raise unwilling("0000001F")
        classes = {one.decode().lower() for one in values.pop("objectclass")}
        for one in values:
            if one in _SERVERS_OWN:
                raise constraint("0000209A", one)
        entry = Entry(uuid.uuid4().bytes_le, steps, {"objectclass": _classes(classes)})
        named = values.pop(steps[0][0], [steps[0][1].encode()])
        if [one.decode() for one in named] != [steps[0][1]]:
            raise constraint("000020B1", steps[0][0])
        entry.values[steps[0][0]] = named
        for one, new in values.items():
            self._set(who, entry, one, new)
        self._account(entry, "useraccountcontrol" in values)
        self.entries[entry.guid] = entry
        return entry

    def _account(self, entry: Entry, given: bool) -> None:
        """What the domain gives a new account (MS-SAMR 3.1.1.8.1, 3.1.1.8.4)."""
        if not entry.classes & {"user", "group"}:
            return
        entry.values.setdefault("samaccountname", [f"${entry.guid.hex()[:16].upper()}".encode()])
        if "group" in entry.classes:
            entry.values.setdefault("grouptype", [b"-2147483646"])
            return
        entry.values["objectcategory"] = [b"person"]
        entry.values["pwdlastset"] = [b"0"]
        if not given:
            entry.values["useraccountcontrol"] = [str(NORMAL | DISABLED | NO_PASSWORD_NEEDED).encode()]

    def modify(self, who: Who, name: str, changes: Iterable[tuple[int, str, Values]]) -> None:
        """Change attributes, all of them or none (MS-ADTS 3.1.1.5.3)."""
        entry = self.at(name)
        if entry is None:
            raise no_object()
        self._check_right(who, entry.steps, entry)
        kept = {key: list(values) for key, values in entry.values.items()}
        links = {key: list(ids) for key, ids in entry.links.items()}
        password = entry.password
        try:
            for how, attribute, values in changes:
                self._change(who, entry, how, attribute.lower(), values)
        except Refused:
            entry.values, entry.links, entry.password = kept, links, password
            raise

    def _change(self, who: Who, entry: Entry, how: int, attribute: str, values: Values) -> None:
        if attribute not in KNOWN:
            raise Refused(
                16, "00000057", "LdapErr: DSID-0C090D78, comment: Error in attribute conversion operation"
            )
        if attribute in _SERVERS_OWN:
            raise constraint("0000209A", attribute)
        if attribute == entry.steps[0][0] or attribute == "name":
            raise Refused(67, "00002016", "UpdErr: DSID-031A1204, problem 6004 (CANT_ON_RDN)")
        if attribute == "member":
            self._members(entry, how, values)
            return
        there = self.read(entry, attribute)
        if how == REPLACE:
            self._set(who, entry, attribute, values)
        elif how == ADD:
            if (KNOWN[attribute] in SINGLE and there) or set(there) & set(values):
                raise Refused(
                    20, "00002083", "AtrErr: DSID-03151830, #1:\n\t0: problem 1006 (ATT_OR_VALUE_EXISTS)"
                )
            self._set(who, entry, attribute, [*there, *values])
        else:
            if values and not set(values) <= set(there):
                raise Refused(
                    16, "00002085", "AtrErr: DSID-03151830, #1:\n\t0: problem 1001 (NO_ATTRIBUTE_OR_VAL)"
                )
            self._set(who, entry, attribute, [one for one in there if one not in values] if values else [])

    def _members(self, entry: Entry, how: int, values: Values) -> None:
        """The members of a group; Windows answers as the account database does (MS-SAMR 3.1.1.8.9)."""
        named = []
        for value in values:
            if (one := self.at(value.decode())) is None:
                raise no_object()
            named.append(one.guid)
        there = entry.links.setdefault("member", [])
        if how == REPLACE:
            entry.links["member"] = named
        for guid in named:
            if how == ADD and guid in there:
                raise exists("00000562")
            if how == DELETE and guid not in there:
                raise unwilling("00000561")
            if how == ADD:
                there.append(guid)
            elif how == DELETE:
                there.remove(guid)

    def _set(self, who: Who, entry: Entry, attribute: str, values: Values) -> None:
        if attribute not in KNOWN:
            raise Refused(
                16, "00000057", "LdapErr: DSID-0C090D78, comment: Error in attribute conversion operation"
            )
        if attribute == "unicodepwd":
            self._set_password(who, entry, values)
            return
        if attribute == "manager":
            self._set_manager(entry, values)
            return
        if attribute == "member":
            self._members(entry, REPLACE, values)
            return
        self._check_values(entry, attribute, values)
        if attribute == "useraccountcontrol":
            self._check_flags(entry, int(values[0]))
        if values:
            entry.values[attribute] = values
        else:
            entry.values.pop(attribute, None)

    def _check_values(self, entry: Entry, attribute: str, values: Values) -> None:
        name = KNOWN[attribute]
        if name in SINGLE and len(values) > 1:
            raise constraint("00002081", name)
        longest = SINGLE.get(name)
        for value in values:
            if not value:
                raise Refused(
                    21, "00000057", "LdapErr: DSID-0C090D78, comment: Error in attribute conversion operation"
                )
            if longest and len(value.decode()) > longest:
                raise constraint("00002082", name)
            if name == "sAMAccountName":
                self._check_sam(entry, value.decode())
            if name == "userPrincipalName" and self._has_other(entry, attribute, value):
                raise constraint("000021C8", name)

    def _check_sam(self, entry: Entry, value: str) -> None:
        is_user = "user" in entry.classes
        if (is_user and len(value) > 20) or _NOT_IN_SAM & set(value):
            raise constraint("00000523", "sAMAccountName")
        if self._has_other(entry, "samaccountname", value.encode()):
            raise exists("00000524")

    def _has_other(self, entry: Entry, attribute: str, value: bytes) -> bool:
        wanted = value.decode().casefold()
        return any(
            wanted in {one.decode().casefold() for one in other.values.get(attribute, [])}
            for other in self.entries.values()
            if other.guid != entry.guid
        )

    def _check_flags(self, entry: Entry, flags: int) -> None:
        """No account gives access without a password, unless it needs none (MS-SAMR 3.1.1.8.10)."""
        if not flags & (DISABLED | NO_PASSWORD_NEEDED) and not entry.password:
            raise unwilling("0000052D")
        if not flags & NORMAL:
            raise constraint("00000057", "userAccountControl")

    def _set_password(self, who: Who, entry: Entry, values: Values) -> None:
        """Reset by an administrator: in quotes, as UTF-16LE, over TLS only (MS-ADTS 3.1.1.3.1.5.1)."""
        if not who.encrypted or len(values) != 1:
            raise unwilling("0000001F")
        text = values[0].decode("utf-16-le")
        if len(text) < 2 or (text[0], text[-1]) != ('"', '"'):
            raise unwilling("0000001F")
        kinds = sum(
            bool(re.search(kind, text[1:-1])) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
        )
        if len(text) - 2 < 7 or kinds < 3:
            raise constraint("0000052D", "unicodePwd")
        entry.password = text[1:-1]
        entry.values["pwdlastset"] = [b"133000000000000000"]

    def _set_manager(self, entry: Entry, values: Values) -> None:
        if len(values) > 1:
            raise constraint("00002081", "manager")
        found = [self.at(value.decode()) for value in values]
        if None in found:
            raise constraint("000020B5", "manager")
        entry.links["manager"] = [one.guid for one in found if one]

    def rename(self, who: Who, name: str, step: str, above: str | None) -> None:
        """Another first step, or another container; who is below moves along (MS-ADTS 3.1.1.5.4)."""
        entry = self.at(name)
        if entry is None:
            raise no_object()
        self._check_right(who, entry.steps, entry)
        new_above = self.at(above) if above is not None else self._by_steps(entry.steps[1:])
        if new_above is None:
            raise no_object()
        self._check_right(who, new_above.steps)
        (pair,) = steps_of(step)
        if pair[0] != entry.steps[0][0]:
            raise Refused(64, "00002073", "NameErr: DSID-031A0FB4, problem 2005 (NAMING_VIOLATION)")
        steps = (pair, *new_above.steps)
        other = self._by_steps(steps)
        if other and other is not entry:
            raise exists("00002071")
        if len(pair[1]) > (SINGLE[KNOWN[pair[0]]] or 256):
            raise constraint("00002082", pair[0])
        depth = len(entry.steps)
        for one in list(self.below(entry, 2)):
            one.steps = (*one.steps[: len(one.steps) - depth], *steps)
        entry.values[pair[0]] = [pair[1].encode()]

    def delete(self, who: Who, name: str, *, tree: bool = False) -> None:
        """Take an entry away, and out of all lists."""
        entry = self.at(name)
        if entry is None:
            raise no_object()
        self._check_right(who, entry.steps, entry)
        below = list(self.below(entry, 2))
        if len(below) > 1 and not tree:
            raise Refused(66, "00002015", "UpdErr: DSID-031A124C, problem 6003 (CANT_ON_NON_LEAF)")
        for one in below:
            del self.entries[one.guid]
            for other in self.entries.values():
                for ids in other.links.values():
                    if one.guid in ids:
                        ids.remove(one.guid)

    def may_create(self, who: Who, steps: Steps) -> list[bytes]:
        """What is answered for allowedChildClassesEffective of a container (MS-ADTS 3.1.1.4.5.21)."""
        try:
            self._check_right(who, steps)
        except Refused:
            return []
        return [b"user", b"group", b"organizationalUnit"]

    def _check_right(self, who: Who, steps: Steps, entry: Entry | None = None) -> None:
        if who.below is None:
            return
        top = _folded(who.below)
        if _folded(steps)[len(steps) - len(top) :] != top or (entry and entry.flag("adminCount")):
            raise no_right()

    def _put(self, steps: Steps, values: dict[str, Values]) -> None:
        guid = uuid.uuid4().bytes_le
        self.entries[guid] = Entry(guid, steps, values)


def steps_of(name: str) -> Steps:
    """A name's steps (RFC 4514). Raises Refused."""
    if not name:
        return ()
    found = []
    for step in re.split(r"(?<!\\),", re.sub(r"\\\\", r"\\5c", name)):
        attribute, sign, value = step.partition("=")
        if not sign or not value:
            raise Refused(34, "0000208F", "NameErr: DSID-03100225, problem 2006 (BAD_NAME)")
        raw = re.sub(
            rb"\\([0-9a-fA-F]{2})|\\(.)",
            lambda match: bytes([int(match[1], 16)]) if match[1] else match[2],
            value.encode(),
        )
        found.append((attribute.strip().lower(), raw.decode()))
    return tuple(found)


def dn_of(steps: Steps) -> str:
    """A name as Windows writes it."""
    written = []
    for attribute, value in steps:
        text = re.sub(r'([,\\#+<>;"=])', r"\\\1", value)
        text = re.sub(r"^ | $", r"\\ ", text)
        written.append(f"{attribute.upper()}={text}")
    return ",".join(written)


@cache
def _folded(steps: Steps) -> Steps:
    return tuple((attribute, value.casefold()) for attribute, value in steps)


@cache
def _named(value: bytes) -> Steps | None:
    try:
        return _folded(steps_of(value.decode()))
    except (Refused, ValueError):
        return None


def _plain(value: bytes) -> str:
    text = unicodedata.normalize("NFD", value.decode("utf-8", "replace"))
    return "".join(one for one in text if not unicodedata.combining(one)).casefold()


def _classes(given: set[str]) -> Values:
    names = {"user": ["top", "person", "organizationalPerson", "user"], "group": ["top", "group"]}
    found = next((all_ for name, all_ in names.items() if name in given), ["top", "organizationalUnit"])
    return [one.encode() for one in found]
