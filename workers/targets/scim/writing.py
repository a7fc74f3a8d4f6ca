"""Sending a change in a form that the server takes. What it refuses is learnt per kind and operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.errors import RecordRejected
from bridge.model import Kind
from bridge.wire.permit import Permit
from workers.targets.scim.attributes import SCHEMAS, Slot, get
from workers.targets.scim.changes import Difference
from workers.targets.scim.client import ScimClient, Unsupported
from workers.targets.scim.members import Members
from workers.targets.scim.resource import Resource
from workers.targets.scim.settings import ScimSettings

_SCHEMAS = "/Schemas"
_NEEDED = {"externalId", "userName", "active", "schemas", "id"}
"""Never left out: RFC 7643 section 3.1 has externalId and id in no schema; without the others is no user."""


class Writer:
    """Sends changes to one server."""

    def __init__(self, client: ScimClient, settings: ScimSettings) -> None:
        self._client = client
        self._settings = settings
        self._refused: set[tuple[Kind, str]] = set()
        self.members = Members(client, settings)

    async def change(self, path: str, current: Resource, change: Difference, permit: Permit) -> Resource:
        """Send a difference but for the members who leave; the last answer's object.

        Attributes and new members go apart: a server that cannot do one may well do the other.
        """
        size = self._settings.members_per_request
        if self._settings.patch_of(change.kind) == "flat":
            return await self._sent("PATCH", path, current, change.flat(size), permit)
        answer = current
        attributes, members = replace(change, add=(), remove=()), replace(change, changed=(), remove=())
        for what, part in (("set", attributes), ("add", members)):
            if part:
                answer = await self._part(path, answer, part, what, permit)
        return answer if answer is not current else {}

    async def _part(
        self, path: str, current: Resource, part: Difference, what: str, permit: Permit
    ) -> Resource:
        if await self._patches(part.kind, what):
            try:
                return await self._sent(
                    "PATCH", path, current, part.patches(self._settings.members_per_request), permit
                )
            except Unsupported:
                if self._settings.patch_of(part.kind) == "always":
                    raise
                self._refused.add((part.kind, what))
        return await self._client.write("PUT", path, permit, part.replacement(), based_on=current)

    async def _patches(self, kind: Kind, what: str) -> bool:
        mode = self._settings.patch_of(kind)
        if mode == "never" or (kind, what) in self._refused:
            return False
        return mode != "auto" or await self._client.supports("patch") is not False

    async def _sent(
        self, method: str, path: str, current: Resource, bodies: Iterable[Resource], permit: Permit
    ) -> Resource:
        answer: Resource = current
        for body in bodies:
            answer = await self._client.write(method, path, permit, body, based_on=answer)
        return answer if answer is not current else {}

    async def revive(
        self, kind: Kind, path: str, wanted: Mapping[Slot, object], whole: Resource, permit: Permit
    ) -> Resource:
        """Change an object that the server does not show: some hide inactive ones. Raises NotFound.

        Only values are sent, as nobody knows what there is to be cleared.
        """
        given = {slot: value for slot, value in wanted.items() if value is not None}
        if self._settings.patch_of(kind) != "never" and (kind, "set") not in self._refused:
            try:
                patches = Difference(kind, whole, tuple(given)).patches(1)
                return await self._sent("PATCH", path, {}, patches, permit)
            except RecordRejected:
                pass  # not found, or not in this form
        return await self._client.write("PUT", path, permit, whole)

    async def learn(self) -> None:
        """Read once which attributes the server's schemas have."""
        if self._settings.follow_schemas:
            await self._client.discover(_SCHEMAS)

    def known(self, wanted: Mapping[Slot, object]) -> dict[Slot, object]:
        """The attributes that the server's schemas have; all of them where it names no schemas."""
        lacking = self.lacking(wanted)
        return {slot: value for slot, value in wanted.items() if slot not in lacking}

    def lacking(self, slots: Iterable[Slot]) -> list[Slot]:
        """The places of a user that the server's /Schemas, as learnt, lacks (RFC 7643 section 7)."""
        listed = get(self._client.said(_SCHEMAS), "Resources")
        schemas = {
            str(get(one, "id")).lower(): _names(get(one, "attributes"))
            for one in (listed if isinstance(listed, list) else [])
        }
        core = schemas.get(SCHEMAS[Kind.PERSON].lower())
        if not core or "username" not in core:
            return []  # it says nothing of users, or nothing that can be believed
        return [slot for slot in slots if slot.name not in _NEEDED and not _is_in(slot, schemas)]


def _names(attributes: object) -> dict[str, object]:
    """What a schema says of its attributes, by name in lower case."""
    listed = attributes if isinstance(attributes, list) else []
    return {str(get(one, "name")).lower(): get(one, "subAttributes") for one in listed}


def _is_in(slot: Slot, schemas: Mapping[str, Mapping[str, object]]) -> bool:
    schema = schemas.get((slot.schema or SCHEMAS[Kind.PERSON]).lower())
    if schema is None or slot.name.lower() not in schema:
        return False
    inner = _names(schema[slot.name.lower()])
    return not slot.sub or not inner or slot.sub.lower() in inner
