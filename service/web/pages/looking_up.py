"""Lists of people and groups, and a page for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bridge.errors import BridgeError, ConfigurationError
from bridge.model import Key, Kind, Lifecycle, State
from bridge.store import audit
from service.operations import failures
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.operations.explaining import explain
from service.operations.naming import name_of
from service.operations.searching import Found, Wanted, departments, search
from service.operations.standing import Stand, Standing
from service.web.guard import VISITOR
from service.web.pages.paging import page_of
from service.web.pages.records import KINDS, key_of, told
from service.web.pages.rendering import Renderer
from service.web.visitors import acting_as

PAGE = 50
_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for."""

    kind: Kind
    text: str
    target: str
    place: str
    department: str
    lifecycle: str
    page: str

    @classmethod
    def of(cls, request: web.Request) -> Asked:
        """As the address says; what makes no sense there is left out."""
        query = request.query
        kind = KINDS[request.match_info["kind"]]
        names = ("q", "target", "place", "department", "lifecycle")
        text, target, place, department, lifecycle = (query.get(name, "").strip()[:200] for name in names)
        if not request[VISITOR].sees_values:  # whom a filter finds is told by it
            department = ""
        return cls(kind, text, target, place, department, lifecycle, query.get("page", ""))

    @property
    def query(self) -> dict[str, str]:
        """For links to other pages of the same list."""
        return {
            "q": self.text,
            "target": self.target,
            "place": self.place,
            "department": self.department,
            "lifecycle": self.lifecycle,
        }

    @property
    def wanted(self) -> Wanted:
        """The same for a search."""
        lifecycle = next((one for one in Lifecycle if one == self.lifecycle), None)
        place = _standing(self.place)
        return Wanted(self.kind, self.text, self.target, place, self.department, lifecycle)


class People:
    """`/people`, `/groups` and what is below them."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def list(self, request: web.Request) -> web.Response:
        """Who matches, a page of them; only the list where it is searched while typing."""
        sight, asked = await self._board.look(), Asked.of(request)
        names = request[VISITOR].sees_values
        rows = search(sight, asked.wanted, names=names)
        here = page_of(rows, asked.page, PAGE)
        template = "parts/list.html" if request.headers.get("HX-Target") == "list" else "list.html"
        return self._renderer.page(
            request,
            template,
            asked=asked,
            rows=[_row(one) for one in here.rows],
            count=len(rows),
            page=here.number,
            last=here.last,
            targets=list(sight.stands),
            places=list(Standing),
            departments=departments(sight) if names else [],
            base="/groups" if asked.kind is Kind.TEAM else "/people",
        )

    async def show(self, request: web.Request) -> web.Response:
        """One person or group, as far as Redis tells it."""
        sight, key = await self._board.look(), key_of(request)
        stored = sight.known.get(key)
        stands = {name: there[key] for name, there in sight.stands.items() if key in there}
        if stored is None and not stands:
            return self._renderer.page(request, "nobody.html", status=404, id=key.id)
        names = request[VISITOR].sees_values
        events = await self._bridge.backend.audit.read(_EVENTS, audit.Wanted([str(key)]))
        return self._renderer.page(
            request,
            "record.html",
            key=key,
            name=(name_of(stored) if names else "") or key.id,
            stored=stored,
            stands=stands,
            fails=any(stand.standing is Standing.FAILING for stand in stands.values()),
            parked=_parked(sight, key, stands),
            events=[told(event, sight, names=names) for event in events],
            said=request.query.get("said", "")[:1000],
        )

    async def details(self, request: web.Request) -> web.Response:
        """What Kenjo and the targets say when they are asked."""
        names = request[VISITOR].sees_values
        try:
            found: Mapping[str, Any] = await explain(self._bridge, str(key_of(request)), values=names)
        except BridgeError as error:
            return self._renderer.page(request, "parts/trouble.html", reason=str(error))
        return self._renderer.page(request, "parts/details.html", found=found, values=names)

    async def retry(self, request: web.Request) -> web.Response:
        """Try again what failed of one."""
        key = key_of(request)
        with acting_as(request[VISITOR]):
            try:
                number = await failures.retry(self._bridge, None, str(key))
                said = f"retried:{number}"
            except ConfigurationError as error:
                said = str(error)
        return self._renderer.to(f"/{request.match_info['kind']}/{key.id}", said=said)


def _parked(sight: Sight, key: Key, stands: Mapping[str, Stand]) -> dict[str, tuple[str, ...]]:
    """Where a person may say which account is this one's, and among which: none where any may be."""
    failing = (name for name, stand in stands.items() if stand.standing is Standing.FAILING)
    entries = {name: sight.entries[name].get(key) for name in failing}
    return {name: one.candidates for name, one in entries.items() if one and one.state is State.FAILED}


def _standing(text: str) -> Standing | None:
    return next((standing for standing in Standing if standing.field == text), None)


def _row(found: Found) -> dict[str, Any]:
    return {
        "id": found.key.id,
        "name": found.name or found.key.id,
        "department": found.department,
        "stands": found.stands,
    }
