"""The settings of a SCIM server, with a safe default for each in which products differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from bridge.config.settings import BearerTarget
from bridge.model import Kind
from workers.targets.scim.attributes import MEMBERS, check_attribute, resolve
from workers.targets.scim.presets import completed

Patch = Literal["auto", "always", "never", "flat"]
TakeOut = Literal["auto", "path", "value", "pathless", "put"]


class ScimSettings(BearerTarget):
    """A SCIM 2.0 server. `base_url` is the part of its addresses before `/Users`."""

    changes_nothing = BearerTarget.changes_nothing | {"preset"}
    asked = ("preset",)

    preset: str | None = None
    """A product whose documented settings are the defaults of this target: `kenjo-bridge preset` lists them.
    What is set here wins, in groups name by name."""
    match: list[str] = Field(["externalId", "userName"], min_length=1)
    """Mapped attributes by which a person's account is looked up, one after the other; the first with a hit
    wins. Several hits are left for a person to decide."""
    match_groups: list[str] = Field(["externalId", "displayName"], min_length=1)
    """Mapped attributes by which a group is looked up, in this order."""
    patch: Patch = "auto"
    """How changes are sent: `auto` asks ServiceProviderConfig and falls back from PATCH to PUT, `always` uses
    PATCH, `never` PUT, and `flat` PATCH with a plain resource instead of operations (Leapsome)."""
    patch_groups: Patch | None = None
    """How changes of groups are sent, where it differs from `patch`. Default: as `patch`."""
    take_out: TakeOut = "auto"
    """How a member is taken out of a group: `auto` tries one way after the other and looks whether it worked;
    `path` names `members[value eq "id"]` (RFC 7644), `value` the member as value of a `remove` of `members`,
    `pathless` the same without a path, `put` sends the whole group. Name `value` and `pathless` only where
    the vendor's description has them: another server might take out all members."""
    manager_form: Literal["object", "string", "omit"] = "object"
    """How a manager is sent: `object` is `{"value": id}` as RFC 7643 has it, `string` the plain id, `omit`
    leaves it out."""
    members_per_request: int = Field(100, ge=1)
    """Members of a group that one request adds or takes out."""
    members_listed: bool = True
    """Whether the server shows a group's members when asked. If not, all of ours are sent at each change, and
    nobody can see whether somebody has left a group."""
    only_at_create: list[str] = Field([])
    """Mapped attributes that are given to a new account and never changed afterwards."""
    follow_schemas: bool = True
    """Whether attributes that the server's /Schemas does not name are left out; `check` names them."""
    content_type: Literal["application/scim+json", "application/json"] = "application/scim+json"
    """The content type of requests: some servers take plain JSON only."""

    @model_validator(mode="before")
    @classmethod
    def _rest_is_of_preset(cls, value: Any) -> Any:
        try:
            return completed(value) if isinstance(value, Mapping) else value
        except ValueError as error:
            raise ValueError(f"cannot be read: {error}") from None

    @field_validator("match", "match_groups", "only_at_create")
    @classmethod
    def _are_attributes(cls, value: list[str]) -> list[str]:
        for name in value:
            if problem := check_attribute(name):
                raise ValueError(f"has '{name}': {problem}")
        return value

    @field_validator("match", "match_groups")
    @classmethod
    def _can_be_looked_up(cls, value: list[str]) -> list[str]:
        for name in value:
            if name in (MEMBERS, "manager", "active"):
                raise ValueError(f"has '{name}', which many objects share")
        return value

    @field_validator("match_groups")
    @classmethod
    def _groups_have_it(cls, value: list[str]) -> list[str]:
        for name in value:
            try:
                resolve(Kind.TEAM, name)
            except ValueError as error:
                raise ValueError(f"has '{name}': {error}") from None
        return value

    @property
    def looked_up_by(self) -> Sequence[str]:
        """What `match` names."""
        return tuple(self.match)

    def patch_of(self, kind: Kind) -> Patch:
        """How changes of this kind are sent."""
        return (self.patch_groups or self.patch) if kind is Kind.TEAM else self.patch
