"""The commands that look ahead and into one record: plan, explain, try."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.errors import ConfigurationError
from bridge.printable import counted
from service.cli import plan_view
from service.cli.app import (
    ConfigOption,
    JsonOption,
    NamesOption,
    PersonArgument,
    TargetOption,
    app,
    may_name,
    out,
    print_json,
    read,
    start,
)
from service.cli.explain_view import show_explained
from service.cli.try_view import show_tried
from service.kenjo.client import utc_now
from service.operations import comparing
from service.operations.assembly import opened
from service.operations.days import moment_of
from service.operations.explaining import explain as explain_one
from service.operations.planning import plan as make_plan
from service.operations.signing import write_plan
from service.operations.telling import plan_json

ValuesOption = Annotated[bool, typer.Option("--values", help="Show people's names and values too.")]
DayOption = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="What this day will bring until its end: 2026-05-01."),
]


@app.command()
def plan(
    config: ConfigOption = None,
    target: TargetOption = None,
    on: DayOption = None,
    save: Annotated[
        Path | None, typer.Option("--out", help="Write a signed plan, for `sync --plan` to carry out.")
    ] = None,
    names: NamesOption = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show names, and values old and new, too.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show all who are alike, not the first few.")] = False,
    json: JsonOption = False,
) -> int:
    """Show what a sync would do, and write nothing anywhere.

    Exit codes: 0 nothing to do, 2 changes, 3 a problem: the configuration, Kenjo, Redis or a target.
    """
    day = on.date() if on else None
    if day and save:
        raise ConfigurationError("--out takes no --on: a plan is carried out now, or not at all")

    async def work() -> int:
        settings = read(config)
        moment = moment_of(settings, day, utc_now())
        async with opened(settings, join=True, clock=lambda: moment) as bridge:
            found = await make_plan(bridge, moment, target or [], day)
            number = write_plan(bridge, found, save, time.time()) if save and found.stands else None
        named = may_name(names, json=json) or values
        if json:
            print_json(plan_json(found, names=named, values=values))
        else:
            shows = plan_view.Shows(names=named, values=values, all=every, records=found.records)
            if number is not None:
                written = counted(number, "change was", "changes were")
                _say(f"{written} written to {save}")
            then = plan_view.next_steps(found, str(save) if number else "")
            plan_view.show_plan(out, found, shows, then=then)
        return found.exit_code

    return start(work())


@app.command()
def explain(
    person: PersonArgument,
    config: ConfigOption = None,
    values: ValuesOption = False,
    json: JsonOption = False,
) -> int:
    """Explain everything about one person: what Kenjo says, what each target has, what comes next and why."""

    async def work() -> int:
        async with opened(read(config), join=True) as bridge:
            found = await explain_one(bridge, person, values=values)
        if json:
            print_json(found)
        else:
            show_explained(out, found, values=values)
        return 0

    return start(work())


@app.command("try")
def try_(
    target: Annotated[str, typer.Argument(help="The target's name.")],
    person: PersonArgument,
    changed: Annotated[
        list[str] | None,
        typer.Option("--map", help="An attribute and a new expression: title='upper(person.work.jobTitle)'."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Show what an expression gives for one person before it is saved, beside the present one.

    Kenjo is read, and nothing is written. Exit codes: 0 every expression has a value, 1 one has none, 3 the
    configuration or Kenjo is the problem.
    """
    sources = comparing.sources_of(changed or [])

    async def work() -> int:
        settings = read(config)
        moment = moment_of(settings, None, utc_now())
        async with opened(settings, join=True, clock=lambda: moment) as bridge:
            found = await comparing.compare(bridge, target, person, sources, moment)
        if json:
            print_json(found)
        else:
            show_tried(out, found)
        return 1 if comparing.failed(found) else 0

    return start(work())


def _say(text: str) -> None:
    out.print(text, soft_wrap=True)
