"""Settings of the service's own HTTP server: where it listens, and who may see and do what on its pages."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, SecretStr, field_validator

from bridge.config.addresses import host_of, http_address, is_open_to_listeners
from bridge.config.passwords import is_hash
from bridge.config.section import Section
from bridge.config.target_settings import Secret
from bridge.config.tokens import is_token_hash


class Role(StrEnum):
    """What somebody may: each includes those before it."""

    VIEWER = "viewer"  # sees where everybody stands, by Kenjo id: no names, no values
    OPERATOR = "operator"  # sees names and values, decides, retries, adopts
    ADMINISTRATOR = "administrator"  # forgets people, pauses targets, reads the settings

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where another one is needed."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class WebUser(Section):
    """Somebody who signs in with a password."""

    password: SecretStr
    """What `kenjo-bridge web password` prints: a hash, never the password itself."""
    role: Role = Role.VIEWER
    """`viewer` (no names or values), `operator` or `administrator`."""

    @field_validator("password")
    @classmethod
    def _is_hashed(cls, value: SecretStr) -> SecretStr:
        if not is_hash(value.get_secret_value()):
            raise ValueError("is no hash: run kenjo-bridge web password, and put here what it prints")
        return value


class WebToken(Section):
    """A program that signs in with a token, at the API."""

    token: SecretStr
    """What `kenjo-bridge web token` prints as hash, never the token itself."""
    role: Role = Role.VIEWER
    """`viewer` (no names or values), `operator` or `administrator`."""

    @field_validator("token")
    @classmethod
    def _is_hashed(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if not is_token_hash(text):
            raise ValueError(
                "is no hash of a token: run kenjo-bridge web token, and put here the hash that it prints;"
                " the program gets the token"
            )
        return SecretStr(text)


_DISCOVERY = "/.well-known/openid-configuration"
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A scope-token of RFC 6749, section 3.3."""


class OidcSettings(Section):
    """Signing in by OpenID Connect, at a provider such as Entra ID, Google or Keycloak. Off unless set."""

    issuer: str
    """What the provider calls itself, letter for letter, such as `https://accounts.google.com`; the rest is
    read below it, at `/.well-known/openid-configuration`."""
    client_id: str
    """Under which id the provider knows the bridge."""
    client_secret: Secret
    """By which the provider knows that it is the bridge."""
    scopes: list[str] = Field(default_factory=lambda: ["openid", "profile", "email"])
    """What is asked of the provider; `openid` has to be there."""
    role_claim: str = "roles"
    """The claim that tells what somebody may, text or a list of it; a dot leads into a group, as in
    `realm_access.roles`. `email` counts only where the provider says that it is verified."""
    roles: dict[str, Role]
    """Which value of `role_claim` gives which role: `{Bridge.Admins: administrator}`. Of several the highest
    counts; who has none does not get in."""
    name_claim: str = "preferred_username"
    """The claim by which the pages and the audit log call somebody; where it is not there, `sub`."""
    label: str = Field("", max_length=40)
    """What the pages call the provider, such as `Entra ID`; its host unless set."""

    @field_validator("issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        address = value.strip()  # a slash at its end is a part of it (OpenID Connect Discovery 1.0, 4.3)
        if not address.lower().startswith(("https://", "http://")):
            raise ValueError(
                "must be the address by which the provider calls itself: it starts with https://"
            )
        if http_address(address).endswith(_DISCOVERY):
            raise ValueError(f"must end before {_DISCOVERY}: it is what stands there as issuer")
        if is_open_to_listeners(address):
            raise ValueError(
                "must start with https://, as whoever listens on the way could sign in as anybody"
            )
        return address

    @field_validator("client_id", "role_claim", "name_claim", "label")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must not have line breaks or other invisible characters in it")
        return value.strip()

    @field_validator("client_id", "role_claim", "name_claim")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if not value:
            raise ValueError("is empty: copy it from where the bridge is registered at the provider")
        return value

    @field_validator("scopes")
    @classmethod
    def _are_scopes(cls, value: list[str]) -> list[str]:
        if wrong := [number for number, scope in enumerate(value, 1) if not _SCOPE.fullmatch(scope)]:
            raise ValueError(f"must be a list of words; its entry {wrong[0]} is none")
        if "openid" not in value:
            raise ValueError("must have openid among them: without it there is no OpenID Connect")
        return value

    @field_validator("roles")
    @classmethod
    def _lets_somebody_in(cls, value: dict[str, Role]) -> dict[str, Role]:
        if not value or "" in value:
            raise ValueError(
                "must say which value of role_claim gives which role, such as {Bridge.Admins: administrator}:"
                " nobody gets in otherwise"
            )
        return value

    @property
    def name(self) -> str:
        """What people read of the provider."""
        return self.label or host_of(self.issuer)


class WebSettings(Section):
    """The service's own HTTP server: health, readiness, metrics, the pages for people and the API."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` in a container."""
    port: int = Field(8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    pages: Literal["auto", "on", "off"] = "auto"
    """Whether there are pages: `auto` where only this machine can reach them, or where people sign in; `on`
    does not start without that; `off` leaves health, readiness and metrics. The API is there with the pages,
    and without them where there are `tokens`."""
    users: dict[str, WebUser] = Field(default_factory=dict)
    """Who may sign in with a password, by name."""
    oidc: OidcSettings | None = None
    """Who may sign in at a provider, beside `users` or in their place."""
    tokens: dict[str, WebToken] = Field(default_factory=dict)
    """Which programs may use the API, by name."""
    hosts: list[str] = Field(default_factory=list)
    """Names by which browsers reach the pages, such as `bridge.example.com`; requests for others are refused.
    This machine's own names and `host` always may be used."""
    trusted_proxies: list[str] = Field(default_factory=list)
    """Addresses and networks of proxies that pass requests on, such as `10.0.0.5` or `172.18.0.0/16`: of
    whoever comes through them the address counts that they add to `X-Forwarded-For` or `Forwarded`, in the
    log and for wrong passwords. From others these headers count for nothing."""
    base_path: str = ""
    """Path at which a proxy shows the pages, such as `/bridge`."""
    secure: bool = True
    """Whether cookies of people who sign in are sent over https only; `false` for trying out."""
    session_hours: float = Field(8.0, gt=0, le=24 * 30)
    """Hours after which somebody has to sign in again; after 12 at most who signed in at a provider, which
    tells nobody that somebody has left."""

    @field_validator("base_path")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if value and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value):
            raise ValueError("is no path such as /bridge: it begins with / and does not end with one")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_proxies(cls, value: list[str]) -> list[str]:
        for number, one in enumerate(value, 1):
            try:
                network = ipaddress.ip_network(one.strip())
            except ValueError:
                raise ValueError(
                    "must be a list of addresses such as 10.0.0.5 and networks such as 172.18.0.0/16;"
                    f" its entry {number} is none"
                ) from None
            if not network.prefixlen:
                raise ValueError(
                    f"must name the proxies: its entry {number} is everybody, who could then come from any"
                    " address"
                )
        return [one.strip() for one in value]

    _socket: Path | None = PrivateAttr(None)

    @property
    def socket(self) -> Path | None:
        """The socket to listen on in place of host and port, behind the process that listens there."""
        return self._socket

    @property
    def signs_in(self) -> bool:
        """Whether anybody can sign in."""
        return bool(self.users) or self.oidc is not None

    @property
    def has_api(self) -> bool:
        """Whether there is the API: beside the pages, and wherever programs sign in."""
        return self.shows_pages or bool(self.tokens)

    @property
    def api_is_open(self) -> bool:
        """Whether the API needs no token: only this machine reaches it, and nobody is told apart."""
        return self.is_local and not self.signs_in and not self.tokens

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server: not where a proxy shows it under another name."""
        if self.hosts:
            return False
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def shows_pages(self) -> bool:
        """Whether the pages are shown."""
        return self.pages == "on" or (self.pages == "auto" and (self.is_local or self.signs_in))

    def return_address(self, host: str) -> str:
        """To which address of ours a provider sends people back; `host` is how the browser calls us."""
        return f"{'https' if self.secure else 'http'}://{host}{self.base_path}/sign-in/return"
