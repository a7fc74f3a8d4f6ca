"""A profile with its expressions compiled: what one target sends and reads. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.errors import RecordRejected
from bridge.mapping.expressions import Expression
from bridge.model import Kind
from workers.targets.rest import profile as words
from workers.targets.rest import requests
from workers.targets.rest.fields import Field, Path
from workers.targets.rest.profile import Profile
from workers.targets.rest.scripts import Template

MEMBERS = "members"
"""The attribute of a group that is who is in it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `together`: it may go in one with others; `rates`: those that it keeps to, by name."""

    method: str
    path: Template
    params: Mapping[str, Expression]
    body: Expression | None
    form: Mapping[str, Expression]
    rates: tuple[str, ...] = ()
    together: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for objects, or for one; `items` is where they stand."""

    call: Call
    items: Path
    pages: requests.Paging | None


@dataclass(frozen=True, slots=True)
class Step:
    """A request that changes an object; `sends` are the only attributes that it takes, () for all others."""

    call: Call
    when: Expression | None
    sends: tuple[str, ...]
    item: Path | None


@dataclass(frozen=True, slots=True)
class Creation:
    """A request that makes an object. `id`: where its id stands; None: in the header Location."""

    call: Call
    id: Path | None
    later: tuple[str, ...]
    item: Path | None


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names and ids."""

    listing: Listing
    id: Path
    name: Path
    create: Creation | None


@dataclass(frozen=True, slots=True)
class Members:
    """How the members of a group are read, added and removed."""

    read: Path | None
    listing: Listing | None
    id: Path
    add: Call
    add_at_most: int
    remove: Call
    remove_at_most: int


@dataclass(frozen=True, slots=True)
class Objects:
    """People, or groups. `fields` are their attributes, `spec` is what the profile says of them."""

    kind: Kind
    spec: words.Objects
    id: Path
    fields: Mapping[str, Field]
    external_id: Field | None
    access: Field | None
    listing: Listing
    find: Mapping[str, Listing]
    read: Listing | None
    create: Creation | None
    update: tuple[Step, ...]
    deactivate: tuple[Step, ...]
    reactivate: tuple[Step, ...]
    delete: Call | None
    members: Members | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer means."""

    when: Expression
    means: words.Means
    says: str
    wait: Expression | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A request that carries others: what one of them is in it, and where in its answer theirs stand."""

    call: Call
    part: Expression
    at_most: int
    items: Path
    id: Path
    status: Path
    headers: Path
    answer: Path
    counts_each: bool


@dataclass(frozen=True, slots=True)
class SignIn:
    """How requests prove who sends them; `token_at` and `lifetime_at` are places in the answer to `token`."""

    headers: Mapping[str, Template]
    basic: tuple[Template, Template] | None
    token: Call | None
    token_at: Path
    lifetime_at: Path


@dataclass(frozen=True, slots=True)
class Compiled:
    """A profile for one target."""

    profile: Profile
    settings: Mapping[str, str | None]
    base_url: str
    sign_in: SignIn
    rules: tuple[Rule, ...]
    batch: Batch | None
    lists: Mapping[str, Names]
    people: Objects
    groups: Objects | None

    @property
    def title(self) -> str:
        """The tool's name."""
        return self.profile.title

    @property
    def kinds(self) -> tuple[Objects, ...]:
        """People, and groups where the tool has them."""
        return (self.people, self.groups) if self.groups else (self.people,)

    def objects(self, kind: Kind) -> Objects:
        """People or groups. Raises RecordRejected where the tool has none."""
        found = self.people if kind is Kind.PERSON else self.groups
        if found is None:
            raise RecordRejected(f"{self.title} has no groups")
        return found
