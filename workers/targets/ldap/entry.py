"""An entry of the directory as it was read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.exchange import Remote
from bridge.model import Kind
from workers.targets.ldap.attributes import EXTERNAL_ID, MANAGER, external_id, normal
from workers.targets.ldap.servers import Raw, is_open
from workers.targets.ldap.settings import LdapSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `ids`: the ids of those whose names stand in it, as far as they are known, by name."""

    dn: str
    id: str
    raw: Raw
    ids: Mapping[str, str] = field(default_factory=dict)

    def values(self, attribute: str) -> list[bytes]:
        """All values of an attribute."""
        return self.raw.get(attribute.lower(), [])

    def texts(self, attribute: str) -> list[str]:
        """The same as text."""
        return [value.decode("utf-8", "replace") for value in self.values(attribute)]

    @property
    def manager(self) -> str | None:
        """The manager's id; a name that is nobody's is told as it is."""
        return next((self.ids.get(name, name) for name in self.texts(MANAGER)), None)

    def members(self, attribute: str) -> dict[str, str]:
        """The names of those members whose id is known, by id."""
        return {self.ids[name]: name for name in self.texts(attribute) if name in self.ids}

    @property
    def is_protected(self) -> bool:
        """Whether AD lets only its own administrators change it (MS-ADTS 3.1.1.6.1)."""
        critical = self.texts("isCriticalSystemObject")[:1] == ["TRUE"]
        return critical or self.texts("adminCount")[:1] not in ([], ["0"])


def found(settings: LdapSettings, kind: Kind, entry: Entry, own: str = "", by: str = "") -> Remote:
    """What an entry tells of itself; `own` is the id of the record for which it was found, `by` by what."""
    carries = external_id(entry.values(settings.id_attribute))
    shown = is_open(settings.dialect, entry.raw) if kind is Kind.PERSON else None
    return Remote.found(entry.id, shown, own=own, carries=carries, by=by)


def keys(id_attribute: str, match: Sequence[str], entry: Entry) -> frozenset[tuple[str, str]]:
    """By what an entry can be looked up."""
    pairs = {
        (name, normal(name, text)) for name in match if name != EXTERNAL_ID for text in entry.texts(name)
    }
    if EXTERNAL_ID in match and (carries := external_id(entry.values(id_attribute))):
        pairs.add((EXTERNAL_ID, carries))
    return frozenset(pairs)
