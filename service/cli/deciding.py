"""The commands about what needs a person: holds, failures, targets that rest or do not answer."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.commands import command
from bridge.printable import counted
from service.cli import decisions_view
from service.cli.app import (
    ConfigOption,
    JsonOption,
    NamesOption,
    PersonArgument,
    app,
    may_name,
    out,
    print_json,
)
from service.cli.visiting import visit
from service.operations import adopting
from service.operations import failures as failing
from service.operations import greet as greeting
from service.operations import holds as holding
from service.operations.assembly import Bridge
from service.operations.finding import names as names_of
from service.operations.finding import with_names
from service.operations.maintenance import moment, pause
from service.operations.times import told

holds_app = typer.Typer(help="What waits for a person: list, show, approve, reject.")
failures_app = typer.Typer(help="Records that a target will not take: list, show, retry, discard, adopt.")
targets_app = typer.Typer(help="The targets: pause one, let it go on.", no_args_is_help=True)
app.add_typer(holds_app, name="holds", invoke_without_command=True)
app.add_typer(targets_app, name="targets")
app.add_typer(failures_app, name="failures", invoke_without_command=True)

ByOption = Annotated[str | None, typer.Option(help="In whose name (default: the user of this machine).")]
SeenOption = Annotated[
    str, typer.Option(help="Only if it is still what `holds show` showed: the version that stands there.")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Only for this person or group of it, by id, name, ...; can be repeated. The others stay."
    ),
]
TargetArgument = Annotated[str, typer.Argument(help="The target's name.")]


@holds_app.callback(invoke_without_command=True)
def holds(context: typer.Context, config: ConfigOption = None, json: JsonOption = False) -> int | None:
    """What waits for a person."""
    return None if context.invoked_subcommand else holds_list(config, json)


@holds_app.command("list")
def holds_list(config: ConfigOption = None, json: JsonOption = False) -> int:
    """Show all holds."""

    async def work(bridge: Bridge) -> int:
        found = await bridge.backend.holds.all()
        if json:
            print_json([holding.as_json(hold, bridge.values.zone) for hold in found])
        else:
            decisions_view.show_holds(out, found)
        return 0

    return visit(config, work)


@holds_app.command("show")
def holds_show(
    id: Annotated[str, typer.Argument()],  # noqa: A002 - it is shown as ID
    names: NamesOption = None,
    config: ConfigOption = None,
) -> int:
    """Show what one hold would do, record by record."""

    async def work(bridge: Bridge) -> int:
        hold = await holding.find(bridge, id)
        called = await names_of(bridge, hold.keys) if may_name(names) else {}
        decisions_view.show_hold(out, hold, called, bridge.values.zone)
        return 0

    return visit(config, work)


@holds_app.command("approve")
def holds_approve(
    id: Annotated[str, typer.Argument()],  # noqa: A002 - it is shown as ID
    only: OnlyOption = None,
    by: ByOption = None,
    seen: SeenOption = "",
    config: ConfigOption = None,
) -> int:
    """Let just these changes go."""
    return visit(config, lambda bridge: _decide(bridge, id, only, by, seen, approve=True))


@holds_app.command("reject")
def holds_reject(
    id: Annotated[str, typer.Argument()],  # noqa: A002 - it is shown as ID
    only: OnlyOption = None,
    by: ByOption = None,
    config: ConfigOption = None,
) -> int:
    """Keep holding until the cause has gone, without further alerts."""
    return visit(config, lambda bridge: _decide(bridge, id, only, by, approve=False))


async def _decide(
    bridge: Bridge, id_: str, only: list[str] | None, by: str | None, seen: str = "", *, approve: bool
) -> int:
    chosen = await holding.picked(bridge, id_, only) if only else None
    hold = await holding.decide(bridge, id_, approve=approve, by=by, seen=seen, only=chosen)
    what = "approved: it is done with the next poll or sync" if approve else "rejected: nothing is done"
    which = f", {counted(len(hold.choosable), 'record')} of it," if chosen else ""
    out.print(f"{id_ if chosen else hold.id}{which} {what}")
    return 0


@failures_app.callback(invoke_without_command=True)
def failures(
    context: typer.Context, names: NamesOption = None, config: ConfigOption = None, json: JsonOption = False
) -> int | None:
    """Records that a target will not take."""
    return None if context.invoked_subcommand else failures_list(names, config, json)


@failures_app.command("list")
def failures_list(names: NamesOption = None, config: ConfigOption = None, json: JsonOption = False) -> int:
    """Show all records that have failed or are tried again."""

    async def work(bridge: Bridge) -> int:
        found = await failing.failures(bridge)
        if may_name(names, json=json):
            found = await with_names(bridge, found)
        print_json(found) if json else decisions_view.show_failures(out, found)
        return 0

    return visit(config, work)


@failures_app.command("show")
def failures_show(
    record: PersonArgument,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Only at this target.")] = None,
    names: NamesOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Show what one record waits for, and what happened to it."""

    async def work(bridge: Bridge) -> int:
        found, events = await failing.show(bridge, target, record)
        if may_name(names, json=json):
            found = await with_names(bridge, found)
        if json:
            print_json({"failures": found, "events": events})
        else:
            decisions_view.show_failure(out, found, events)
        return 0

    return visit(config, work)


@failures_app.command("retry")
def failures_retry(
    record: Annotated[str | None, typer.Argument(help="Only this one: an id, a name, ...")] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Only at this target.")] = None,
    config: ConfigOption = None,
) -> int:
    """Try failed records again now."""

    async def work(bridge: Bridge) -> int:
        number = await failing.retry(bridge, target, record)
        records = counted(number, "record is", "records are")
        out.print(f"{records} tried again by the workers, or by the next sync")
        return 0

    return visit(config, work)


@failures_app.command("discard")
def failures_discard(target: TargetArgument, record: PersonArgument, config: ConfigOption = None) -> int:
    """Leave a record alone until it or the configuration changes."""
    return visit(config, lambda bridge: _done(failing.discard(bridge, target, record)))


@failures_app.command("adopt")
def failures_adopt(
    target: TargetArgument,
    record: PersonArgument,
    account: Annotated[str, typer.Argument(help="The account's id at the target: one of the candidates.")],
    config: ConfigOption = None,
) -> int:
    """Say which account is a record's: one of several, an inactive one, or one of somebody who has left."""
    return visit(config, lambda bridge: _done(adopting.adopt(bridge, target, record, account)))


@targets_app.command("pause")
def targets_pause(
    target: TargetArgument,
    until: Annotated[
        str | None, typer.Option(help="When it goes on by itself: 18:30, or 2030-01-31T18:30.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at status.")] = "",
    config: ConfigOption = None,
) -> int:
    """Send nothing to a target for a while, such as during its maintenance: everything for it waits."""

    async def work(bridge: Bridge) -> int:
        end = moment(until, bridge.values.zone, datetime.now(UTC)) if until else None
        await pause(bridge, target, end, reason)
        when = f"at {told(end)}" if end else f"with: {command('targets resume', target)}"
        said = f"nothing is sent to {target} from now on; it goes on {when}"
        out.print(said, highlight=False, soft_wrap=True)
        return 0

    return visit(config, work)


@targets_app.command("resume")
def targets_resume(target: TargetArgument, config: ConfigOption = None) -> int:
    """Let a target go on that somebody paused, that asked for time, did not answer, or refused us."""

    async def work(bridge: Bridge) -> int:
        was_paused = await greeting.resume(bridge, target)
        out.print("it goes on; the workers, or the next sync, deliver" if was_paused else "it is not paused")
        return 0

    return visit(config, work)


async def _done(work: Awaitable[None]) -> int:
    await work
    out.print("done; the workers, or the next sync, take it from here")
    return 0
