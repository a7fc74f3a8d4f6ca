"""The commands of an operator who looks after a bridge: status, check, mapping, preset, audit, rekey."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.config.notice_settings import NoticeSettings
from bridge.errors import ConfigurationError
from bridge.printable import counted
from bridge.store.audit import operator
from service.cli import views
from service.cli.app import (
    ConfigOption,
    JsonOption,
    NamesOption,
    TargetOption,
    app,
    err,
    may_name,
    names_several,
    out,
    print_json,
    print_json_lines,
    print_lines,
    read,
    start,
)
from service.cli.companies_view import check_all, status_of_all
from service.cli.decisions_view import show_audit
from service.cli.people_view import show_people
from service.cli.visiting import visit
from service.operations.assembly import Bridge
from service.operations.auditing import Search
from service.operations.auditing import audit as search_audit
from service.operations.check import check as check_everything
from service.operations.finding import with_names
from service.operations.flows import record_of_processing
from service.operations.mapping import default_mapping
from service.operations.notices import Send, send_one, sender
from service.operations.people import people as everybody
from service.operations.presets import list_of_presets, one_preset
from service.operations.standing import Standing
from service.operations.status import status as read_status
from service.operations.sync import PROBLEM
from service.operations.whose import moved as believe_moved
from workers.connect import routes


@app.command()
def status(config: ConfigOption = None, json: JsonOption = False) -> int:
    """Show how old the last snapshot is and where each target stands."""
    if names_several(config):
        return start(status_of_all(config, json=json))

    async def work(bridge: Bridge) -> int:
        found = await read_status(bridge)
        print_json(found) if json else views.show_status(out, found)
        return 0

    return visit(config, work)


@app.command()
def people(
    config: ConfigOption = None,
    target: TargetOption = None,
    standing: Annotated[
        list[Standing] | None,
        typer.Option("--standing", help="Only those who stand so; may be given several times."),
    ] = None,
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Only those whom a target is not to have.")
    ] = False,
    names: NamesOption = None,
    json: JsonOption = False,
) -> int:
    """Show where everybody stands at each target: in step, waiting, held, failing or left out."""
    asked = [*(standing or ()), *([Standing.LEFT_OUT] if left_out else ())]

    async def work(bridge: Bridge) -> int:
        named = may_name(names, json=json)
        found = await everybody(bridge, target or [], asked, names=named)
        print_json(found) if json else show_people(out, found)
        return 0

    return visit(config, work)


@app.command()
def check(
    config: ConfigOption = None,
    target: TargetOption = None,
    json: JsonOption = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record-of-processing",
            help="Only print, in Markdown, which personal fields go where (GDPR, article 30).",
        ),
    ] = False,
) -> int:
    """Try the configuration, Redis, Kenjo and every target without writing anything."""
    if names_several(config) and not (record or target):
        return start(check_all(config, json=json))
    if record:
        print_lines(record_of_processing(routes(read(config))))
        return 0

    async def work(bridge: Bridge) -> int:
        findings = await check_everything(bridge, target or [])
        if json:
            print_json([finding.as_json() for finding in findings])
        else:
            views.show_check(out, findings)
        return PROBLEM if any(finding.problems for finding in findings) else 0

    return visit(config, work)


@app.command()
def mapping(kind: Annotated[str, typer.Argument(help="The kind of target.")] = "scim") -> int:
    """Print the default mapping of a kind of target, to copy from."""
    print_lines(default_mapping(kind))
    return 0


@app.command()
def preset(
    name: Annotated[str | None, typer.Argument(help="A product, as `preset` alone lists them.")] = None,
) -> int:
    """Print what vendors document of their SCIM servers, and what `preset` sets for it."""
    print_lines(list_of_presets() if name is None else one_preset(name))
    return 0


@app.command()
def audit(
    person: Annotated[
        list[str] | None, typer.Argument(help="Only of these people or groups: ids, names, addresses, ...")
    ] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Only at this target.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only events such as created; may be given several times."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From 2d (30m, 12h, 1w) ago on, or from 2026-11-01 or 2026-11-01T18:30."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until then, written likewise; a day is included.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many events, the newest ones.")] = 50,
    names: NamesOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Show who did what when: changes seen, deliveries, holds, decisions. The newest stands last."""
    search = Search(person or (), target, kind or (), since, until)

    async def work(bridge: Bridge) -> int:
        events, more = await search_audit(bridge, search, count, datetime.now(UTC))
        if may_name(names, json=json):
            events = await with_names(bridge, events)
        print_json_lines(events) if json else show_audit(out, events)
        if more:
            (err if json else out).print(f"{_MORE} --count {2 * count} shows more of them", soft_wrap=True)
        return 0

    return visit(config, work)


_MORE = "There are older ones: --since and --until choose a time,"


@app.command()
def moved(
    name: Annotated[str, typer.Argument(help="A target, or 'kenjo'.")], config: ConfigOption = None
) -> int:
    """Say that the same target, or the same Kenjo account, is now at the address in the configuration."""

    async def work(bridge: Bridge) -> int:
        await believe_moved(bridge.backend, bridge.values, bridge.routes, name)
        await bridge.backend.audit.note("moved", time.time(), of=name, by=operator())
        out.print(f"{name} is at its configured address from now on", highlight=False)
        return 0

    return visit(config, work, moving=True)


@app.command()
def rekey(config: ConfigOption = None) -> int:
    """Seal everything in Redis with the current encryption key, after the key was changed.

    Nothing else believes values that are not sealed once there is a key: run it when a key is new here.
    """

    async def work(bridge: Bridge) -> int:
        done = await bridge.backend.rekey()
        be = "was" if done.plain == 1 else "were"
        readable = f"; {done.plain} of them {be} readable before, and {be} believed" if done.plain else ""
        out.print(
            f"{counted(done.sealed, 'value was', 'values were')} sealed with the current key{readable}",
            highlight=False,
            soft_wrap=True,
        )
        return 0

    return visit(config, work, plain=True, moving=True)


@app.command()
def notices(
    test: Annotated[bool, typer.Option("--test", help="Send one now, to everybody in notices.to.")] = False,
    config: ConfigOption = None,
) -> int:
    """Say who is told of what needs a person, and send a test notice."""
    settings = read(config).notices
    if not settings.to:
        raise ConfigurationError("notices.to names nobody: see docs/operations.md, Notices")
    send = sender(settings)
    if test:
        start(_sent(settings, send))
    quiet = f", not between {settings.quiet}" if settings.quiet else ""
    out.print(f"{'sent to' if test else 'told are'}: {len(settings.to)} addresses{quiet}")
    return 0


async def _sent(settings: NoticeSettings, send: Send) -> int:
    await send_one(settings, send)
    return 0
