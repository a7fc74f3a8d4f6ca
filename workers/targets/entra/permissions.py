"""Which application permissions something needs, and which the token says that the application has.

Microsoft Graph permissions reference; the pages "Update user", "user: revokeSignInSessions", "Upsert group",
"Perform bulkUpload", "List provisioningObjectSummary", "Get synchronizationJob".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.errors import BridgeError, RecordRejected, TargetHalted
from bridge.wire.parsing import parse
from bridge.wire.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Need:
    """One of `any_of` is needed; the first is the one to grant. `purpose` is what for.

    `vital`: without it nothing can be done at all.
    """

    purpose: str
    any_of: tuple[str, ...]
    vital: bool = False

    def missing(self, answer: object) -> BridgeError:
        """What a refusal means where the permission is missing.

        What is not vital halts nothing: leavers are to be disabled although groups may not be changed.
        """
        text = f"{answer}: {self.sentence}"
        return TargetHalted(text) if self.vital else RecordRejected(text)

    @property
    def sentence(self) -> str:
        """What an administrator has to do about a missing one."""
        return (
            f"the application needs the permission {self.any_of[0]} to {self.purpose}: add it under API"
            " permissions, Microsoft Graph, Application permissions, and choose Grant admin consent"
        )


READERS = Need(
    "read users",
    ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    vital=True,
)
PEOPLE = Need("read and change users", ("User.ReadWrite.All", "Directory.ReadWrite.All"), vital=True)
SESSIONS = Need("end the sessions of leavers", ("User.RevokeSessions.All",))
GROUPS = Need("read and change groups", ("Group.ReadWrite.All", "Directory.ReadWrite.All"))
DELETION = Need("delete and restore users", ("User.DeleteRestore.All", "User.ReadWrite.All"))
UPLOADS = Need(
    "upload people to the provisioning job",
    ("SynchronizationData-User.Upload", "SynchronizationData-User.Upload.OwnedBy"),
    vital=True,
)
LOGS = Need(
    "read in the provisioning logs what came of uploads", ("ProvisioningLog.Read.All", "AuditLog.Read.All")
)
JOBS = Need(
    "look at the provisioning job",
    ("Synchronization.Read.All", "Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
)


class Permissions:
    """What the newest token says. It is only read, never verified: Microsoft Graph decides."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def lack(self, need: Need) -> bool | None:
        """Whether a permission is missing; None where the token does not tell."""
        granted = _roles(await self._tokens.headers())
        return None if granted is None else granted.isdisjoint(need.any_of)

    async def granted_since(self, need: Need) -> bool:
        """Whether a newer token has what the one in use lacks, which is then used no more."""
        if self._tokens.refused(await self._tokens.headers()) is None:
            return False  # it is new
        return await self.lack(need) is False


def _roles(headers: Mapping[str, str]) -> frozenset[str] | None:
    """The `roles` in a token's claims (RFC 7519, section 3); None for a token that cannot be read."""
    parts = headers["Authorization"].removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    try:
        claims = parse(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(claims, dict):
        return None
    roles = claims.get("roles", [])
    return frozenset(map(str, roles)) if isinstance(roles, list) else None
