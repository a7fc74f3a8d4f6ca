"""The command for those who write a kind of target: new-target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.app import app, print_lines
from service.operations.new_target import new_target as write_new_target


@app.command("new-target")
def new_target(
    name: Annotated[str, typer.Argument(help="The kind: what will stand behind `kind:`.")],
    folder: Annotated[
        Path, typer.Option("--in", help="The folder in which kenjo-NAME is made.", show_default="this one")
    ] = Path(),
) -> int:
    """Write a package for a kind of target of your own, whose tests pass."""
    made = write_new_target(name, folder)
    print_lines(
        f"{made} is written: a target that works, on a folder of files. Go on there:\n"
        "\n"
        "  python -m pip install --editable . pytest pytest-asyncio\n"
        "  python -m pytest\n"
        f"  kenjo-bridge mapping {name}\n"
        "\n"
        "server.py is where your tool's API goes; CONTRIBUTING.md of kenjo-bridge tells the way.\n"
    )
    return 0
