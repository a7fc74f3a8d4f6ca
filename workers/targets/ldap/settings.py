"""The settings of an LDAP directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bridge.config.addresses import see_printable
from bridge.config.section import LocalPath
from bridge.config.settings import TargetSettings
from bridge.config.target_settings import Needed, Secret
from bridge.model import Kind
from workers.targets.ldap.attributes import ACTIVE, CONTAINER, MEMBERS, check_attribute
from workers.targets.ldap.names import is_under, steps
from workers.targets.ldap.servers import SERVERS, Server, ServerType


class LdapSettings(TargetSettings):
    """An LDAP directory: Active Directory, OpenLDAP or 389 Directory Server."""

    changes_nothing = TargetSettings.changes_nothing | {"password", "bind_dn", "ca_file", "page_size"}
    url_setting: ClassVar[str] = "address"

    server_type: ServerType = "active_directory"
    """Which server it is: how accounts are closed, what an entry's id is and much else depend on it."""
    address: str
    """Where the directory is: `ldaps://dc1.corp.example`, or `ldap://...`, then protected by StartTLS. Name
    one server rather than a whole domain: what one has taken, others show only after a while."""
    start_tls: bool = True
    """Whether an `ldap://` address is protected by StartTLS before anything is sent. Active Directory takes
    passwords only over TLS; without it another machine's address is refused where plain http is."""
    ca_file: LocalPath | None = None
    """A PEM file with the certificates of those who have signed the server's. Default: the system's."""
    bind_dn: str
    """Who the bridge signs in as: a distinguished name; in Active Directory also `bridge@corp.example`."""
    password: Secret
    """The password of `bind_dn`."""
    base: str
    """The entry below which people are looked up, all containers below it included."""
    people: str
    """The container in which new people are made unless `container` is mapped. It has to be within `base`."""
    groups_base: str | None = None
    """The container of the bridge's groups, where they are looked up and made. Needed unless `groups.from`
    is empty: only groups below it are ever touched."""
    object_classes: list[str] = Field([])
    """The object classes of new people. Default: those of the server type (`inetOrgPerson`, AD's `user`)."""
    group_classes: list[str] = Field([])
    """The object classes of new groups. Default: AD's `group`, else `groupOfNames`."""
    group_type: int = -2147483646
    """AD's groupType of new groups: -2147483646 is a global security group, 2 a global list for mail."""
    member_attribute: str = "member"
    """The attribute with the names of a group's members: `uniqueMember` for groupOfUniqueNames."""
    placeholder_member: str | None = None
    """The name that stands in a group without members where the server wants one (OpenLDAP). It should be
    that of no entry. Default: `cn=nobody` below `groups_base`."""
    rdn: str | None = None
    """The mapped attribute that names a person's entry. Default: `cn` in AD, else `uid`. It is changed by
    renaming the entry."""
    match: list[str] = Field([])
    """Mapped attributes by which a person's account is looked up, one after the other; the first with a hit
    wins. Default: `externalId`, in AD `userPrincipalName`, `mail`."""
    match_groups: list[str] = Field(["externalId", "cn"], min_length=1)
    """Mapped attributes by which a group is looked up, in this order."""
    kenjo_id_attribute: str | None = None
    """The attribute in which Kenjo's id is kept, as `kenjo:` and the id; values of others in it stay.
    Default: `adminDescription` in AD, else `description`. Groups need to have it too."""
    only_at_create: list[str] = Field([])
    """Mapped attributes that are given to a new entry and never changed afterwards, for example `[cn]`."""
    members_per_request: int = Field(500, ge=1, le=5000)
    """Members of a group that one request adds or takes out."""
    page_size: int = Field(500, ge=1, le=1000)
    """Entries on a page of a list (RFC 2696); AD gives 1,000 at most."""
    allow_protected: bool = False
    """Whether people and groups are changed that AD protects (adminCount is 1): its administrators."""

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        address = value.strip()
        see_printable(address)
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").encode("idna")
            usable = parts.port != 0 and host and not parts.netloc.endswith(":")
        except ValueError:  # its text may have the address
            usable = False
        if not usable or parts.scheme.lower() not in ("ldap", "ldaps"):
            raise ValueError("is not an address such as ldaps://dc1.example.com")
        if "@" in parts.netloc or parts.path.strip("/") or "?" in address or "#" in address:
            raise ValueError("must end with its host or port: names and passwords have settings of their own")
        return address.rstrip("/")

    @field_validator("base", "people", "groups_base", "placeholder_member")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not steps(value):
            raise ValueError("is no distinguished name such as ou=People,dc=example,dc=org")
        return value

    @field_validator("match", "match_groups", "only_at_create")
    @classmethod
    def _are_attributes(cls, value: list[str], info: ValidationInfo) -> list[str]:
        for name in value:
            if problem := check_attribute(name):
                raise ValueError(f"has '{name}': {problem}")
            if info.field_name != "only_at_create" and name in (MEMBERS, ACTIVE, CONTAINER, "manager"):
                raise ValueError(f"has '{name}', which many entries share")
        return value

    @field_validator("object_classes", "group_classes")
    @classmethod
    def _are_words(cls, value: list[str]) -> list[str]:
        if wrong := [name for name in value if not name.replace("-", "").isalnum()]:
            raise ValueError(f"has '{wrong[0]}', which is no object class")
        return value

    @field_validator("member_attribute", "rdn", "kenjo_id_attribute")
    @classmethod
    def _is_an_attribute(cls, value: str | None) -> str | None:
        if value is not None and (problem := check_attribute(value)):
            raise ValueError(problem)
        return value

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> Sequence[Needed]:
        """A container for groups, where there are to be some."""
        groups = given.get("groups")
        has_none = isinstance(groups, Mapping) and groups.get("from") == []
        return () if has_none or given.get("groups_base") else [Needed(("groups_base",))]

    @model_validator(mode="after")
    def _fit_together(self) -> LdapSettings:
        if not is_under(self.people, self.base):
            raise ValueError("people is not within base: nobody made there would be found again")
        if self.groups.from_ and self.groups_base is None:
            raise ValueError(
                "groups_base is missing: name a container of the bridge's own for groups, or set"
                " groups: {from: []}"
            )
        if self.dialect.is_ad and not (self.is_ldaps or self.start_tls):
            raise ValueError("start_tls has to be true: Active Directory takes passwords only over TLS")
        return self

    @property
    def dialect(self) -> Server:
        """What is special about the server."""
        return SERVERS[self.server_type]

    @property
    def is_ldaps(self) -> bool:
        """Whether TLS comes first of all."""
        return urlsplit(self.address).scheme.lower() == "ldaps"

    @property
    def host(self) -> str:
        """The host, as its certificate has to name it."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """The port (RFC 4516 section 2)."""
        return urlsplit(self.address).port or (636 if self.is_ldaps else 389)

    @property
    def server(self) -> str:
        """The kind, the address and the base."""
        return f"{self.kind} {self.address} {self.base}"

    @property
    def url(self) -> str:
        """The address, with StartTLS in its scheme where that protects it."""
        return self.address if self.is_ldaps or not self.start_tls else f"ldap+starttls{self.address[4:]}"

    def shares(self, other: TargetSettings) -> bool:
        """Whether one base is within the other: one directory has many servers."""
        if not isinstance(other, LdapSettings):
            return False
        return is_under(self.base, other.base) or is_under(other.base, self.base)

    def classes_of(self, kind: Kind) -> tuple[str, ...]:
        """The object classes of new entries."""
        if kind is Kind.PERSON:
            return tuple(self.object_classes) or self.dialect.people
        return tuple(self.group_classes) or self.dialect.groups

    def filter_of(self, kind: Kind) -> str:
        """What all entries of a kind have in common."""
        return self.dialect.filter(kind, self.classes_of(kind))

    def names_of(self, kind: Kind) -> str:
        """The attribute that names entries of a kind."""
        return (self.rdn or self.dialect.rdn) if kind is Kind.PERSON else "cn"

    def base_of(self, kind: Kind) -> str:
        """Below what entries of a kind are looked up."""
        return self.base if kind is Kind.PERSON else self.groups_base or self.base

    def match_of(self, kind: Kind) -> Sequence[str]:
        """By what entries of a kind are looked up."""
        return (self.match or self.dialect.match) if kind is Kind.PERSON else self.match_groups

    @property
    def looked_up_by(self) -> Sequence[str]:
        """What `match` names, or the server type."""
        return tuple(self.match_of(Kind.PERSON))

    @property
    def id_attribute(self) -> str:
        """Where Kenjo's id is kept."""
        return self.kenjo_id_attribute or self.dialect.external_id

    @property
    def placeholder(self) -> str | None:
        """Who stands in a group of nobody; None where it needs none."""
        if not self.dialect.needs_member:
            return None
        return self.placeholder_member or f"cn=nobody,{self.groups_base or self.base}"
