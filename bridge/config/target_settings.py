"""The settings of a target, as far as they do not depend on its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator

from bridge.config.addresses import http_address, same_place
from bridge.config.credentials import credential
from bridge.config.section import Section

Mode = Literal["create_only", "upsert", "sync"]
Drift = Literal["ignore", "report", "repair"]
Removal = Literal["deactivate", "keep", "delete"]
GroupList = Literal["teams", "departments", "offices", "companies", "areas"]


class Limit(Section):
    """More than `count` records and more than `percent` of those that the target has: all are held."""

    count: int = Field(0, ge=0)
    """Records that may always change."""
    percent: float = Field(0.0, ge=0, le=100)
    """Share of the target's records that may always change."""

    def is_exceeded(self, number: int, base: int) -> bool:
        """Whether so many of `base` are too many."""
        return number > self.count and number * 100 > self.percent * base


class Limits(Section):
    """How much may change at a target within a time, by kind of change; without a limit, anything.

    The share is of the accounts that are in use. What a person has approved does not count.
    """

    window: float = Field(24.0, gt=0, le=24 * 366)
    """Hours: what was done in that time counts together with what would be done now."""
    create: Limit | None = None
    """Access given: new accounts, and inactive ones that are opened again."""
    update: Limit | None = None
    """Changes of accounts that are there."""
    remove: Limit | None = Limit(count=5, percent=10)
    """Access taken away, whatever the cause: who leaves, the scope, the mode, a mapping that says so."""
    delete: Limit | None = Limit(count=5, percent=10)
    """Inactive accounts that are deleted after their days."""
    members: Limit | None = Limit(count=5, percent=20)
    """Members who are taken out of groups although they keep their account: out of one group, and out of all
    groups together. Of all groups together, a group that loses no more than the share goes on."""


class Removals(Section):
    """What happens to an account, by the reason for which its person should not have it any more."""

    inactive: Removal = "deactivate"
    """Deactivated in Kenjo, or not activated yet."""
    left: Removal = "deactivate"
    """The contract has ended."""
    gone: Removal = "deactivate"
    """Deleted in Kenjo."""
    out_of_scope: Removal = "keep"
    """Not in the target's scope any more. That is no leaver: by default the account stays as it is."""
    after_days: int = Field(30, ge=0)
    """Days from the deactivation to the deletion, where `delete` is set. 0 deletes at once, without
    deactivating first: for targets that cannot deactivate."""


class Groups(Section):
    """What becomes a group at the target."""

    from_: list[GroupList] = Field(["teams"], alias="from")
    """Kenjo's lists whose rows become groups; an empty list for a target that knows people only."""
    name: str | None = None
    """A CEL expression over `team`: the group's name. Default: Kenjo's name for it."""
    scope: str | None = None
    """A CEL expression over `team`: which of them become groups. Default: all."""


class Needed(NamedTuple):
    """A setting that is needed as others are set; `meaning` is in words, "" for what its definition says."""

    place: tuple[str, ...]
    meaning: str = ""


class TargetSettings(Section):
    """What all kinds of targets have in common; each kind adds its own settings."""

    changes_nothing: ClassVar[frozenset[str]] = frozenset(
        {"rate", "concurrency", "timeout", "map", "limits", "drift", "drift_every", "after", "undo_days"}
    )
    """Settings that change nothing that the target should hold (`map` counts as what it is laid over)."""
    url_setting: ClassVar[str] = "base_url"
    """The setting that says where the target is."""
    asked: ClassVar[tuple[str, ...]] = ()
    """Settings that `init` asks for although they have a default, before those that have none."""
    or_else: ClassVar[str] = ""
    """What else may be done about two targets that lead to the same accounts, as the end of a sentence."""

    kind: str
    """The kind of target, e.g. `scim`."""
    mode: Mode = "sync"
    """`create_only` never changes what is there, `upsert` creates and changes, `sync` removes leavers too."""
    scope: str | None = None
    """A CEL expression over `person`: who belongs at this target. Default: everyone."""
    limits: Limits = Limits()
    """How much may change at once before somebody is asked."""
    removal: Removals = Removals()
    """What happens to the accounts of those who should not have one any more."""
    groups: Groups = Groups()
    """What becomes a group there, with the people who belong to it as its members."""
    map: dict[str, str | None] = Field(default_factory=dict)
    """CEL expressions by target attribute, on top of the kind's default mapping; null removes one."""
    after: list[str] = Field(default_factory=list)
    """Targets that come first: what changes about a person waits here until those are done with it (mail
    first, then what it signs in to). Taking access away waits for nobody."""
    from_: dict[str, str] = Field(default_factory=dict, alias="from")
    """Attributes that are what another target was given, which then comes first: `{userName:
    google.primaryEmail}`. `google.id` is the id of the person's account there."""
    clear: bool = True
    """Whether an attribute whose value is empty is emptied at the target too; false leaves what is there."""
    keep: list[str] = Field(default_factory=list)
    """Attributes that are left as they are at the target when their value is empty, whatever `clear` says."""
    once: list[str] = Field(default_factory=list)
    """Attributes that are given to a new account or group and never changed afterwards. What was there before
    the bridge keeps its own."""
    unique: dict[str, list[str]] = Field(default_factory=dict)
    """Attributes that nobody else has there, such as user names, each with CEL expressions over `person`: the
    first value that is free is given to a new account, and stays. `n` counts 2, 3, ... 100:
    `{userName: [slug(person.personal.lastName), slug(person.personal.lastName) + string(n)]}`."""
    drift: Drift = "report"
    """What is done about accounts and groups that somebody has changed at the target since they were given:
    `report` says in `status` which they are, `repair` gives them again what Kenjo says, `ignore` does not
    look."""
    drift_every: float = Field(24.0, gt=0)
    """Hours between two looks at all of them, at a quarter of `rate`."""
    undo_days: int = Field(14, ge=0, le=365)
    """Days for which the bridge remembers what accounts and groups had here before it changed them, so that a
    run can be undone. 0 remembers nothing."""
    rate: float = Field(10.0, gt=0)
    """Requests per second to this target, over all workers."""
    concurrency: int = Field(10, ge=1, le=100)
    """Requests to this target at the same time, per worker."""
    create_shows_within: float = Field(600.0, ge=0)
    """Seconds for which an account is looked for that the target accepted without showing it. Then a person
    has to look: it is never created again by itself."""
    timeout: float = Field(10.0, gt=0)
    """Seconds for one request, reading the whole answer included."""

    @classmethod
    def needed(cls, _given: Mapping[str, Any]) -> Sequence[Needed]:
        """What is needed, and not given, although its setting has a default: it follows from what is given.

        `init` asks for it after the settings that have none. `_given` are settings as a file has them.
        """
        return ()

    @property
    def server(self) -> str:
        """Which server, and which account there, this is: what another one was given says nothing of it."""
        return self.kind

    @property
    def url(self) -> str:
        """The address that people's data are sent to, where it is one; "" for a target of another kind."""
        return ""

    @property
    def addresses(self) -> Mapping[str, str]:
        """What secrets and people's data are sent to, by setting: also where one signs in."""
        return {self.url_setting: self.url}

    @property
    def secret_files(self) -> Sequence[Path]:
        """Files beside the configuration that hold secrets."""
        return ()

    @property
    def looked_up_by(self) -> Sequence[str]:
        """The mapped attributes by which people's accounts are looked up, in order.

        Empty where a target can only be asked for what the bridge itself has made.
        """
        return ()

    @property
    def calls_per_day(self) -> int | None:
        """How many calls it takes in 24 hours of a sort that is counted; None: nothing is counted."""
        return None

    def shares(self, other: TargetSettings) -> bool:
        """Whether another target's settings lead to the same accounts."""
        return self.server == other.server


class HttpTarget(TargetSettings):
    """A target that is an HTTP API."""

    or_else = "; or, if their credentials belong to different accounts there, give each a tenant of its own"

    base_url: str
    """The address of the target's API."""
    tenant: str | None = None
    """A name for the account that the credentials belong to, where many accounts have one address (Slack):
    only targets with different tenants and different credentials may share an address."""

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return http_address(value)

    @property
    def credentials(self) -> tuple[object, ...]:
        """The values of those settings that are secrets."""
        return tuple(value for _, value in self if isinstance(value, SecretStr))

    @property
    def server(self) -> str:
        """The kind, the address and the tenant."""
        return " ".join(filter(None, (self.kind, self.base_url, self.tenant)))

    @property
    def url(self) -> str:
        """The base address."""
        return self.base_url

    def shares(self, other: TargetSettings) -> bool:
        """One address is one account, unless both the tenants and the credentials differ."""
        if not isinstance(other, HttpTarget) or same_place(self.base_url) != same_place(other.base_url):
            return False
        tenants = (self.tenant or "").strip(), (other.tenant or "").strip()
        return not all(tenants) or tenants[0] == tenants[1] or self.credentials == other.credentials


def usable_secret(value: SecretStr) -> SecretStr:
    """A secret as it may stand in a header. Raises ValueError with what is wrong, as validators do."""
    if not (token := credential(value)).get_secret_value():
        raise ValueError("is empty")
    return token


Secret = Annotated[SecretStr, AfterValidator(usable_secret)]
"""A credential: never shown, without the line break that a file may end in."""


class BearerTarget(HttpTarget):
    """A target that is an HTTP API with a bearer token."""

    changes_nothing = TargetSettings.changes_nothing | {"token"}

    token: Secret
    """The target's bearer token."""


class AnyTarget(TargetSettings):
    """A target as it stands in the configuration, before its kind's own settings are read."""

    model_config = ConfigDict(extra="allow")

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        yield "kind", self.kind  # its kind's secrets are still plain text here
