"""All that can be asked of the API: the whole of it on one page."""

from __future__ import annotations

from bridge.config.web_settings import Role
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.api.configured import Administering
from service.web.api.deciding import Deciding
from service.web.api.endpoints import Endpoint, endpoint
from service.web.api.failing import Failing
from service.web.api.history import History
from service.web.api.looking_up import LookingUp
from service.web.api.overview import Overviews
from service.web.api.planning import Planning
from service.web.api.runs import AboutRuns
from service.web.api.syncing import AboutSyncs
from service.web.api.targets import AboutTargets
from service.web.api.turns import Turns
from service.web.exporting import CSV, JSON_LINES

OPERATOR, ADMINISTRATOR = Role.OPERATOR, Role.ADMINISTRATOR


def everything(bridge: Bridge, board: Board) -> list[Endpoint]:
    """Each method of each address, with who answers and which role it needs."""
    turns = Turns()
    records, deciding, failing = LookingUp(bridge, board), Deciding(bridge, board), Failing(bridge, board)
    targets, planning = AboutTargets(bridge, board, turns), Planning(bridge, board, turns)
    history, administering = History(bridge, board), Administering(bridge, turns)
    about_syncs = AboutSyncs(bridge, board, turns)
    about_runs = AboutRuns(bridge, board, turns)
    return [
        endpoint("GET", "/overview", Overviews(bridge, board).overview),
        endpoint("GET", "/people", records.people),
        endpoint("GET", "/people/{id}", records.person),
        endpoint("GET", "/people/{id}/forget", administering.what_is_left, ADMINISTRATOR),
        endpoint("POST", "/people/{id}/forget", administering.forget, ADMINISTRATOR),
        endpoint("GET", "/people/{id}/sync", about_syncs.person_sync, OPERATOR),
        endpoint("POST", "/people/{id}/sync", about_syncs.sync_person, OPERATOR),
        endpoint("GET", "/groups", records.groups),
        endpoint("GET", "/groups/{id}", records.group),
        endpoint("GET", "/groups/{id}/sync", about_syncs.group_sync, OPERATOR),
        endpoint("POST", "/groups/{id}/sync", about_syncs.sync_group, OPERATOR),
        endpoint("GET", "/holds", deciding.holds),
        endpoint("GET", "/holds/{id}", deciding.hold),
        endpoint("POST", "/holds/{id}/approve", deciding.approve, OPERATOR),
        endpoint("POST", "/holds/{id}/reject", deciding.reject, OPERATOR),
        endpoint("GET", "/failures", failing.failures),
        endpoint("POST", "/failures/retry", failing.retry, OPERATOR),
        endpoint("GET", "/failures/adopt", failing.adoption, OPERATOR),
        endpoint("POST", "/failures/adopt", failing.adopt, OPERATOR),
        endpoint("POST", "/failures/discard", failing.discard, OPERATOR),
        endpoint("GET", "/drift", deciding.drift),
        endpoint("GET", "/targets", targets.targets),
        endpoint("GET", "/targets/{name}", targets.target),
        endpoint("POST", "/targets/{name}/pause", targets.pause, ADMINISTRATOR),
        endpoint("POST", "/targets/{name}/resume", targets.resume, ADMINISTRATOR),
        endpoint("POST", "/targets/{name}/check", targets.check, OPERATOR),
        endpoint("GET", "/plan", planning.plan),
        endpoint("POST", "/plan/approve", planning.approve_plan, OPERATOR),
        endpoint("POST", "/poll", planning.poll, OPERATOR, status=202),
        endpoint("GET", "/audit", history.audit),
        endpoint("GET", "/audit/export", history.export, media=(CSV, JSON_LINES)),
        endpoint("GET", "/runs", about_runs.runs),
        endpoint("GET", "/runs/{id}", about_runs.run),
        endpoint("GET", "/runs/{id}/undo", about_runs.undo, OPERATOR),
        endpoint("POST", "/runs/{id}/undo", about_runs.do_undo, OPERATOR),
        endpoint("GET", "/runs/{id}/redo", about_runs.redo, OPERATOR),
        endpoint("POST", "/runs/{id}/redo", about_runs.do_redo, OPERATOR),
        endpoint("GET", "/forgotten", administering.forgotten, ADMINISTRATOR),
        endpoint("POST", "/forgotten/{id}/undo", administering.take_back, ADMINISTRATOR),
        endpoint("GET", "/settings", administering.settings, ADMINISTRATOR),
        endpoint("POST", "/try", administering.try_, ADMINISTRATOR),
    ]
