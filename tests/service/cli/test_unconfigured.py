"""Commands in a folder without a configuration: each says so, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from service.cli import listing, registered  # noqa: F401 - importing the commands registers them
from service.cli.app import app
from tests.launcher import Launched
from tests.world import ROOT

NEED_NONE = (
    *("init", "sandbox", "demo", "new-target", "mapping", "preset", "profile check", "profile new"),
    *("web password", "web token"),
)
"""Commands that are for before there is a configuration, or have nothing to do with one."""


def _commands(command: Any, *path: str) -> Iterator[str]:
    """Every command there is, with an `x` for each argument that it needs."""
    if found := getattr(command, "commands", None):
        for name, one in found.items():
            yield from _commands(one, *path, name)
    elif " ".join(path) not in NEED_NONE:
        yield " ".join((*path, *("x" for one in command.params if one.required)))


COMMANDS = tuple(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_says_that_there_is_no_configuration(command: str, tmp_path: Path) -> None:
    """In an empty folder == exit 3, a sentence that names `init` and `--config`, and no data folder."""
    out, err, code = await _run(tmp_path, *command.split())
    assert (code, out) == (3, "")
    assert "kenjo-bridge init" in err
    assert "--config" in err
    assert _files(tmp_path) == []


def test_every_command_is_looked_at() -> None:
    """The commands that need a configuration, and those that need none == all that help lists."""
    looked_at = {command.split()[0] for command in (*COMMANDS, *NEED_NONE)}
    assert looked_at == set(listing.COMMANDS)


async def test_a_file_without_targets_is_another_matter(tmp_path: Path) -> None:
    """A bridge.yaml in which no target stands == the sentence of `check` says where to add one."""
    (tmp_path / "bridge.yaml").write_text("timezone: Europe/Madrid\n")
    _, err, code = await _run(tmp_path, "check")
    assert (code, "add one under 'targets' in bridge.yaml" in err) == (3, True)
    assert (await _run(tmp_path, "status"))[2] == 0


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def _run(folder: Path, *arguments: str) -> tuple[str, str, int]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("KENJO_BRIDGE")}
    process = await Launched.start(arguments, folder, {**environment, "PYTHONPATH": str(ROOT)})
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return out.decode(), err.decode(), process.returncode or 0
