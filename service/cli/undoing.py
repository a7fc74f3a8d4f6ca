"""The commands about what was done at the targets, run by run, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from bridge.printable import counted
from service.cli import runs_view
from service.cli.app import ConfigOption, JsonOption, NamesOption, app, may_name, out, print_json
from service.cli.plan_view import Shows
from service.cli.visiting import visit
from service.operations import runs as running
from service.operations import undoing
from service.operations.assembly import Bridge
from service.operations.finding import with_names

runs_app = typer.Typer(help="What was done at the targets, run by run: list, show, undo, redo.")
app.add_typer(runs_app, name="runs", invoke_without_command=True)

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The run, as `runs` shows it.")]
LastOption = Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest.")]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(help="Only for this person or group, by id, name, ...; can be repeated."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")]
SeenOption = Annotated[str, typer.Option(help="Only if it is still what was shown: the version of that.")]
ValuesOption = Annotated[bool, typer.Option(help="Show the values that are there, and those put back.")]
AllOption = Annotated[bool, typer.Option("--all", help="Show all records, not only the first few.")]


@runs_app.callback(invoke_without_command=True)
def runs(
    context: typer.Context, last: LastOption = 20, config: ConfigOption = None, json: JsonOption = False
) -> int | None:
    """What was done at the targets, run by run."""
    return None if context.invoked_subcommand else runs_list(last, config, json)


@runs_app.command("list")
def runs_list(last: LastOption = 20, config: ConfigOption = None, json: JsonOption = False) -> int:
    """Show the newest runs: a poll's changes, another configuration or a decision, and what came of it."""

    async def work(bridge: Bridge) -> int:
        found = [running.as_json(bridge, run) for run in await running.runs(bridge, last)]
        print_json(found) if json else runs_view.show_runs(out, found)
        return 0

    return visit(config, work)


@runs_app.command("show")
def runs_show(
    run: RunArgument, names: NamesOption = None, config: ConfigOption = None, json: JsonOption = False
) -> int:
    """Show what one run did, record by record."""

    async def work(bridge: Bridge) -> int:
        found = await running.find(bridge, run)
        rows = running.deliveries_json(bridge, found)
        if may_name(names, json=json):
            rows = await with_names(bridge, rows)
        told = running.as_json(bridge, found)
        print_json({**told, "deliveries": rows}) if json else runs_view.show_run(out, told, rows)
        return 0

    return visit(config, work)


@runs_app.command("undo")
def runs_undo(
    run: RunArgument,
    only: OnlyOption = None,
    yes: YesOption = False,
    seen: SeenOption = "",
    values: ValuesOption = False,
    everything: AllOption = False,
    names: NamesOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Put back what a run took: access, values, memberships. They stay until Kenjo says something new."""
    shown = _Shown(values=values, all=everything, names=names, json=json)
    return visit(config, lambda bridge: _go(bridge, undoing.undo, run, only, shown, yes=yes, seen=seen))


@runs_app.command("redo")
def runs_redo(
    run: RunArgument,
    only: OnlyOption = None,
    yes: YesOption = False,
    seen: SeenOption = "",
    values: ValuesOption = False,
    everything: AllOption = False,
    names: NamesOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """End an undo: the targets get again what Kenjo says. Limits count that as always."""
    shown = _Shown(values=values, all=everything, names=names, json=json)
    return visit(config, lambda bridge: _go(bridge, undoing.redo, run, only, shown, yes=yes, seen=seen))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What somebody wants to see of a way back."""

    values: bool
    all: bool
    names: bool | None
    json: bool


async def _go(
    bridge: Bridge,
    look: undoing.Look,
    run: str,
    only: list[str] | None,
    shown: _Shown,
    *,
    yes: bool,
    seen: str,
) -> int:
    """Show a way back, or go it. Exit code 2 where there is something that would be done."""
    way = await look(bridge, run, only or [])
    if yes:
        done = await undoing.carry_out(bridge, way, seen)
        out.print(f"{counted(done, 'record')}: it is done with the next delivery, poll or sync")
        return 0
    if shown.json:
        print_json(undoing.way_json(way, values=shown.values))
    else:
        known = await bridge.backend.records.known() if may_name(shown.names) else {}
        shows = Shows(names=bool(known), values=shown.values, all=shown.all, records=known)
        runs_view.show_way(out, way, shows)
    return 2 if way.acts else 0
