"""A made-up provisioning job: takes uploads, works later, and tells in the logs what it did.

Written from Microsoft's pages and without our client: "Perform bulkUpload", "bulkUpload resource type", "List
provisioningObjectSummary", "Get synchronizationJob" (v1.0), "API-driven inbound provisioning concepts", its
"Frequently asked questions", and "Troubleshoot inbound provisioning API issues", which has the limits.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.workers.targets.entra_directory import EXTENSIONS, Directory, Refusal, Thing

SERVICE_PRINCIPAL = "5f3c1d2e-0000-4000-8000-9a8b7c6d5e04"
JOB = f"API2AAD.{'b1' * 16}.1a03de52-b9c3-4e2c-a1e3-9145aaa8e530"

_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_FILTER = re.compile(r"jobId eq '([^']+)'(?: and activityDateTime gt (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?")
_LIST = re.compile(r'(\w+)\[type eq "(\w+)"\]\.(\w+)')

# Attribute Mapping as an administrator sees it: of a user's property, the attribute of the upload.
MAPPING = {
    "extensionAttribute15": "externalId", "userPrincipalName": "userName", "accountEnabled": "active",
    "displayName": "displayName", "givenName": "name.givenName", "surname": "name.familyName",
    "jobTitle": "title", "preferredLanguage": "preferredLanguage", "mail": 'emails[type eq "work"].value',
    "businessPhones": 'phoneNumbers[type eq "work"].value',
    "mobilePhone": 'phoneNumbers[type eq "mobile"].value',
    "officeLocation": 'addresses[type eq "work"].formatted',
    "companyName": f"{_ENTERPRISE}:organization", "department": f"{_ENTERPRISE}:department",
    "employeeId": f"{_ENTERPRISE}:employeeNumber", "manager": f"{_ENTERPRISE}:manager",
}  # fmt: skip
ON_CREATION_ONLY = {"mail"}


def malformed() -> Refusal:
    return Refusal(400, "InvalidDataFormat", "Invalid Data Format")


@dataclass
class Job:
    """One provisioning app's job. `clock` gives seconds since 1970.

    `calls` are the sizes of what was taken. `out_of_scope` are externalIds that a scoping filter leaves out,
    `refused` those that nobody can write. `names_source`: whether an entry's source identity has the
    externalId as its id; else it stands among the modified properties.
    """

    directory: Directory
    clock: Callable[[], float] = time.time
    mapping: dict[str, str] = field(default_factory=lambda: dict(MAPPING))
    matching: tuple[tuple[str, str], ...] = (
        ("externalId", "extensionAttribute15"),
        ("userName", "userPrincipalName"),
    )
    state: str = "Active"
    per_day: int = 2000
    out_of_scope: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    names_source: bool = True
    calls: list[int] = field(default_factory=list)
    log: list[Thing] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _staged: list[Thing] = field(default_factory=list)
    _untold: list[Thing] = field(default_factory=list)

    # What it takes

    def upload(self, content_type: str, body: Any) -> None:
        """Stage an upload. Raises Refusal."""
        now = self.clock()
        for seconds, most in ((5.0, 40), (86_400.0, self.per_day)):
            calls = [at for at in self._times if at > now - seconds]
            if len(calls) >= most:
                wait = str(int(calls[0] + seconds - now) + 1)
                raise Refusal(429, "TooManyRequests", f"Too many requests. {wait}")
        self._times.append(now)
        if content_type != "application/scim+json":
            raise malformed()
        self._check(body)
        self.calls.append(len(body["Operations"]))
        self._staged += [one["data"] for one in body["Operations"]]

    def _check(self, body: Any) -> None:
        if not isinstance(body, dict) or body.keys() - {"schemas", "Operations", "failOnErrors"}:
            raise malformed()
        operations = body.get("Operations")
        if body.get("schemas") != [_BULK] or not isinstance(operations, list):
            raise malformed()
        if not 1 <= len(operations) <= 50 or body.get("failOnErrors") not in (None, 0):
            raise malformed()
        for one in operations:
            if not isinstance(one, dict) or one.keys() != {"method", "bulkId", "path", "data"}:
                raise malformed()
            if one["method"] != "POST" or one["path"] != "/Users":
                raise malformed()
            _check_data(one["data"])
        bulk_ids = [one["bulkId"] for one in operations]
        if not all(isinstance(one, str) and one for one in bulk_ids) or len({*bulk_ids}) < len(bulk_ids):
            raise malformed()

    # What it does

    def work(self, *, tell: bool = True) -> None:
        """Do what is staged; without `tell` the logs are behind."""
        staged, self._staged = self._staged, []
        for data in staged:
            self._untold.append(self._entry(data, *self._apply(data)))
        if tell:
            self.tell()

    def tell(self) -> None:
        """Let the logs have all that was done."""
        self.log += self._untold
        self._untold = []

    def _apply(self, data: Thing) -> tuple[str, str, str, str, dict[str, Any]]:
        """Action, status, code and reason, and what was changed."""
        id_, values = data["externalId"], {name: _at(data, path) for name, path in self.mapping.items()}
        if id_ in self.out_of_scope:
            return "other", "skipped", "NotEffectivelyEntitled", "", {}
        if id_ in self.refused:
            return "create", "failure", "AzureActiveDirectoryInvalidUserPrincipalName", self.refused[id_], {}
        manager = values.pop("manager", None)
        found = self._match(data)
        try:
            if found is None:
                action, changed, found = "create", values, self._create(values)
            else:
                action, changed = "update", self._update(found, values)
        except Refusal as refusal:
            why = f"Failed to write User '{data.get('displayName')}' ({data.get('userName')}): {refusal}"
            return "create", "failure", "AzureActiveDirectoryCannotUpdate", why, {}
        if "manager" in self.mapping and self._set_manager(found, manager):
            changed = {**changed, "manager": manager}
        if not changed:
            return action, "skipped", "RedundantExport", "", {}
        return action, "success", "", "", changed

    def _match(self, data: Thing) -> Thing | None:
        for source, target in self.matching:
            wanted = str(_at(data, source) or "").lower()
            for user in self.directory.users.values():
                if wanted and str(_property(user, target) or "").lower() == wanted:
                    return user
        return None

    def _create(self, values: dict[str, Any]) -> Thing:
        nickname = str(values.get("userPrincipalName")).partition("@")[0]
        password = {"password": f"{uuid.uuid4()}aA1!", "forceChangePasswordNextSignIn": True}
        given = {name: value for name, value in values.items() if value is not None}
        return self.directory.create_user(
            {"mailNickname": nickname, "passwordProfile": password, **_properties(given)}
        )

    def _update(self, user: Thing, values: dict[str, Any]) -> dict[str, Any]:
        changed = {
            name: value
            for name, value in values.items()
            if name not in ON_CREATION_ONLY and _property(user, name) != value
        }
        if changed:
            self.directory.update_user(user, _properties(changed))
        return changed

    def _set_manager(self, user: Thing, manager: Any) -> bool:
        """The manager is named by an externalId; one who is not there changes nothing."""
        former = self.directory.managers.get(user["id"])
        if not manager:
            return self.directory.managers.pop(user["id"], None) is not None
        target = self.matching[0][1]
        for other in self.directory.users.values():
            if _property(other, target) == manager["value"] and other["id"] != former:
                self.directory.managers[user["id"]] = other["id"]
                return True
        return False

    # What it tells

    def _entry(
        self, data: Thing, action: str, status: str, code: str, why: str, changed: dict[str, Any]
    ) -> Thing:
        moment = datetime.fromtimestamp(self.clock(), UTC)
        error = {"errorCode": code, "reason": why, "errorCategory": "nonServiceFailure"}
        failed = status == "failure"
        details = {"SkipReason": code} if status == "skipped" else {}
        id_ = data["externalId"] if self.names_source else str(uuid.uuid4())
        modified = [
            {"displayName": name, "oldValue": None, "newValue": str(v)} for name, v in changed.items()
        ]
        if not self.names_source:
            modified.append({"displayName": "externalId", "oldValue": None, "newValue": data["externalId"]})
        return {
            "id": str(uuid.uuid4()),
            "activityDateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.1234567Z",
            "jobId": JOB,
            "provisioningAction": action,
            "provisioningStatusInfo": {"status": status, "errorInformation": error if failed else None},
            "provisioningSteps": [{"name": "EntryExport", "status": status, "details": details}],
            "modifiedProperties": modified,
            "sourceIdentity": {
                "identityType": "User", "id": id_, "displayName": data.get("displayName"), "details": {},
            },
            "targetIdentity": {"identityType": "User", "id": "", "displayName": "", "details": {}},
        }  # fmt: skip

    def told(self, text: str | None) -> list[Thing]:
        """The entries that a `$filter` lets through, the newest first. Raises Refusal."""
        found = _FILTER.fullmatch(text or "")
        if found is None:
            raise Refusal(400, "BadRequest", "Invalid filter clause")
        since = found[2] or ""
        entries = [one for one in self.log if one["jobId"] == found[1] and one["activityDateTime"] > since]
        return entries[::-1]


def _check_data(data: Any) -> None:
    if not isinstance(data, dict) or not isinstance(data.get("externalId"), str) or not data["externalId"]:
        raise malformed()
    schemas = data.get("schemas")
    if not isinstance(schemas, list) or not {_CORE, _ENTERPRISE} <= {*schemas}:
        raise malformed()
    if any(name.startswith("urn:") and name not in schemas for name in data):
        raise malformed()
    known = {
        "schemas", "externalId", "userName", "name", "displayName", "nickName", "emails", "addresses",
        "phoneNumbers", "userType", "title", "preferredLanguage", "locale", "timezone", "active",
    }  # fmt: skip
    if any(name not in known and name not in schemas for name in data):
        raise malformed()
    texts = ("userName", "displayName", "title", "preferredLanguage", "userType")
    if not all(isinstance(data.get(name, ""), str) for name in texts):
        raise malformed()
    if not isinstance(data.get("active", True), bool):
        raise malformed()
    manager = data.get(_ENTERPRISE, {}).get("manager", {"value": "x"})
    if not isinstance(manager, dict) or not isinstance(manager.get("value"), str) or not manager["value"]:
        raise malformed()
    for name in ("emails", "phoneNumbers", "addresses"):
        listed = data.get(name, [])
        if not isinstance(listed, list) or not all(
            isinstance(one, dict) and one.get("type") for one in listed
        ):
            raise malformed()


def _at(data: Thing, path: str) -> Any:
    """The value at a path of a mapping."""
    if found := _LIST.fullmatch(path):
        listed = [one for one in data.get(found[1], []) if one["type"] == found[2]]
        return listed[0].get(found[3]) if listed else None
    if path.startswith("urn:"):
        schema, _, name = path.rpartition(":")
        return data.get(schema, {}).get(name)
    holder, _, name = path.partition(".")
    return data.get(holder, {}).get(name) if name else data.get(holder)


def _property(user: Thing, name: str) -> Any:
    if name.startswith("extensionAttribute"):
        return user[EXTENSIONS].get(name)
    if name == "businessPhones":
        return (user.get(name) or [None])[0]
    return user.get(name)


def _properties(values: dict[str, Any]) -> Thing:
    body: Thing = {}
    for name, value in values.items():
        if name.startswith("extensionAttribute"):
            body.setdefault(EXTENSIONS, {})[name] = value
        elif name == "businessPhones":
            body[name] = [value] if value else []
        else:
            body[name] = value
    return body
