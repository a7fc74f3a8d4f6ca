"""The README's table names every command, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from service.cli import dispatch
from service.cli.app import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    """The commands that there are == those of the table under "Commands"."""
    assert dispatch.__all__
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    section = README.partition("## Commands")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    assert {name.strip("`") for row in rows for name in row.split(", ")} == set(commands)
