"""Who has signed in, and what they may, by the claims of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.config.web_settings import OidcSettings, Role
from bridge.printable import visible
from service.openid.errors import NoRole

_LONGEST = 255
"""Characters of a name or id that are shown; an id has 255 at most (section 2)."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who was signed in by the provider. `subject` is their id there, which never changes hands."""

    name: str
    subject: str
    role: Role


def somebody(claims: Mapping[str, Any], settings: OidcSettings) -> Somebody:
    """Who it is by claims that were proven. Raises NoRole."""
    name, subject = f"{settings.name}: {_name(claims, settings)}", _shown(str(claims["sub"]))
    told = values(claims, settings.role_claim)
    given = {settings.roles[value] for value in told if value in settings.roles}
    if not given:
        raise NoRole(
            f"the claim {settings.role_claim} has no value that web.oidc.roles gives a role", name, subject
        )
    return Somebody(name, subject, max(given, key=list(Role).index))


def values(claims: Mapping[str, Any], name: str) -> list[str]:
    """The texts that a claim has: one, several, or none."""
    found = _claim(claims, name)
    if name == "email" and claims.get("email_verified") is not True:
        return []  # else whoever may write an address into a profile is whom it belongs to
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim of this very name, which may have dots in it, else the one to which its parts lead."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _name(claims: Mapping[str, Any], settings: OidcSettings) -> str:
    found = _claim(claims, settings.name_claim)
    return _shown(found if isinstance(found, str) and found.strip() else str(claims["sub"]))


def _shown(text: str) -> str:
    """One line without anything invisible: it goes into the audit log."""
    return visible(text.strip()[:_LONGEST])
