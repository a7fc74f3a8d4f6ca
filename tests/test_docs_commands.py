"""The README's table names every command, and no other."""

from __future__ import annotations

import os
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
    assert first == listing.COMMANDS


def test_every_command_stands_under_a_heading() -> None:
    """The commands by heading == all of them, each once."""
    names = [name for names in listing.GROUPS.values() for name in names]
    assert sorted(names) == sorted(listing.COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], []])
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
    assert (done.returncode, words in done.stdout) == (0, True)
    if arguments != ["--version"]:
        places = [done.stdout.index(f" {heading} ") for heading in listing.GROUPS]
        assert places == sorted(places)
    heavy = {"aiohttp", "arq", "asyncio", "cel", "orjson", "pydantic", "redis", "ssl", "structlog", "yaml"}
    assert not heavy & set(literal_eval(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["check", "-h"], ["holds", "show", "-h"], ["targets"]])
def test_every_command_has_help(arguments: list[str]) -> None:
    """`-h` anywhere, and a command that is only a name for others == its help, and exit 0."""
    done = _started(arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: kenjo-bridge {arguments[0]}" in done.stdout


@pytest.mark.parametrize(
    ("line", "found"), [("kenjo-bridge ch", "check"), ("kenjo-bridge check --rec", "--record-of-processing")]
)
def test_a_shell_completes(line: str, found: str) -> None:
    """A line that a shell asks to complete == the commands, and the options of one."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = _started([], _KENJO_BRIDGE_COMPLETE="complete_bash", **words)
    assert (done.returncode, done.stdout.split()) == (0, [found])


def _started(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.argv[0] = 'kenjo-bridge'\nfrom service.cli.main import main\nmain()"
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip
