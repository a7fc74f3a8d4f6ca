"""The commands that do the work: run, serve, work, sync; and those to try it: sandbox, demo."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from service.cli import stopping, sync_view
from service.cli.app import (
    ConfigOption,
    JsonOption,
    TargetOption,
    app,
    err,
    names_several,
    out,
    print_json,
    read,
    settings,
    start,
    stop_event,
)
from service.cli.running import run_until_stopped
from service.operations import sync as syncing
from service.operations.assembly import Bridge, opened
from service.operations.canary import canaried
from service.operations.choosing import only_person, planned


@app.command()
def run(config: ConfigOption = None) -> int:
    """Watch Kenjo and deliver, in one process, until stopped."""
    return start(_until_stopped(config, polls=True, works=True))


@app.command()
def serve(config: ConfigOption = None) -> int:
    """Watch Kenjo only; workers deliver (`kenjo-bridge work`)."""
    return start(_until_stopped(config, polls=True, works=False))


@app.command()
def work(config: ConfigOption = None, target: TargetOption = None) -> int:
    """Deliver only, to all targets or to some; a service watches Kenjo (`kenjo-bridge serve`)."""
    return start(_until_stopped(config, polls=False, works=True, only=target or ()))


@app.command()
def sync(
    config: ConfigOption = None,
    target: TargetOption = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for a target when nothing moves any more.")
    ] = 30.0,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read everything back at the targets and repair what differs.")
    ] = False,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Do just what this signed plan says, or nothing.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", help="Only this person or group, by id, name, e-mail address or number."),
    ] = None,
    canary: Annotated[
        int, typer.Option("--canary", min=0, help="So many people per target first; go on if they are right.")
    ] = 0,
    json: JsonOption = False,
) -> int:
    """Poll once, deliver everything, and end.

    Exit codes: 0 everything delivered, 1 some records failed, 2 held because it looks wrong, 3 configuration,
    Kenjo, Redis or a target's credentials are the problem.
    """
    if sum(map(bool, (plan, only, canary))) > 1:
        raise ConfigurationError(
            "--plan, --only and --canary exclude each other: each one chooses the records"
        )
    options: dict[str, Any] = {"only": target or [], "patience": patience, "verify": verify}
    return start(_sync(read(config), options, Part(plan, only, canary), json=json))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8090,
    people: Annotated[int, typer.Option(help="How many people to make up.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed makes up the same people.")] = 1,
    target: Annotated[
        bool, typer.Option("--target", help="Start a SCIM server to deliver to, too, on the next port.")
    ] = False,
) -> int:
    """Start a Kenjo to try things against, until stopped."""
    from service.cli.sandboxing import run_sandbox

    return start(run_sandbox(port, people, seed, out, target=target))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the last arrival.")] = False,
    people: Annotated[int, typer.Option(help="How many people to make up.")] = 200,
) -> int:
    """Show the whole job: a made-up Kenjo, a SCIM directory, and changes arriving there."""
    from service.cli.demo import run_demo

    return start(run_demo(out, once=once, people=people))


async def _until_stopped(config: Path | None, *, polls: bool, works: bool, only: Any = ()) -> int:
    if names_several(config):
        from service.cli.several import run_companies  # one company needs none of it

        await run_companies(config, polls=polls, works=works, only=only)
        return 0
    read(config)
    await run_until_stopped(lambda: settings(config), polls=polls, works=works, only=only)
    return 0


class Part(NamedTuple):
    """What part of the work a sync is to do, if not all."""

    plan: Path | None
    only: str | None
    canary: int


async def _sync(values: BridgeSettings, options: dict[str, Any], part: Part, *, json: bool) -> int:
    options["begin"] = stop_event
    async with opened(values) as bridge:
        with sync_view.progress(err, quiet=json or not err.is_terminal) as show:
            result = await _part(bridge, {**options, "show": show}, part)
    if result.ended:
        by = stopping.name() or "a signal"
        result = dataclasses.replace(result, ended=f"ended early by {by}; {result.ended}")
    if json:
        print_json(sync_view.sync_json(result))
    else:
        sync_view.show_sync(out, result)
    return result.exit_code


async def _part(bridge: Bridge, options: dict[str, Any], part: Part) -> syncing.SyncResult:
    if part.canary:
        return await canaried(bridge, part.canary, **options)
    if part.only:
        return await syncing.sync(bridge, **options, choose=only_person(part.only))
    if part.plan:
        signed, choose = planned(bridge, part.plan)
        options["only"] = options["only"] or list(signed.steps)
        return await syncing.sync(bridge, **options, choose=choose)
    return await syncing.sync(bridge, **options)
