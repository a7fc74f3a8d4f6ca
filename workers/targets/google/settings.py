"""The settings of a Google Workspace account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.config.addresses import http_address
from bridge.config.section import LocalPath
from bridge.config.settings import HttpTarget
from bridge.config.target_settings import Needed, TargetSettings
from workers.targets.google.attributes import EXTERNAL_ID, check_attribute

_E_MAIL = re.compile(r"[^@\s\"]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class GoogleSettings(HttpTarget):
    """A Google Workspace account, reached by a service account with domain-wide delegation."""

    changes_nothing = TargetSettings.changes_nothing | {
        "credentials_file", "credentials_json", "admin", "token_url", "end_sessions",
    }  # fmt: skip

    base_url: str = "https://admin.googleapis.com/admin/directory/v1"
    """The address of the Directory API."""
    credentials_file: LocalPath | None = None
    """The JSON file of the service account's key, as the Google Cloud console gives it."""
    credentials_json: SecretStr | None = None
    """The text of that file, in place of `credentials_file`."""
    admin: str
    """The e-mail address of the administrator in whose name the bridge acts."""
    customer: str = Field("my_customer", min_length=1)
    """The id of the Google Workspace account; `my_customer` is the administrator's own."""
    domain: str | None = None
    """Only the accounts and groups of this domain are listed and looked up. Default: those of all domains."""
    token_url: str | None = None
    """Where the sign-in is sent. Default: as the key says."""
    match: list[str] = Field([EXTERNAL_ID, "primaryEmail"], min_length=1)
    """Mapped attributes by which a person's account is looked up, one after the other; the first with a hit
    wins: `primaryEmail`, `externalId` (Kenjo's id), and other ids such as `externalIds.organization`."""
    match_groups: list[str] = Field([EXTERNAL_ID, "email"], min_length=1)
    """Mapped attributes by which a group is looked up, in this order: `externalId` and `email`."""
    group_domain: str | None = None
    """The domain of the groups' addresses. Default: that of `admin`."""
    group_ids: bool = True
    """Whether Kenjo's id is kept at groups, so that one that is renamed is known again."""
    new_user_org_unit: str | None = None
    """The path of the organizational unit for new accounts, where the mapping gives none, such as `/Staff`.
    It is not changed afterwards."""
    end_sessions: bool = True
    """Whether a leaver is signed out everywhere, and what was let into the account is shut out too."""

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> Sequence[Needed]:
        """The service account's key, in one of two ways."""
        has_one = given.get("credentials_file") or given.get("credentials_json")
        return () if has_one else [Needed(("credentials_file",))]

    @property
    def addresses(self) -> Mapping[str, str]:
        """What the key has signed is sent to where tokens come from."""
        return {**super().addresses, **({"token_url": self.token_url} if self.token_url else {})}

    @property
    def secret_files(self) -> Sequence[Path]:
        """The key's file."""
        return (self.credentials_file,) if self.credentials_file else ()

    @property
    def looked_up_by(self) -> Sequence[str]:
        """What `match` names."""
        return tuple(self.match)

    @property
    def credentials(self) -> tuple[object, ...]:
        """One key may act in several companies: in whose name it acts tells them apart."""
        return self.credentials_json, self.credentials_file, self.admin

    @property
    def server(self) -> str:
        """The kind, the address, the customer and the tenant."""
        return f"{super().server} {self.customer}"

    @property
    def domain_of_groups(self) -> str:
        """The domain in which groups get an address."""
        return self.group_domain or self.admin.rpartition("@")[2]

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the key has to be allowed: no more than these settings need."""
        wanted = {
            "user": True,
            "group": bool(self.groups.from_),
            "user.security": self.end_sessions,
            "orgunit.readonly": self.new_user_org_unit is not None,
        }
        return tuple(
            f"https://www.googleapis.com/auth/admin.directory.{one}" for one in wanted if wanted[one]
        )

    @field_validator("admin")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not _E_MAIL.fullmatch(value.strip()):
            raise ValueError("must be the e-mail address of an administrator")
        return value.strip()

    @field_validator("domain", "group_domain")
    @classmethod
    def _is_a_domain(cls, value: str | None) -> str | None:
        if value is not None and not _DOMAIN.fullmatch(value):
            raise ValueError("must be a domain such as example.com")
        return value

    @field_validator("token_url")
    @classmethod
    def _is_http_too(cls, value: str | None) -> str | None:
        return None if value is None else http_address(value)

    @field_validator("new_user_org_unit")
    @classmethod
    def _is_a_path(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError("must begin with a slash, such as /Staff")
        return value

    @field_validator("match")
    @classmethod
    def _finds_people(cls, value: list[str]) -> list[str]:
        return _only(
            value, lambda name: name in (EXTERNAL_ID, "primaryEmail") or name.startswith("externalIds.")
        )

    @field_validator("match_groups")
    @classmethod
    def _finds_groups(cls, value: list[str]) -> list[str]:
        return _only(value, lambda name: name in (EXTERNAL_ID, "email"))

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if (self.credentials_file is None) is (self.credentials_json is None):
            raise ValueError("needs the service account's key: either credentials_file or credentials_json")
        return self


def _only(names: list[str], can_be_searched: Callable[[str], bool]) -> list[str]:
    for name in names:
        if problem := check_attribute(name):
            raise ValueError(f"has '{name}': {problem}")
        if not can_be_searched(name):
            raise ValueError(f"has '{name}', by which Google finds nobody")
    return names
