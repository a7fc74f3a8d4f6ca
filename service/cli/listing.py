"""The commands as `kenjo-bridge --help` lists them, known without importing what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from service.cli.app import app
from service.cli.company_option import asked

COMMANDS = {
    "init": "Write a first bridge.yaml from these options or from answers to questions, and try it.",
    "run": "Watch Kenjo and deliver, in one process, until stopped.",
    "serve": "Watch Kenjo only; workers deliver (`kenjo-bridge work`).",
    "work": "Deliver only, to all targets or to some; a service watches Kenjo (`kenjo-bridge serve`).",
    "sync": "Poll once, deliver everything, and end.",
    "sandbox": "Start a Kenjo to try things against, until stopped.",
    "demo": "Show the whole job: a made-up Kenjo, a SCIM directory, and changes arriving there.",
    "new-target": "Write a package for a kind of target of your own, whose tests pass.",
    "forget": "Erase everything that the bridge stores about somebody, and never read it in again.",
    "plan": "Show what a sync would do, and write nothing anywhere.",
    "explain": "Explain everything about one person: what Kenjo says, what each target has, what comes next"
    " and why.",
    "try": "Show what an expression gives for one person before it is saved, beside the present one.",
    "status": "Show how old the last snapshot is and where each target stands.",
    "people": "Show where everybody stands at each target: in step, waiting, held, failing or left out.",
    "check": "Try the configuration, Redis, Kenjo and every target without writing anything.",
    "mapping": "Print the default mapping of a kind of target, to copy from.",
    "preset": "Print what vendors document of their SCIM servers, and what `preset` sets for it.",
    "audit": "Show who did what when: changes seen, deliveries, holds, decisions. The newest stands last.",
    "moved": "Say that the same target, or the same Kenjo account, is now at the address in the"
    " configuration.",
    "rekey": "Seal everything in Redis with the current encryption key, after the key was changed.",
    "notices": "Say who is told of what needs a person, and send a test notice.",
    "holds": "What waits for a person: list, show, approve, reject.",
    "runs": "What was done at the targets, run by run: list, show, undo, redo.",
    "targets": "The targets: pause one, let it go on.",
    "failures": "Records that a target will not take: list, show, retry, discard, adopt.",
    "profile": "Profiles of HTTP APIs (kind: rest): check, new.",
    "web": "What people and programs sign in with at the pages and the API: password, token.",
}


GROUPS = {
    "Begin": ("init", "check", "sandbox", "demo"),
    "Run": ("run", "serve", "work", "sync"),
    "Look": ("status", "people", "plan", "explain", "audit"),
    "Decide": ("holds", "failures", "runs", "targets"),
    "Write mappings and targets": ("mapping", "try", "preset", "profile", "new-target"),
    "Less often": ("web", "notices", "moved", "rekey", "forget"),
}
"""Under which heading each command stands."""


class _InOrder(TyperGroup):
    """Lists the commands as they stand under their headings."""

    def list_commands(self, _context: Any) -> list[str]:
        return [name for names in GROUPS.values() for name in names]


def is_enough(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether no command is named: then only the list, or the version, is asked for.

    A shell that completes a line asks for options, too, and says so in a variable.
    """
    asks = any(name.endswith("_COMPLETE") and "KENJO_BRIDGE" in name for name in environ)
    return not asks and all(argument.startswith("-") for argument in arguments)


def register() -> None:
    """Let `app` know the commands by name."""
    for name, line in COMMANDS.items():
        app.command(name, help=line)(_nothing)
    arrange()


def arrange() -> None:
    """Put the commands that `app` knows under their headings, in this order; they may ask for a company."""
    app.info.cls = _InOrder
    heading = {name: group for group, names in GROUPS.items() for name in names}
    for command in app.registered_commands:
        command.rich_help_panel = heading[str(command.name or getattr(command.callback, "__name__", ""))]
    for several in app.registered_groups:
        several.rich_help_panel = heading[str(several.name)]
    _ask_for_a_company(app)


def _ask_for_a_company(commands: typer.Typer) -> None:
    """Let every command that reads settings take `--company`."""
    for command in commands.registered_commands:
        command.callback = command.callback and asked(command.callback)
    for several in commands.registered_groups:
        if group := several.typer_instance:
            if group.registered_callback and group.registered_callback.callback:
                group.registered_callback.callback = asked(group.registered_callback.callback)
            _ask_for_a_company(group)


def _nothing() -> None:
    """Never runs: no command was named."""
