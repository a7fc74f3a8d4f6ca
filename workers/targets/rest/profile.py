"""The language in which a profile describes an HTTP API. Only data: `compiled` makes something of it.

The docstrings are the reference that docs/targets/rest.md prints, and are in `profile.schema.json`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from bridge.config.section import Section
from workers.targets.rest.requests import (
    Batch,
    Create,
    ListRequest,
    MemberRequest,
    Names,
    Place,
    Rate,
    ReadRequest,
    Request,
    Step,
    TokenRequest,
    segments,
)

_NAME = re.compile(r"[a-z](?:[a-z0-9]|_(?!_))*")

Clear = Literal["null", "text", "never"]
Means = Literal["done", "conflict", "not_found", "later", "throttled", "halted", "rejected"]


class Attribute(Section):
    """One attribute. A name that ends in `*` stands for all that begin so, for `map` to name."""

    map: str | None = None
    """Its value in the default mapping, an expression over `person` or `team`."""
    read: Place | None = None
    """Where in an object it stands, as in `work.site`; `{name}` is its name, `{settings.x}` a setting. An
    attribute whose place names a setting that is not given is not there. Default: `read` of all, its name."""
    write: Place | None = None
    """Where in a body it stands. Default: as its name says, in which dots lead inwards."""
    type: Literal["text", "number", "boolean", "date"] = "text"
    """What it is there. Dates are compared as days."""
    form: str = "yyyy-MM-dd"
    """The form of a date there, of yyyy, MM and dd."""
    values: dict[str, str] = Field(default_factory=dict)
    """The words that the tool has for values: `{true: active, false: inactive}`."""
    also: dict[str, str] = Field(default_factory=dict)
    """Further words that the tool may show, and the value that each means: `{on_leave: true}`."""
    required: bool = False
    """A record without it is left out with that reason."""
    read_only: bool = False
    """It is looked up by, or shown, and never sent."""
    create_only: Literal["reject", "keep"] | None = None
    """It is given to a new object, and cannot be changed: a change is shown as failed, or what is there is
    kept."""
    clear: Clear | None = None
    """How it is emptied, where that differs from `clear` of all."""
    refers_to: Literal["person"] | None = None
    """Its value is another record; sent is that one's id."""
    list: str | None = None
    """Its value is a name in this one of `lists`; sent is that one's id."""
    missing: Literal["reject", "create", "omit"] = "reject"
    """A name that the list lacks: the record is shown as failed, the entry is made, or the attribute is left
    out."""

    @field_validator("form")
    @classmethod
    def _names_a_day(cls, value: str) -> str:
        if any(value.count(part) != 1 for part in ("yyyy", "MM", "dd")):
            raise ValueError("is to have yyyy, MM and dd in it, each of them once, as in dd.MM.yyyy")
        return value


class Objects(Section):
    """People, or groups: their attributes, and the requests there are for them."""

    id: Place = Field("id", min_length=1)
    """Where in an object its id stands."""
    read_at: Place = "{name}"
    """Where in an object its attributes stand, unless they say so."""
    clear: Clear = "null"
    """How attributes are emptied: by null, by an empty text, or never."""
    attributes: dict[str, Attribute]
    """All attributes that a mapping can name."""
    external_id: str | None = None
    """The attribute that holds Kenjo's id."""
    match: list[str] = Field(min_length=1)
    """Attributes by which an object is looked up, one after the other."""
    listing: ListRequest = Field(alias="list")
    """Reads all objects, inactive ones too. Can use `fields`, what of an object is read at all."""
    find: dict[str, ListRequest] = Field(default_factory=dict)
    """By attribute, a request that looks up by it. Can use `value`. Attributes of `match` without one are
    looked up in the list."""
    read: ReadRequest | None = None
    """Reads one object. Can use `id` and `fields`. Without it, it is looked for in the list."""
    create: Create | None = None
    """Makes an object."""
    update: list[Step] = Field(default_factory=list)
    """Changes an object: `changed` is what differs, `there` the object as it was read, and `whole` that with
    the changes in it, for a tool that takes whole objects only."""
    delete: Request | None = None
    """Deletes an object."""


class People(Objects):
    """People."""

    access: str | None = None
    """The attribute that is true for an account in use."""
    deactivate: list[Step] = Field(default_factory=list)
    """Takes an account out of use; without it, `update` does, if `access` can be sent."""
    reactivate: list[Step] = Field(default_factory=list)
    """Gives it back; without it, `update` does, if `access` can be sent."""


class Members(Section):
    """Who is in a group."""

    map: str = "team.members"
    """The default mapping of a group's members."""
    read: Place | None = None
    """Where in a group the ids of its members stand, if the group shows them."""
    listing: ListRequest | None = Field(None, alias="list")
    """Reads the members of the group `id`, if the group does not show them."""
    id: Place = "id"
    """Where in a member its id stands, unless the members are just ids."""
    add: MemberRequest
    """Adds members."""
    remove: MemberRequest
    """Removes members."""


class Groups(Objects):
    """Groups."""

    name: str
    """The attribute that is the group's name."""
    members: Members
    """Its members."""


class Setting(Section):
    """Something that differs between accounts of the tool."""

    about: str
    """What it is, in a few words."""
    default: str | None = None
    """What it is where `with` does not give it."""
    optional: bool = False
    """It may be left out; it is null then."""


class SecretWord(Section):
    """A credential."""

    about: str
    """Where it comes from, in a few words."""


class Basic(Section):
    """A user name and password in each request (RFC 7617), with expressions in `{}`."""

    user: str
    """The user name."""
    password: str
    """The password."""


class SignIn(Section):
    """How requests prove who sends them. All of it can use `secrets` and `settings`."""

    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of each request, with expressions in `{}`."""
    basic: Basic | None = None
    """A user name and a password."""
    token: TokenRequest | None = None
    """A token that ends; OAuth 2 client credentials are one way to get it."""


class Rule(Section):
    """What an answer means that HTTP's own words do not say, or say otherwise."""

    when: str
    """An expression over `status`, `headers` (in lower case) and `body`; one that fails is not true."""
    means: Means
    """`done`: success. `conflict`: there is one already. `not_found`. `later`: a passing fault.
    `throttled`: everybody waits, as long as the answer says. `halted`: credentials or permissions.
    `rejected`: this record is not taken."""
    says: str = ""
    """A sentence for the person who reads it; without it, the answer's own words."""
    wait: str | None = None
    """For `later` and `throttled`, an expression: for how many seconds. It can use `now`, seconds since 1970,
    too. Without it, or where it gives no number: what `Retry-After` says, or a reset header."""


class Profile(Section):
    """One HTTP API."""

    title: str
    """The tool's name."""
    base_url: str
    """The part of all addresses that is the same, with `{settings.x}` in it."""
    settings: dict[str, Setting] = Field(default_factory=dict)
    """What bridge.yaml has to say in `with`."""
    secrets: dict[str, SecretWord] = Field(default_factory=dict)
    """The credentials that bridge.yaml has to give in `secrets`."""
    sign_in: SignIn = SignIn()
    """How requests prove who sends them."""
    answers: list[Rule] = Field(default_factory=list)
    """What answers mean; the first that fits decides."""
    rate: float = Field(5.0, gt=0)
    """Requests per second that the tool takes, unless bridge.yaml says otherwise."""
    rates: dict[str, Rate] = Field(default_factory=dict)
    """Requests of which the tool takes fewer, by a name: they keep to `rate` and to this, too."""
    shows_within: float = Field(600.0, ge=0)
    """Seconds after which a new object shows at the latest."""
    batch: Batch | None = None
    """How several requests go in one, where the tool takes that."""
    lists: dict[str, Names] = Field(default_factory=dict)
    """Lists of names whose ids attributes take."""
    people: People
    """People."""
    groups: Groups | None = None
    """Groups of people, if the tool has them."""

    @property
    def words(self) -> frozenset[str]:
        """The segments of its paths that are the same for everybody."""
        return frozenset(segments(self.model_dump()))

    @field_validator("settings", "secrets", "rates")
    @classmethod
    def _can_be_variables(cls, value: dict[str, Any]) -> dict[str, Any]:
        if wrong := [name for name in value if not _NAME.fullmatch(name)]:
            raise ValueError(
                f"has the name '{wrong[0]}', but a name must be lower-case letters, digits and single '_'"
            )
        return value
