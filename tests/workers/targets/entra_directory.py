"""The directory behind a made-up Microsoft Graph, written from Microsoft's pages and without our client.

Sources: "user resource type", "group resource type", "Create user", "Update user", "Delete a user", "Restore
deleted item", "Upsert group", "Add members", "Advanced query capabilities", "username policies" (v1.0).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Thing = dict[str, Any]

EXTENSIONS = "onPremisesExtensionAttributes"
SYNCED = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects"
    " currently undergoing migration."
)
NOT_THERE = "Resource '{}' does not exist or one of its queried reference-property objects are not present."
NOT_REPLICATED = "The source resource object or one of the objects being referenced do not exist."
ALREADY = (
    "One or more added object references already exist for the following modified properties: 'members'."
)

_TEXTS = {
    "displayName": 256, "givenName": 64, "surname": 64, "mailNickname": 64, "mail": 0, "jobTitle": 128,
    "department": 64, "companyName": 64, "officeLocation": 0, "employeeId": 16, "employeeType": 0,
    "mobilePhone": 64, "faxNumber": 0, "streetAddress": 1024, "postalCode": 40, "city": 128, "state": 128,
    "country": 128, "preferredLanguage": 0, "usageLocation": 2, "userPrincipalName": 113,
    "onPremisesImmutableId": 0, "employeeHireDate": 0, "userType": 0,
}  # fmt: skip
_READ_ONLY = {"id", "onPremisesSyncEnabled", "proxyAddresses", "deletedDateTime", "createdDateTime"}
_NOT_NULL = {"displayName", "usageLocation", "userPrincipalName", "mailNickname", "accountEnabled"}
USER_PROPERTIES = {*_TEXTS, *_READ_ONLY, "accountEnabled", "businessPhones", EXTENSIONS, "passwordProfile"}
USER_DEFAULT = (
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip
GROUP_PROPERTIES = {
    "id", "displayName", "description", "mailEnabled", "mailNickname", "securityEnabled", "groupTypes",
    "uniqueName", "onPremisesSyncEnabled", "isAssignableToRole", "membershipRule", "mail",
}  # fmt: skip
GROUP_DEFAULT = tuple(sorted(GROUP_PROPERTIES - {"uniqueName"}))

_SENSITIVE = {"accountEnabled", "mobilePhone", "businessPhones", "otherMails"}
_LOCAL = re.compile(r"[A-Za-z0-9'.\-_!#^~]{1,64}")
_NICKNAME = re.compile(r"[\x21-\x7e]{1,64}")
_FILTER = re.compile(r"([A-Za-z0-9_/]+) eq '((?:[^']|'')*)'")
_ANY = re.compile(r"proxyAddresses/any\(p:p eq '((?:[^']|'')*)'\)")
_PLAIN_FILTERS = {
    "id", "userPrincipalName", "mail", "employeeId", "mailNickname", "displayName", "description", "surname",
}  # fmt: skip


class Refusal(Exception):
    """An answer that refuses."""

    def __init__(self, status: int, code: str, message: str, *conflicts: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = [{"code": "ObjectConflict", "message": message, "target": one} for one in conflicts]


def bad(message: str, *conflicts: str) -> Refusal:
    return Refusal(400, "Request_BadRequest", message, *conflicts)


def missing(id_: str) -> Refusal:
    return Refusal(404, "Request_ResourceNotFound", NOT_THERE.format(id_))


def denied() -> Refusal:
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def conflict(name: str) -> Refusal:
    return bad(f"Another object with the same value for property {name} already exists.", name)


@dataclass
class Directory:
    """Users, groups and other objects. `hidden` are those that were made and are not shown yet.

    `late`: what is made from now on is hidden until `settle`; `late_index`: only advanced queries miss it.
    """

    domains: frozenset[str] = frozenset({"example.com"})
    users: dict[str, Thing] = field(default_factory=dict)
    groups: dict[str, Thing] = field(default_factory=dict)
    deleted: dict[str, Thing] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    unindexed: set[str] = field(default_factory=set)
    late: bool = False
    late_index: bool = False

    def settle(self) -> None:
        """Show everything everywhere."""
        self.hidden.clear()
        self.unindexed.clear()

    # Users

    def user(self, id_: str) -> Thing:
        """By id or userPrincipalName."""
        found = self.users.get(id_) or next(
            (one for one in self.users.values() if one["userPrincipalName"].lower() == id_.lower()), None
        )
        if found is None or found["id"] in self.hidden:
            raise missing(id_)
        return found

    def create_user(self, body: Thing) -> Thing:
        """Create user."""
        for name in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"):
            if body.get(name) in (None, ""):
                raise bad(f"A value is required for property '{name}' of resource 'User'.")
        _check_password(body["passwordProfile"])
        self._check_user(body, None)
        made: Thing = {"id": str(uuid.uuid4()), "onPremisesSyncEnabled": None, "businessPhones": []}
        made |= {name: value for name, value in body.items() if name != "passwordProfile"}
        made[EXTENSIONS] = _extensions({}, body)
        made["proxyAddresses"] = [f"SMTP:{body['mail']}"] if body.get("mail") else []
        self.users[made["id"]] = made
        self._made(made["id"])
        return made

    def update_user(self, user: Thing, body: Thing) -> None:
        """Update user."""
        if "passwordProfile" in body:
            raise denied()
        if user["onPremisesSyncEnabled"] is True:
            raise bad(SYNCED)
        if user["onPremisesSyncEnabled"] is False and EXTENSIONS in body:
            raise bad(SYNCED)
        if user["id"] in self.admins and _SENSITIVE & body.keys():
            raise denied()
        self._check_user(body, user["id"])
        extensions = _extensions(user[EXTENSIONS], body)
        user |= body
        user[EXTENSIONS] = extensions
        if body.get("mail"):
            user["proxyAddresses"] = [f"SMTP:{body['mail']}"]

    def delete_user(self, user: Thing) -> None:
        """Delete a user: for 30 days it is among the deleted ones, its name is free."""
        if user["id"] in self.admins:
            raise denied()
        del self.users[user["id"]]
        user["userPrincipalName"] = user["id"].replace("-", "") + user["userPrincipalName"]
        user["deletedDateTime"] = "2026-01-01T00:00:00Z"
        self.deleted[user["id"]] = user
        for members in self.members.values():
            members[:] = [one for one in members if one != user["id"]]

    def restore(self, id_: str, body: Thing) -> Thing:
        """Restore deleted item: with `newUserPrincipalName`, and without what others have if asked so."""
        if id_ not in self.deleted:
            raise missing(id_)
        user = self.deleted[id_]
        former = user["userPrincipalName"].removeprefix(id_.replace("-", ""))
        name = body.get("newUserPrincipalName") or former
        self._check_user({"userPrincipalName": name}, None)
        self._reconcile(user, drops=body.get("autoReconcileProxyConflict") is True)
        del self.deleted[id_]
        user |= {"userPrincipalName": name, "deletedDateTime": None}
        self.users[id_] = user
        return user

    def _reconcile(self, user: Thing, *, drops: bool) -> None:
        in_use = {address.lower() for other in self.users.values() for address in other["proxyAddresses"]}
        kept = [one for one in user["proxyAddresses"] if one.lower() not in in_use]
        if kept != user["proxyAddresses"] and not drops:
            raise conflict("proxyAddresses")
        user["proxyAddresses"] = kept

    def set_manager(self, user: Thing, reference: Any) -> None:
        """Assign manager."""
        self.managers[user["id"]] = self.referred(reference)

    def _check_user(self, body: Thing, own: str | None) -> None:
        for name, value in body.items():
            _check_property(name, value)
        if name := str(body.get("userPrincipalName") or ""):
            local, _, domain = name.partition("@")
            if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith("."):
                raise bad("Property userPrincipalName is invalid.")
            if domain.lower() not in self.domains:
                raise bad(
                    "The domain portion of the userPrincipalName property is invalid. You must use one of the"
                    " verified domain names in your organization."
                )
            self._check_unique("userPrincipalName", name, own)
        if mail := body.get("mail"):
            self._check_unique("mail", mail, own)

    def _check_unique(self, name: str, value: str, own: str | None) -> None:
        for other in self.users.values():
            if other["id"] == own:
                continue
            if name == "userPrincipalName" and other[name].lower() == value.lower():
                raise conflict(name)
            addresses = {one.lower() for one in other["proxyAddresses"]}
            if f"smtp:{value.lower()}" in addresses:
                raise conflict("proxyAddresses")

    # Groups

    def group(self, id_: str) -> Thing:
        found = self.groups.get(id_)
        if found is None or id_ in self.hidden:
            raise missing(id_)
        return found

    def named(self, unique: str) -> Thing | None:
        """By the alternate key, also one that is not shown yet."""
        return next((one for one in self.groups.values() if one.get("uniqueName") == unique), None)

    def create_group(self, body: Thing, unique: str | None = None) -> Thing:
        """Create group, or the creating half of Upsert group."""
        for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
            if body.get(name) in (None, ""):
                raise bad(f"A value is required for property '{name}' of resource 'Group'.")
        if body["mailEnabled"] and "Unified" not in body.get("groupTypes", []):
            raise bad("The service does not currently support writes of mail-enabled groups.")
        bound = self._bound(body)
        _check_group(body)
        made = {"id": str(uuid.uuid4()), "uniqueName": unique, "groupTypes": [], **body}
        self.groups[made["id"]] = made
        self.members[made["id"]] = bound
        self._made(made["id"])
        return made

    def update_group(self, group: Thing, body: Thing) -> None:
        """Update group, members to be added included."""
        bound = self._bound(body)
        if group.get("onPremisesSyncEnabled"):
            raise bad(SYNCED)
        _check_group(body)
        if "uniqueName" in body:
            if group.get("uniqueName"):
                raise bad("Property 'uniqueName' is immutable.")
            if self.named(body["uniqueName"]):
                raise conflict("uniqueName")
        if bound:
            self._check_open(group)
            if set(bound) & set(self.members[group["id"]]):
                raise bad(ALREADY)
        group |= body
        self.members[group["id"]] += bound

    def add_member(self, group: Thing, reference: Any) -> None:
        """Add members, one."""
        self._check_open(group)
        member = self.referred(reference)
        if member in self.members[group["id"]]:
            raise bad(ALREADY)
        self.members[group["id"]].append(member)

    def remove_member(self, group: Thing, member: str) -> None:
        """Remove member."""
        self._check_open(group)
        if member not in self.members[group["id"]]:
            raise missing(member)
        self.members[group["id"]].remove(member)

    def referred(self, reference: Any) -> str:
        """The object that an `@odata.id` names."""
        found = re.search(r"/v1\.0/(?:directoryObjects|users)/([^/]+)$", str(reference))
        if found is None:
            raise bad("Invalid URL format specified in @odata.id for the navigation property.")
        if found[1] not in {*self.users, *self.groups, *self.others} - self.hidden:
            raise bad(NOT_REPLICATED)
        return found[1]

    def _bound(self, body: Thing) -> list[str]:
        references = body.pop("members@odata.bind", [])
        if len(references) > 20:
            raise bad("The number of references exceeds the limit of 20.")
        return [self.referred(one) for one in references]

    def _check_open(self, group: Thing) -> None:
        if "DynamicMembership" in group["groupTypes"]:
            raise bad("Insufficient privileges to complete the operation: the group is dynamic.")
        if group.get("onPremisesSyncEnabled"):
            raise bad(SYNCED)
        if group.get("isAssignableToRole"):
            raise denied()

    def _made(self, id_: str) -> None:
        if self.late:
            self.hidden.add(id_)
        if self.late_index:
            self.unindexed.add(id_)

    # Queries

    def filtered(self, there: Mapping[str, Thing], text: str | None, *, advanced: bool) -> list[Thing]:
        """The shown objects that a `$filter` lets through, in the order of their ids."""
        lets = _filter(text, advanced=advanced) if text else lambda _one: True
        hidden = self.hidden | (self.unindexed if advanced else set())
        return [one for id_, one in sorted(there.items()) if id_ not in hidden and lets(one)]


def _filter(text: str, *, advanced: bool) -> Callable[[Thing], bool]:
    if match := _ANY.fullmatch(text):
        wanted = match[1].replace("''", "'").lower()
        return lambda one: wanted in {address.lower() for address in one.get("proxyAddresses", [])}
    match = _FILTER.fullmatch(text)
    if match is None:
        raise Refusal(400, "BadRequest", "Invalid filter clause")
    name, wanted = match[1], match[2].replace("''", "'").lower()
    holder, _, inner = name.rpartition("/")
    if holder == EXTENSIONS:
        if not advanced:
            what = f"Property '{inner}' does not exist as a declared property or extension property."
            raise Refusal(400, "Request_UnsupportedQuery", what)
        return lambda one: str(one.get(EXTENSIONS, {}).get(inner) or "").lower() == wanted
    if name not in _PLAIN_FILTERS and not name.startswith("extension_"):
        what = f"Unsupported or invalid query filter clause specified for property '{name}'."
        raise Refusal(400, "Request_UnsupportedQuery", what)
    return lambda one: str(one.get(name) or "").lower() == wanted


def _check_password(profile: Any) -> None:
    password = profile.get("password") if isinstance(profile, dict) else None
    classes = [r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"]
    strong = isinstance(password, str) and sum(bool(re.search(one, password)) for one in classes) >= 3
    if not strong or not 8 <= len(str(password)) <= 256:
        raise bad("The specified password does not comply with password complexity requirements.")
    if set(profile) - {"password", "forceChangePasswordNextSignIn"}:
        raise bad("Invalid property in passwordProfile.")


def _check_property(name: str, value: Any) -> None:
    if name in _READ_ONLY:
        raise bad(f"Property '{name}' is read-only and cannot be set.")
    if name not in USER_PROPERTIES and not name.startswith("extension_"):
        raise bad(f"Invalid property '{name}'.")
    if value is None and name in _NOT_NULL:
        raise bad(f"Invalid value specified for property '{name}' of resource 'User'.")
    wrong = bad(f"Invalid value specified for property '{name}' of resource 'User'.")
    if name == "accountEnabled" and not isinstance(value, bool):
        raise wrong
    if name == "businessPhones" and not (isinstance(value, list) and len(value) <= 1):
        raise wrong
    if name in _TEXTS and value is not None and not _is_text(name, value):
        raise wrong


def _is_text(name: str, value: Any) -> bool:
    longest = _TEXTS[name]
    if not isinstance(value, str) or value == "" or (longest and len(value) > longest):
        return False
    if name == "mailNickname":
        return bool(_NICKNAME.fullmatch(value)) and not re.search(r'[@()\\\[\]";:<>,]', value)
    if name == "employeeHireDate":
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value))
    return name != "mail" or value.isascii()


def _check_group(body: Thing) -> None:
    for name, value in body.items():
        if name not in GROUP_PROPERTIES - {"id", "onPremisesSyncEnabled", "mail"}:
            raise bad(f"Invalid property '{name}'.")
        if name == "displayName" and not (isinstance(value, str) and 0 < len(value) <= 256):
            raise bad("Invalid value specified for property 'displayName' of resource 'Group'.")
        if name == "mailNickname" and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
            raise bad("Invalid value specified for property 'mailNickname' of resource 'Group'.")


def _extensions(former: Thing, body: Thing) -> Thing:
    """Those that a body names are changed, the others stay."""
    given = body.get(EXTENSIONS, {})
    if not isinstance(given, dict) or not all(
        re.fullmatch(r"extensionAttribute([1-9]|1[0-5])", one) for one in given
    ):
        raise bad(f"Invalid value specified for property '{EXTENSIONS}' of resource 'User'.")
    return {f"extensionAttribute{number}": None for number in range(1, 16)} | former | given
