"""People and groups: who is where, and everything about one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from bridge.errors import NotThere
from bridge.model import Key, Kind, Lifecycle
from service.operations.assembly import Bridge, see_target
from service.operations.board import Board, Sight
from service.operations.explaining import explain
from service.operations.searching import Found, Wanted, one, search
from service.operations.standing import Standing
from service.web.api.explained import Explained, explained
from service.web.api.problems import Refused
from service.web.api.values import MaybeText, Named, Paging, Part, Place, Stands, part, stands
from service.web.visitors import Visitor


class Search(Paging):
    """Who is looked for. `after` is the id of the last one before."""

    q: str = Field("", max_length=100)
    """A part of the name, Kenjo id, e-mail address, external id or employee number; a viewer's: of the id."""
    target: str = Field("", max_length=100)
    """Only who stands at this target at all."""
    standing: Place | None = None
    """Only who stands so, at that target or at any."""


class SearchPeople(Search):
    """The same for people."""

    lifecycle: Lifecycle | None = None
    """`upcoming`, `active`, `left` or `inactive`."""
    department: str = Field("", max_length=100)
    """The department as Kenjo calls it; not for viewers, as that is a value."""


class Listed(Named):
    """A person or group in a list."""

    id: str
    """Kenjo's id."""
    department: MaybeText
    """For who may see values."""
    lifecycle: Lifecycle | None
    targets: dict[str, Stands]
    """Where it stands at each target that gets records of its kind."""


class Records(Part):
    """A part of the people or groups, in the order of their names (of their ids for viewers)."""

    items: list[Listed]
    count: int
    """How many match."""


class LookingUp:
    """`/people` and `/groups`."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        self._bridge = bridge
        self._board = board

    async def people(self, visitor: Visitor, query: SearchPeople) -> Records:
        """Who is where: people who match."""
        if query.department and not visitor.sees_values:
            raise Refused(403, f"A department is a value, and the role {visitor.role} sees none.")
        options = {"department": query.department, "lifecycle": query.lifecycle}
        return await self._list(visitor, query, Kind.PERSON, options)

    async def groups(self, visitor: Visitor, query: Search) -> Records:
        """Which group is where: those that match."""
        return await self._list(visitor, query, Kind.TEAM, {})

    async def person(self, visitor: Visitor, id: str) -> Explained:  # noqa: A002 - it is the path's name
        """Everything about a person: what Kenjo says, what each target has, what comes next and why.

        Kenjo and the targets are asked.
        """
        return await self._explained(visitor, Key(Kind.PERSON, id))

    async def group(self, visitor: Visitor, id: str) -> Explained:  # noqa: A002 - it is the path's name
        """Everything about a group: what Kenjo says, what each target has, what comes next and why.

        Kenjo and the targets are asked.
        """
        return await self._explained(visitor, Key(Kind.TEAM, id))

    async def _list(self, visitor: Visitor, query: Search, kind: Kind, options: Mapping[str, Any]) -> Records:
        if query.target:
            see_target(self._bridge, query.target)
        sight, names = await self._board.look(), visitor.sees_values
        place = Standing[query.standing.upper()] if query.standing else None
        wanted = Wanted(kind, query.q, query.target, place, **options)
        rows = search(sight, wanted, names=names)
        after = _place(sight, Key(kind, query.after), names=names) if query.after else None
        found, last = part(rows, lambda row: row.order, after, query.limit)
        items = [_listed(row) for row in found]
        return Records(items=items, count=len(rows), next=last.key.id if last else None)

    async def _explained(self, visitor: Visitor, key: Key) -> Explained:
        sight, values = await self._board.look(), visitor.sees_values
        if key not in sight.known:
            raise NotThere(f"Nothing is known of {key}.")
        return explained(await explain(self._bridge, str(key), values=values), sight, values=values)


def _listed(found: Found) -> Listed:
    return Listed(
        record=str(found.key),
        id=found.key.id,
        name=found.name,
        department=found.department,
        lifecycle=found.lifecycle,
        targets={name: stands(stand) for name, stand in found.stands.items()},
    )


def _place(sight: Sight, key: Key, *, names: bool) -> tuple[str, str]:
    """Where in the order somebody stands, also who matches no more. Raises Refused for nobody."""
    if (found := one(sight, key, names=names)) is None:
        raise Refused(409, "Nothing is known of who `after` names: begin again without it.")
    return found.order
