"""`kenjo-bridge init`: a first configuration that works."""

from __future__ import annotations

import asyncio
import os
import pty
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bridge.config.configuration import load_settings
from bridge.errors import ConfigurationError
from service.operations.initialising import Answers, text_of, write
from tests.world import World, world

PLAIN = Answers("sandbox", "", "key", "directory", "scim", "https://example.com/scim/v2", "token", "")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as ready:
        yield ready


def options(here: World, **changes: str) -> list[str]:
    """The flags for this world; secrets on the command line only because this is a test."""
    target = here.config["targets"]["directory"]
    flags = {
        "environment": "sandbox",
        "base-url": here.sandbox.url,
        "api-key": here.sandbox.api_key,
        "target-url": target["base_url"],
        "token": target["token"],
        "scope": "",
        "config": "made.yaml",
        **changes,
    }
    return [part for name, value in flags.items() for part in (f"--{name}", value)]


async def test_the_result_passes_check(here: World) -> None:
    """`init` with flags, then `check` == exit 0; the file is the owner's alone and holds comments."""
    done = await here.run("init", *options(here))
    assert done.code == 0, done.err
    file = here.folder / "made.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "# Made in Kenjo under" in file.read_text()
    checked = await here.run("check", "--config", "made.yaml")
    assert checked.code == 0, checked.out


async def test_secrets_may_stay_in_the_environment(here: World) -> None:
    """No key and no token given == neither in the file, and `check` passes with both in the environment."""
    await here.run("init", *options(here, **{"api-key": "", "token": ""}))
    text = (here.folder / "made.yaml").read_text()
    token = here.config["targets"]["directory"]["token"]
    assert here.sandbox.api_key not in text
    assert token not in text
    secrets = {
        "KENJO_BRIDGE_KENJO__API_KEY": here.sandbox.api_key,
        "KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": token,
    }
    assert (await here.run("check", "--config", "made.yaml", **secrets)).code == 0


async def test_nobody_is_asked_where_nobody_sits(here: World) -> None:
    """A few options and no terminal == the rest is as usual, no question, exit 0."""
    done = await here.run("init", "--base-url", here.sandbox.url, "--config", "made.yaml")
    assert (done.code, done.err) == (0, "")
    values = load_settings(here.folder / "made.yaml")
    assert values.kenjo.url == here.sandbox.url
    assert [target.kind for target in values.targets.values()] == ["scim"]


async def test_who_sits_there_is_asked(tmp_path: Path) -> None:
    """On a terminal == the answers to what no option tells stand in the file."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "service.cli.main", "init", "--api-key", "key", "--token", "token"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    os.write(ours, b"production\nhttps://example.org/scim\n\n")
    assert await asyncio.wait_for(process.wait(), 30) == 0
    for end in (ours, theirs):
        os.close(end)
    written = yaml.safe_load((tmp_path / "bridge.yaml").read_text())
    assert written["kenjo"]["environment"] == "production"
    assert written["targets"]["directory"]["base_url"] == "https://example.org/scim"


async def test_a_file_that_is_there_is_kept(here: World) -> None:
    """A file that is there == exit 3 and its old content; with `--force` a new one."""
    file = here.folder / "made.yaml"
    file.write_text("targets: {}\n")
    done = await here.run("init", *options(here))
    assert (done.code, file.read_text()) == (3, "targets: {}\n")
    assert "--force" in done.err
    assert (await here.run("init", *options(here), "--force")).code == 0
    assert "kenjo:" in file.read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": "a:#b", "scope": 'person.work.department == "Süd: #1"'},
        {"api_key": "0123", "token": "1e5"},
        {"api_key": "true", "scope": "person.account.isActive"},
        {"base_url": "https://kenjo.example.com/api/v1", "token": "x'y\"z"},
    ],
)
def test_values_survive(tmp_path: Path, changes: dict[str, str]) -> None:
    """Values that YAML could misread == themselves when the file is read again."""
    answers = Answers(**{**{name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}, **changes})
    file = tmp_path / "bridge.yaml"
    write(answers, file, force=False, environ={})
    values = load_settings(file, {})
    read = values.targets["directory"]
    assert values.kenjo.api_key
    assert values.kenjo.api_key.get_secret_value() == answers.api_key
    assert values.kenjo.base_url == (answers.base_url or None)
    assert (getattr(read, "token", None), read.scope) == (answers.token, answers.scope or None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scope": "person.work."}, "scope is not a CEL expression"),
        ({"kind": "skim"}, "there is no target kind 'skim'"),
        ({"environment": "moon"}, "kenjo.environment"),
        ({"target_url": "example.com"}, "must start with https://"),
        ({"target": "Big Directory"}, "Big Directory"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    """A wrong answer == one sentence, and no file, not even a draft."""
    answers = Answers(**{**{name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}, **changes})
    with pytest.raises(ConfigurationError, match=says.replace(".", r"\.")):
        write(answers, tmp_path / "bridge.yaml", force=False, environ={})
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_plain_yaml() -> None:
    """The text == YAML with the settings that were asked for, and a comment for each that was not."""
    found = yaml.safe_load(text_of(PLAIN))
    assert found["kenjo"] == {"environment": "sandbox", "api_key": "key", "poll_interval": 60}
    assert found["targets"]["directory"]["mode"] == "sync"
    assert "# redis:" in text_of(PLAIN)
