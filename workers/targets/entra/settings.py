"""The settings of a Microsoft Entra tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from bridge.config.addresses import http_address
from bridge.config.settings import HttpTarget
from bridge.config.target_settings import Needed, Secret
from bridge.model import Kind
from workers.targets.entra.attributes import KENJO_ID, check_attribute, filterable, keeps_ids
from workers.targets.entra.batches import MOST

PROVISIONING = "provisioning"
_OF_A_JOB = (
    "service_principal",
    "job",
    "external_id",
    "uploads_per_second",
    "uploads_per_day",
    "confirm_after",
    "confirm_every",
)

_OTHER_DEFAULTS = {"rate": 100.0, "concurrency": 50, "create_shows_within": 3600.0}
"""For uploads: fifty people under way fill one call, and what comes of it shows many minutes later."""


class EntraSettings(HttpTarget):
    """A Microsoft Entra tenant, reached through Microsoft Graph v1.0."""

    changes_nothing = (
        HttpTarget.changes_nothing
        | {"client_id", "client_secret", "login_url", "batch"}
        | {
            "uploads_per_second",
            "uploads_per_day",
            "confirm_after",
            "confirm_every",
        }
    )

    base_url: str = "https://graph.microsoft.com/v1.0"
    """The address of Microsoft Graph; national clouds have others, such as
    `https://microsoftgraph.chinacloudapi.cn/v1.0`."""
    login_url: str = "https://login.microsoftonline.com"
    """The address that gives tokens; national clouds have others, such as
    `https://login.partner.microsoftonline.cn`."""
    tenant: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.-]+$")
    """The directory (tenant) ID, or one of the tenant's domains."""
    client_id: str = Field(min_length=1, pattern=r"^[A-Za-z0-9-]+$")
    """The application (client) ID of the app registration."""
    client_secret: Secret
    """The value of a client secret of the app registration (not its ID)."""
    match: list[str] = Field([KENJO_ID, "userPrincipalName", "mail"], min_length=1)
    """Mapped attributes by which a person's account is looked up, one after the other; the first with a hit
    wins. Several hits are left for a person to decide."""
    match_groups: list[str] = Field([KENJO_ID, "displayName"], min_length=1)
    """Mapped attributes by which a group is looked up, in this order: `kenjoId`, `displayName`."""
    kenjo_id_attribute: str = "extensionAttribute15"
    """Where Kenjo's id is kept at a user: `extensionAttribute1` to `extensionAttribute15`, or a directory
    extension (`extension_` with the application's id and a name). It must be free for that. Not employeeId:
    it holds 16 characters, Kenjo's ids have 24, and most companies keep the personnel number there."""
    only_at_create: list[str] = Field(["mail"])
    """Mapped attributes that are given to a new account and never changed afterwards. `mail`, because the
    address of an account with a mailbox is for Exchange to change."""
    end_sessions: bool = True
    """Whether a leaver's sign-in sessions are ended too. It needs the permission User.RevokeSessions.All."""
    name_adopted_groups: bool = True
    """Whether a group that was there before gets Kenjo's id as its uniqueName too, which Entra ID lets nobody
    change or take away afterwards. Groups that the bridge makes have it always."""
    restore_deleted: bool = True
    """Whether somebody who comes back within 30 days gets the deleted account back that carries their Kenjo
    id. Accounts without it are never restored."""

    rate: float = Field(20.0, gt=0)
    """Requests per second to this target, over all workers. Microsoft takes 3,000 that write in two and a
    half minutes from an application."""
    batch: int = Field(MOST, ge=1, le=MOST)
    """Requests that travel in one, where many people are under way at once; 1 sends each by itself. `rate`
    goes on to count each of them, as Microsoft does."""

    via: Literal["graph", "provisioning"] = "graph"
    """How people are changed: `graph` by Microsoft Graph, directly; `provisioning` through an API-driven
    inbound provisioning app, in uploads of 50. By `provisioning` the defaults are `rate: 100`,
    `concurrency: 50` and `create_shows_within: 3600`."""
    service_principal: str = Field("", pattern=r"^[A-Za-z0-9-]*$")
    """The provisioning app's object id, needed for `via: provisioning`: what follows `servicePrincipals/` in
    the app's *Provisioning API Endpoint*."""
    job: str = Field("", pattern=r"^[A-Za-z0-9.-]*$")
    """The id of its provisioning job, needed for `via: provisioning`: what follows `jobs/` in the same
    address."""
    external_id: Literal["kenjoId", "employeeId"] = "kenjoId"
    """The mapped attribute that is uploaded as `externalId`, and that the job's first matching attribute pair
    has to name. `kenjoId`: `externalId` is matched with the attribute of `kenjo_id_attribute`; `employeeId`:
    with employeeId, as Microsoft's default is."""
    uploads_per_second: float = Field(8.0, gt=0, le=40)
    """Uploads per second at most, counted over 5 seconds and all workers."""
    uploads_per_day: int = Field(2000, ge=20)
    """Uploads in any 24 hours at most, over all workers. The last twentieth is kept for leavers."""
    confirm_after: float = Field(300.0, gt=0)
    """Seconds after an upload until the provisioning logs are asked what came of it: they are 5 to 10 minutes
    behind."""
    confirm_every: float = Field(60.0, gt=0)
    """Seconds until they are asked again. One reading answers all who ask in half of that time; the logs take
    five requests in ten seconds."""

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> Sequence[Needed]:
        """The provisioning job, where people are uploaded to one."""
        if given.get("via") != PROVISIONING:
            return ()
        return [Needed((name,)) for name in ("service_principal", "job") if not given.get(name)]

    @property
    def addresses(self) -> Mapping[str, str]:
        """The secret is sent to where tokens come from."""
        return {**super().addresses, "login_url": self.login_url}

    @property
    def looked_up_by(self) -> Sequence[str]:
        """What `match` names."""
        return tuple(self.match)

    @property
    def uploads(self) -> bool:
        """Whether people are changed through uploads."""
        return self.via == PROVISIONING

    @property
    def calls_per_day(self) -> int | None:
        """Uploads in 24 hours."""
        return self.uploads_per_day if self.uploads else None

    @model_validator(mode="before")
    @classmethod
    def _has_other_defaults(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("via") == PROVISIONING:
            return {**_OTHER_DEFAULTS, **given}
        return given

    @model_validator(mode="after")
    def _names_the_job(self) -> Self:
        if self.uploads and not (self.service_principal and self.job):
            raise ValueError(
                "via: provisioning needs service_principal and job: both stand in the Provisioning API"
                " Endpoint of the provisioning app, after servicePrincipals/ and after jobs/"
            )
        given = [name for name in _OF_A_JOB if name in self.model_fields_set]
        if given and not self.uploads:
            raise ValueError(f"{given[0]} is only used with via: provisioning: set that, or take it out")
        return self

    @field_validator("login_url")
    @classmethod
    def _is_http_too(cls, value: str) -> str:
        return http_address(value)

    @field_validator("kenjo_id_attribute")
    @classmethod
    def _can_keep_ids(cls, value: str) -> str:
        if not keeps_ids(value):
            raise ValueError("must be extensionAttribute1 to extensionAttribute15, or a directory extension")
        return value

    @field_validator("only_at_create")
    @classmethod
    def _are_attributes(cls, value: list[str]) -> list[str]:
        for name in value:
            if problem := check_attribute(name):
                raise ValueError(f"has '{name}': {problem}")
        return value

    @field_validator("match", "match_groups")
    @classmethod
    def _can_be_looked_up(cls, value: list[str], info: object) -> list[str]:
        kind = Kind.TEAM if getattr(info, "field_name", "") == "match_groups" else Kind.PERSON
        for name in value:
            if name not in filterable(kind):
                raise ValueError(f"has '{name}'; objects are found by: {', '.join(filterable(kind))}")
        return value

    @model_validator(mode="after")
    def _id_is_mapped_once(self) -> Self:
        if self.kenjo_id_attribute in self.map:
            raise ValueError(
                f"map has {self.kenjo_id_attribute}, which kenjo_id_attribute keeps for Kenjo's id"
            )
        return self
