"""A person as an upload has them: SCIM 2.0, always whole, told apart by `externalId`. Pure.

"bulkUpload resource type" and "Perform bulkUpload" of Microsoft Graph v1.0; attributes by RFC 7643, sections
4.1 and 4.3, whatever else there is in a schema of our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange, Wanted
from bridge.model import Kind
from workers.targets.entra.attributes import (
    ENABLED,
    KENJO_ID,
    MANAGER,
    PHONES,
    UPN,
    Object,
    property_of,
    read,
    same,
)
from workers.targets.entra.changes import User
from workers.targets.entra.settings import EntraSettings

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OWN = "urn:ietf:params:scim:schemas:extension:kenjo:1.0:User"
"""Has the attributes for which SCIM has no name; who wants them maps them in the provisioning app."""

PLACES: Mapping[str, tuple[str, ...]] = {
    UPN: ("userName",),
    ENABLED: ("active",),
    "displayName": ("displayName",),
    "givenName": ("name", "givenName"),
    "surname": ("name", "familyName"),
    "jobTitle": ("title",),
    "preferredLanguage": ("preferredLanguage",),
    "employeeType": ("userType",),
    "mail": ("emails", "work"),
    PHONES: ("phoneNumbers", "work"),
    "mobilePhone": ("phoneNumbers", "mobile"),
    "faxNumber": ("phoneNumbers", "fax"),
    "officeLocation": ("addresses", "formatted"),
    "streetAddress": ("addresses", "streetAddress"),
    "city": ("addresses", "locality"),
    "state": ("addresses", "region"),
    "postalCode": ("addresses", "postalCode"),
    "country": ("addresses", "country"),
    "companyName": (ENTERPRISE, "organization"),
    "department": (ENTERPRISE, "department"),
    "employeeId": (ENTERPRISE, "employeeNumber"),
}
"""Where an attribute stands: its name, or what holds it and its name there, or the type of a list's item."""

_LISTS = {"emails", "phoneNumbers"}


@dataclass(frozen=True, slots=True)
class Upload:
    """The content of a change that an upload carries. `data` is the person without the manager.

    `manager` is the remote id of the wanted one. `opens`: whether the account gives access after it, None
    where that stays as it is. `differs` names the attributes that change.
    """

    external_id: str
    data: Object = field(repr=False)
    manager: str | None
    opens: bool | None
    differs: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Another word for what is wanted by another upload."""
        said = orjson.dumps([self.external_id, self.data, self.manager], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(said, digest_size=8).hexdigest()


def new_upload(told: Sequence[FieldChange], settings: EntraSettings) -> Upload:
    """The upload of a new person. Raises RecordRejected."""
    values: dict[str, Any] = {ENABLED: True} | {change.attribute: change.new for change in told}
    external_id = _external_id(str(values.get(settings.external_id) or ""), settings)
    return _upload(external_id, values, told, settings)


def changing_upload(
    wanted: Wanted, shown: User, told: Sequence[FieldChange], names: Sequence[str], settings: EntraSettings
) -> Upload:
    """The upload of a person who is there: all `names` as they are, but for what differs.

    Raises RecordRejected where the job would not find the account, and make a second one.
    """
    places = {name: property_of(Kind.PERSON, name, settings.kenjo_id_attribute) for name in names}
    values = {name: read(shown.there, place) for name, place in places.items()}
    values |= {ENABLED: shown.there.get(ENABLED)} | {change.attribute: change.new for change in told}
    place = property_of(Kind.PERSON, settings.external_id, settings.kenjo_id_attribute)
    carried, upn = str(read(shown.there, place) or ""), str(read(shown.there, UPN) or "")
    own = values.get(settings.external_id) or (wanted.key.id if settings.external_id == KENJO_ID else "")
    external_id = _external_id(str(own), settings)
    if carried != external_id and not same(UPN, upn, str(values.get(UPN) or "")):
        raise RecordRejected(
            f"the account does not carry this record's id in {place}, and userPrincipalName changes too, so"
            " that the provisioning job would make a second account: give it one of both in Entra ID"
        )
    return _upload(external_id, values, told, settings)


def _external_id(own: str, settings: EntraSettings) -> str:
    if not own:
        raise RecordRejected(f"has no {settings.external_id}, by which the provisioning job knows people")
    return own


def _upload(
    external_id: str, values: Mapping[str, Any], told: Sequence[FieldChange], settings: EntraSettings
) -> Upload:
    manager = values.get(MANAGER)
    rest = {name: value for name, value in values.items() if name != MANAGER and value is not None}
    if settings.external_id == KENJO_ID:
        rest.pop(KENJO_ID, None)  # it is the externalId
    changed = {change.attribute: change.new for change in told}
    opens = changed.get(ENABLED) if isinstance(changed.get(ENABLED), bool) else None
    data = {"externalId": external_id, **_scim(rest)}
    return Upload(external_id, data, manager and str(manager), opens, tuple(changed))


def _scim(values: Mapping[str, Any]) -> Object:
    """Values by mapped attribute as SCIM has them; what is None is left out (RFC 7643, section 2.5)."""
    data: Object = {"schemas": [CORE, ENTERPRISE]}
    for name, value in values.items():
        holder, *inner = PLACES.get(name, (OWN, name))
        if not inner:
            data[holder] = value
        elif holder in _LISTS:
            data.setdefault(holder, []).append({"value": value, "type": inner[0]})
        elif holder == "addresses":
            data.setdefault(holder, [{"type": "work"}])[0][inner[0]] = value
        else:
            data.setdefault(holder, {})[inner[0]] = value
    if OWN in data:
        data["schemas"].append(OWN)
    return data


def with_manager(upload: Upload, external_id: str | None) -> Object:
    """The person with the manager, who is named by an `externalId` too."""
    if external_id is None:
        return upload.data
    enterprise = {**upload.data.get(ENTERPRISE, {}), "manager": {"value": external_id}}
    return {**upload.data, ENTERPRISE: enterprise}
