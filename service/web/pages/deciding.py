"""What waits for a person: holds, failures, accounts to choose from."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bridge.errors import ConfigurationError
from service.operations import failures, holds, undoing
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.web.guard import VISITOR
from service.web.pages.choosing import PAGE, chosen_in, who
from service.web.pages.records import told
from service.web.pages.rendering import Renderer
from service.web.visitors import acting_as


class Deciding:
    """`/decide`."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """Everything that waits, the gravest first."""
        sight, bridge = await self._board.look(), self._bridge
        names = request[VISITOR].sees_values
        there = [
            {
                **holds.as_json(hold, bridge.values.zone),
                "who": who(hold, sight, names=names)[:PAGE],
            }
            for hold in await bridge.backend.holds.all()
        ]
        rows = await failures.failures(bridge, sight.entries)
        failed = [row for row in rows if row["state"] != "retrying"]
        return self._renderer.page(
            request,
            "decide.html",
            holds=there,
            choices=[told(row, sight, names=names) for row in failed if row["candidates"]],
            reasons=_by_reason([row for row in failed if not row["candidates"]], sight, names=names),
            undone=undoing.lasting(sight.entries, sight.stands),
            drifts={name: one["drift"] for name, one in sight.targets.items() if one["drift"]},
            shown=PAGE,
            said=request.query.get("said", "")[:1000],
        )

    async def decide(self, request: web.Request) -> web.Response:
        """Approve or reject a hold as it was seen."""
        form = await request.post()
        word, _, which = str(form.get("word", "")).partition("-")
        approve, seen = word == "approve", str(form.get("version", ""))
        only = chosen_in(form) if which else None
        with acting_as(request[VISITOR]) as by:
            try:
                hold = await holds.decide(
                    self._bridge, request.match_info["id"], approve=approve, by=by, seen=seen, only=only
                )
                done = "approved" if approve else "rejected"
                said = f"{done}:{hold.id}" if only is None else f"chosen-{done}:{len(hold.choosable)}"
            except ConfigurationError as error:
                said = str(error)
        return self._back(said)

    async def retry(self, request: web.Request) -> web.Response:
        """Try records again that failed."""
        form = await request.post()
        target, records = str(form.get("target", "")), [str(one) for one in form.getall("record", [])]
        number, said = 0, ""
        with acting_as(request[VISITOR]):
            for record in records:
                try:
                    number += await failures.retry(self._bridge, target or None, record)
                except ConfigurationError as error:
                    said = str(error)
        return self._back(said or f"retried:{number}")

    def _back(self, said: str) -> web.Response:
        return self._renderer.to("/decide", said=said)


def _by_reason(rows: list[dict[str, Any]], sight: Sight, *, names: bool) -> list[dict[str, Any]]:
    """Failures with the same reason at the same target, the most frequent first."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["target"], row["reason"]), []).append(told(row, sight, names=names))
    groups = [
        {"target": target, "reason": reason, "rows": there, "can_retry": there[0]["state"] == "failed"}
        for (target, reason), there in found.items()
    ]
    return sorted(groups, key=lambda group: -len(group["rows"]))
