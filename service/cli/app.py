"""What all commands share: the application, common options, reading settings, running, printing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from bridge import logs
from bridge.configuration import load_settings
from bridge.settings import Values

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


def read(config: Path | None) -> Values:
    """The settings, and logging as they want it."""
    values = load_settings(config)
    logs.configure(values.log)
    return values


def start(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def print_json(value: Any) -> None:
    """Machine-readable output."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
