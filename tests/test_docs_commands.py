"""The README's table names every command, and no other."""

from __future__ import annotations

import re
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import pytest
import typer.main

from service.cli import listing, registered
from service.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    """The commands that there are == those of the table under "Commands"."""
    assert registered.__all__
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    section = README.partition("## Commands")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    assert {name.strip("`") for row in rows for name in row.split(", ")} == set(commands)


def test_the_list_says_what_the_commands_say() -> None:
    """What `--help` lists without importing anything == the names and first sentences of the commands."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    first = {name: command.help.partition("\n\n")[0].replace("\n", " ") for name, command in commands.items()}
    assert list(first.items()) == list(listing.COMMANDS.items())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_the_list_needs_next_to_nothing(arguments: list[str]) -> None:
    """`--help`, `--version` and no argument at all == an answer, and nothing heavy is imported."""
    program = (
        "import sys; sys.argv[0] = 'kenjo-bridge'\n"
        "from service.cli.main import main\n"
        "try: main()\n"
        "finally: print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    words = "kenjo-bridge " if arguments == ["--version"] else "failures"
    assert words in done.stdout
    heavy = {"aiohttp", "arq", "cel", "pydantic", "redis", "structlog", "yaml"}
    assert not heavy & set(literal_eval(done.stderr.splitlines()[-1]))
