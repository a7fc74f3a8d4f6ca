"""The command line: each command reads its options, calls one function and shows the result."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from redis.exceptions import RedisError
from rich.console import Console

from bridge import logs
from bridge.configuration import load_settings
from bridge.errors import BridgeError, SnapshotHeld
from bridge.settings import Values
from service.cli import sync as syncing
from service.cli import views
from service.cli.assembly import opened
from service.cli.check import check as check_everything
from service.cli.running import run_until_stopped, stop_event
from service.cli.status import status as read_status

app = typer.Typer(
    name="kenjo-bridge",
    help="Keeps the people and teams in other HR and IT tools equal to a Kenjo account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file (default: $KENJO_BRIDGE_CONFIG, then ./bridge.yaml)."
    ),
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", "-t", help="Only this target; may be given several times.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def main() -> None:
    """Run a command; what went wrong is one sentence on standard error and an exit code."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        if message := error.format_message():  # none when the help was what was asked for
            _say(f"{message} (kenjo-bridge --help tells more)")
        code = syncing.PROBLEM
    except SnapshotHeld as error:
        _say(f"held: {error}; nothing was changed anywhere")
        code = syncing.HELD
    except BridgeError as error:
        _say(str(error))
        code = syncing.PROBLEM
    except (RedisError, BrokenPipeError) as error:
        _say(
            f"Redis stopped answering ({type(error).__name__}); nothing is lost, run it again when it is back"
        )
        code = syncing.PROBLEM
    sys.exit(code or 0)


def _say(message: str) -> None:
    err.print(f"kenjo-bridge: {message}", style="red", markup=False, highlight=False, soft_wrap=True)


def _settings(config: Path | None) -> Values:
    values = load_settings(config)
    logs.configure(values.log)
    return values


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _print_json(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@app.command()
def run(config: ConfigOption = None) -> int:
    """Watch Kenjo and deliver, in one process, until stopped."""
    return _run(_until_stopped(_settings(config), polls=True, works=True))


@app.command()
def serve(config: ConfigOption = None) -> int:
    """Watch Kenjo only; workers deliver (`kenjo-bridge work`)."""
    return _run(_until_stopped(_settings(config), polls=True, works=False))


@app.command()
def work(config: ConfigOption = None, target: TargetOption = None) -> int:
    """Deliver only, to all targets or to some; a service watches Kenjo (`kenjo-bridge serve`)."""
    return _run(_until_stopped(_settings(config), polls=False, works=True, only=target or ()))


@app.command()
def sync(
    config: ConfigOption = None,
    target: TargetOption = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for a target when nothing moves any more.")
    ] = 30.0,
    json: JsonOption = False,
) -> int:
    """Poll once, deliver everything, and end.

    Exit codes: 0 everything delivered, 1 some records failed, 2 held because it looks wrong, 3 configuration,
    Kenjo, Redis or a target's credentials are the problem.
    """
    return _run(_sync(_settings(config), target or [], patience, json))


@app.command()
def status(config: ConfigOption = None, json: JsonOption = False) -> int:
    """Show how old the last snapshot is and where each target stands."""
    return _run(_status(_settings(config), json))


@app.command()
def check(config: ConfigOption = None, target: TargetOption = None, json: JsonOption = False) -> int:
    """Try the configuration, Redis, Kenjo and every target without writing anything."""
    return _run(_check(_settings(config), target or [], json))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8090,
    people: Annotated[int, typer.Option(help="How many people to make up.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed makes up the same people.")] = 1,
) -> int:
    """Start a Kenjo to try things against, until stopped."""
    from service.cli.sandboxing import run_sandbox

    return _run(run_sandbox(port, people, seed, out))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the last arrival.")] = False,
    people: Annotated[int, typer.Option(help="How many people to make up.")] = 200,
) -> int:
    """Show the whole job: a made-up Kenjo, a SCIM directory, and changes arriving there."""
    from service.cli.demo import run_demo

    return _run(run_demo(out, once=once, people=people))


async def _until_stopped(values: Values, *, polls: bool, works: bool, only: Any = ()) -> int:
    await run_until_stopped(values, polls=polls, works=works, only=only)
    return 0


async def _sync(values: Values, only: list[str], patience: float, json: bool) -> int:
    stop = stop_event()
    async with opened(values) as bridge:
        with views.progress(err, quiet=json or not err.is_terminal) as show:
            result = await syncing.sync(bridge, only=only, patience=patience, show=show, stop=stop)
    if json:
        _print_json(views.sync_json(result))
    else:
        views.show_sync(out, result)
    return result.exit_code


async def _status(values: Values, json: bool) -> int:
    async with opened(values, join=True) as bridge:
        found = await read_status(bridge)
    if json:
        _print_json(found)
    else:
        views.show_status(out, found)
    return 0


async def _check(values: Values, only: list[str], json: bool) -> int:
    async with opened(values, join=True) as bridge:
        findings = await check_everything(bridge, only)
    if json:
        _print_json([finding.as_json() for finding in findings])
    else:
        views.show_check(out, findings)
    return syncing.PROBLEM if any(finding.problems for finding in findings) else 0


if __name__ == "__main__":
    main()
