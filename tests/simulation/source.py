"""How one process reads Kenjo: the product's own client, on a line that has faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Self, cast

import aiohttp

from bridge.config.settings import BridgeSettings
from bridge.mapping.route import Route
from bridge.model import Snapshot
from service.kenjo.client import KenjoClient
from service.operations.assembly import KenjoSource, fields_in_use
from tests.simulation.kenjo import Kenjo
from tests.simulation.network import Response
from tests.simulation.process import Process
from tests.simulation.store import Store

_TOKEN = {"token": "t", "X-Expires-After": None}


class Office:
    """Takes the place of an `aiohttp.ClientSession`: one process's way to Kenjo."""

    def __init__(self, kenjo: Kenjo, process: Process) -> None:
        self.kenjo = kenjo
        self.process = process
        self.reading = 0
        self.moment = process.clock()

    def request(self, _method: str, url: str, **_options: Any) -> Call:
        """One request, sent when its context is entered."""
        return Call(self, url.partition("/api/v1/")[2])


class Call:
    """A request on its way."""

    def __init__(self, office: Office, path: str) -> None:
        self._office = office
        self._path = path

    async def __aenter__(self) -> Response:
        process, world = self._office.process, self._office.process.world
        await process.step()
        response = self._answer()
        await process.step()
        said = response.status if response else "no answer"
        world.note(process.name, f"kenjo {self._path} = {said}", shown=said != 200)
        if response is None:
            raise aiohttp.ServerDisconnectedError
        return response

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is open."""

    def _answer(self) -> Response | None:
        world, kenjo = self._office.process.world, self._office.kenjo
        if world.chance(world.odds.source_fails / 4):  # there are about four requests in a poll
            status = world.random.choice((0, 500, 503, 200))
            return Response(status, b'{"data": [{"_id"') if status else None
        if self._path == "auth/login":
            return Response(200, json.dumps(_TOKEN).encode())
        rows = kenjo.readings[self._office.reading - 1].lists.get(self._path)
        if rows is not None:
            return Response(200, json.dumps({"data": rows}).encode())
        return self._employee(self._path.rpartition("/")[2])

    def _employee(self, id_: str) -> Response:
        """`GET /employees/{id}`: Kenjo as it is now, whatever was in its lists."""
        if self._office.process.world.odds.forbidden:
            return Response(403, b"{}")
        one = self._office.kenjo.employee(id_, self._office.reading)
        return Response(404 if one is None else 200, json.dumps(one or {}).encode())


class Source(KenjoSource):
    """The product's source, of which the referee knows when it begins to read."""

    __slots__ = ("office", "store")

    office: Office
    store: Store

    async def fetch_snapshot(self) -> Snapshot:
        """One snapshot. Raises SourceUnavailable."""
        self._begin()
        snapshot = await super().fetch_snapshot()
        self.office.process.fetched = self.office.reading
        return snapshot

    async def fetch_change(self, since: str) -> Snapshot | None:
        """One snapshot, if it is another. Raises SourceUnavailable."""
        self._begin()
        snapshot = await super().fetch_change(since)
        self.office.process.fetched = self.office.reading
        return snapshot

    def _begin(self) -> None:
        office, process = self.office, self.office.process
        office.moment = process.clock()  # so that midnight never comes between lists and their judgement
        office.reading = office.kenjo.read(self.store.known_people(office.kenjo), office.moment)

    @classmethod
    def open(
        cls, kenjo: Kenjo, process: Process, store: Store, values: BridgeSettings, routes: dict[str, Route]
    ) -> Self:
        """The source of one process."""
        office = Office(kenjo, process)
        client = KenjoClient(
            cast("aiohttp.ClientSession", office),
            values.kenjo,
            clock=lambda: datetime.fromtimestamp(office.moment, UTC),
        )
        made = cls(client, fields_in_use(routes), values.zone, values.office_zones, values.lead_days)
        object.__setattr__(made, "office", office)
        object.__setattr__(made, "store", store)
        return made
