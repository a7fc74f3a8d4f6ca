"""What all commands share: the application, common options, reading settings, running, printing."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import company_option, stopping
from service.cli.terminal import Terminal, print_json, print_json_lines, print_lines

# What else is imported here is imported where it is used: `--help` and `--version` need none of it.
if TYPE_CHECKING:
    import asyncio

    from bridge.config.settings import BridgeSettings

__all__ = [
    "ConfigOption",
    "JsonOption",
    "NamesOption",
    "PersonArgument",
    "TargetOption",
    "app",
    "err",
    "may_name",
    "names_several",
    "out",
    "print_json",
    "print_json_lines",
    "print_lines",
    "read",
    "settings",
    "start",
    "stop_event",
    "version",
]

app = typer.Typer(
    name="kenjo-bridge",
    help="Keeps the people and teams in other HR and IT tools equal to a Kenjo account.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
out = Terminal()
err = Terminal(stderr=True)


def may_name(asked: bool | None, *, json: bool = False) -> bool:
    """Whether people's names are shown: where somebody asked, or looks at a terminal."""
    return out.is_terminal and not json if asked is None else asked


def version() -> str:
    """The version of the installed package."""
    from bridge.version import installed

    return installed() or "of a folder that was not installed"


def _show_version(asked: bool) -> None:
    if asked:
        out.print(f"kenjo-bridge {version()}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            help="Show the version.",
            callback=lambda asked: _show_version(asked=asked),
        ),
    ] = False,
) -> None:
    pass


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Configuration file, or folder with a file per company (default: $KENJO_BRIDGE_CONFIG, then"
        " ./bridge.yaml).",
    ),
]
PersonArgument = Annotated[
    str,
    typer.Argument(
        help="Who: Kenjo id, name, e-mail address, external id or employee number; a group's id or name."
    ),
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", "-t", help="Only this target; may be given several times.")
]
NamesOption = Annotated[
    bool | None,
    typer.Option("--names/--no-names", help="Show people's names (default: on a terminal, without --json)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def read(config: Path | None) -> BridgeSettings:
    """The settings, and logging as they want it. Raises ConfigurationError, also where there are none."""
    from bridge import logs
    from bridge.config.configuration import find_file
    from bridge.errors import ConfigurationError

    values = settings(config)
    if not values.targets and find_file(config)[0] is None:
        raise ConfigurationError(_NO_FILE)
    logs.configure(values.log, values.company)
    return values


def settings(config: Path | None) -> BridgeSettings:
    """The settings, of the company that was chosen if one was. Raises ConfigurationError."""
    from bridge.config.companies import load_company
    from bridge.config.configuration import load_settings

    company = company_option.chosen()
    return load_settings(config) if company is None else load_company(company, config)


def names_several(config: Path | None) -> bool:
    """Whether the settings are of several companies, none of which was chosen. Raises ConfigurationError."""
    from bridge.config.companies import are_several

    return company_option.chosen() is None and are_several(config)


_NO_FILE = (
    "there is no configuration: no bridge.yaml in this folder, and no target in environment variables;"
    " kenjo-bridge init writes a first one, and --config names one that is elsewhere"
)


COLLECT_AFTER = (50_000, 20, 20)
"""New objects between two collections of cycles, and collections between two of older objects.

A poll and a first load make millions that go without one: with Python's 700 they would spend a tenth to a
fifth of their time on looking for cycles.
"""


def start(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, on uvloop where there is one. Raises Ended when a signal has ended it before."""
    import asyncio
    import gc

    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(_until_signalled(work))


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        import asyncio

        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def stop_event() -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set from now on, for work that ends in order; else they cancel it."""
    import asyncio

    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    stopping.now_first(lambda: loop.call_soon_threadsafe(event.set))
    return event


async def _until_signalled(work: Coroutine[Any, Any, int]) -> int:
    """The first signal cancels the work, so that everything it has opened is closed."""
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    with stopping.first(lambda: loop.call_soon_threadsafe(task.cancel)):
        if stopping.heard():
            task.cancel()
        try:
            return await task
        except BaseException:
            if stopping.heard():  # also what the cancellation has led to
                raise stopping.Ended from None
            raise
