"""Commands in a folder without a configuration: each says so, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.launcher import Launched
from tests.world import ROOT

COMMANDS = (
    "status",
    "holds",
    "failures",
    "audit",
    "plan",
    "sync",
    "check",
    "explain x",
    "forget x",
    "targets resume x",
    "rekey",
    "serve",
    "work",
    "run",
)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_says_that_there_is_no_configuration(command: str, tmp_path: Path) -> None:
    """In an empty folder == exit 3, a sentence that names `init` and `--config`, and no data folder."""
    out, err, code = await _run(tmp_path, *command.split())
    assert (code, out) == (3, "")
    assert "kenjo-bridge init" in err
    assert "--config" in err
    assert _files(tmp_path) == []


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
