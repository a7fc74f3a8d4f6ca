"""`kenjo-bridge init`: a first configuration that works."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config.configuration import load_settings
from bridge.errors import ConfigurationError
from service.operations.initialising import (
    Answers,
    Question,
    TargetAnswers,
    ask_for,
    settings_of,
    text_of,
    write,
)
from tests.workers.targets.installed import install
from tests.world import World, world
from workers.connect import routes

SCIM: dict[str, Any] = {"kind": "scim", "base_url": "https://example.com/scim/v2", "token": "token"}
VAULT = '''
from pathlib import Path
from typing import Any
from pydantic import Field
from bridge.config.section import LocalPath, Section
from bridge.config.settings import Secret, TargetSettings
from workers.targets.base import Adapter

class Server(Section):
    """Where it is."""
    host: str
    """The host."""
    port: int = 636
    """The port."""

class Settings(TargetSettings):
    """A vault."""
    asked = ("sealed",)
    folder: LocalPath
    """Where the
    boxes are."""
    place: Server
    """Its server."""
    combination: Secret
    """What opens it."""
    sealed: bool = True
    """Whether boxes are sealed."""
    shelves: int = Field(3, ge=1)
    """How many shelves."""

MAPPING = {"person": {"id": "person.id"}, "required": {}}
ADAPTER = Adapter(Settings, MAPPING, lambda settings, tools: None)
'''


def plain(target: Mapping[str, Any] = SCIM, **changes: Any) -> Answers:
    given = {"environment": "sandbox", "base_url": "", "api_key": "key", **changes}
    return Answers(target=TargetAnswers(given.pop("name", "directory"), target), **given)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as ready:
        yield ready


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with a kind `vault` in it."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    install(site, "vault", VAULT)
    return site


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


async def test_the_result_is_tried(here: World) -> None:
    """`init` with flags == what `check` shows, and exit 0; the file is the owner's alone, with comments."""
    done = await here.run("init", *options(here))
    assert done.code == 0, done.err
    assert "kenjo-bridge check" not in done.out
    assert "target directory │ ok" in done.out
    file = here.folder / "made.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "# Made in Kenjo under" in file.read_text()
    checked = await here.run("check", "--config", "made.yaml")
    assert checked.code == 0, checked.out


async def test_what_does_not_work_is_told(here: World) -> None:
    """A token that the target refuses == the file, what is wrong with it, and the exit code of `check`."""
    done = await here.run("init", *options(here, token="wrong"))
    assert done.code == 3
    assert "problem" in done.out
    assert (here.folder / "made.yaml").exists()
    untried = await here.run("init", *options(here, token="wrong"), "--force", "--no-check")
    assert (untried.code, "problem" in untried.out) == (0, False)


async def test_secrets_may_stay_in_the_environment(here: World) -> None:
    """No key and no token given == neither in the file, both named; with both as variables it is tried."""
    flags = options(here, **{"api-key": "", "token": ""})
    done = await here.run("init", *flags)
    text = (here.folder / "made.yaml").read_text()
    token = here.config["targets"]["directory"]["token"]
    assert here.sandbox.api_key not in text
    assert token not in text
    secrets = {
        "KENJO_BRIDGE_KENJO__API_KEY": here.sandbox.api_key,
        "KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": token,
    }
    assert f"Still to be set, there or as variables: {', '.join(secrets)}\n" in done.out
    tried = await here.run("init", *flags, "--force", **secrets)
    assert (tried.code, "│ ok" in tried.out) == (0, True)


async def test_nobody_is_asked_where_nobody_sits(here: World) -> None:
    """A few options and no terminal == the rest is as usual or left, no question, exit 0."""
    done = await here.run("init", "--base-url", here.sandbox.url, "--config", "made.yaml")
    assert (done.code, done.err) == (0, "")
    assert "KENJO_BRIDGE_TARGETS__DIRECTORY__BASE_URL" in done.out
    values = load_settings(here.folder / "made.yaml")
    assert values.kenjo.url == here.sandbox.url
    assert [target.kind for target in values.targets.values()] == ["scim"]


async def answered(folder: Path, answers: list[str], *arguments: str, site: str = "") -> tuple[int, str]:
    """Run init on a terminal, each question gets the next answer. Returns the exit code and the screen."""
    ours, theirs = pty.openpty()
    root = str(Path(__file__).parents[3])
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "service.cli.main", "init", "--no-check", *arguments],
        cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{root}:{site}"},
    )  # fmt: skip
    os.close(theirs)
    shown = await asyncio.wait_for(asyncio.to_thread(_typed, ours, answers), 30)
    os.close(ours)
    return await asyncio.wait_for(process.wait(), 30), shown


def _typed(terminal: int, answers: list[str]) -> str:
    """Type an answer after each question. Returns all that was shown."""
    shown, left = "", iter(answers)
    with contextlib.suppress(OSError):  # whoever asked has ended
        while part := os.read(terminal, 10_000).decode():
            shown += part
            if shown.endswith(": "):
                os.write(terminal, f"{next(left)}\n".encode())
    assert not list(left), shown
    return shown


async def test_who_sits_there_is_asked(tmp_path: Path) -> None:
    """On a terminal == what the kind marks is asked first, then what it lacks, until there is an answer."""
    typed = ["production", "secret-key", "", "", "https://example.org/scim", "secret-token", ""]
    code, shown = await answered(tmp_path, typed, "--kind", "scim")
    assert code == 0, shown
    assert "secret" not in shown
    written = yaml.safe_load((tmp_path / "bridge.yaml").read_text())
    assert written["kenjo"]["environment"] == "production"
    assert written["targets"]["directory"]["base_url"] == "https://example.org/scim"
    assert "preset (empty: none)" in shown
    assert "The address of the target's API." in shown


async def test_what_a_preset_sets_is_not_asked(tmp_path: Path) -> None:
    """A preset with an address == no question about it."""
    code, shown = await answered(tmp_path, ["", "key", "slack", "token", ""], "--kind", "scim")
    assert code == 0, shown
    assert "base_url" not in shown
    target = yaml.safe_load((tmp_path / "bridge.yaml").read_text())["targets"]["directory"]
    assert target["preset"] == "slack"
    assert "base_url" not in target


async def test_every_kind_is_offered(tmp_path: Path, vault: Path) -> None:
    """A kind of another package == it can be chosen, and what its settings need is asked."""
    typed = ["", "key", "vault", "false", "boxes", "vault.example.com", "open-sesame", ""]
    code, shown = await answered(tmp_path, typed, site=str(vault))
    assert code == 0, shown
    assert "vault" in shown.partition("Which kind of target: ")[2].partition("[scim]")[0]
    assert yaml.safe_load((tmp_path / "bridge.yaml").read_text())["targets"]["directory"] == {
        "kind": "vault",
        "sealed": "false",
        "folder": "boxes",
        "place": {"host": "vault.example.com"},
        "combination": "open-sesame",
        "mode": "sync",
        "limits": {"remove": {"count": 5, "percent": 10}},
    }
    assert "open-sesame" not in shown


async def test_a_file_that_is_there_is_kept(here: World) -> None:
    """A file that is there == exit 3 and its content, before anything is asked; with `--force` a new one."""
    file = here.folder / "made.yaml"
    file.write_text("targets: {}\n")
    done = await here.run("init", *options(here))
    assert (done.code, file.read_text()) == (3, "targets: {}\n")
    assert "--force" in done.err
    code, shown = await answered(here.folder, [], "--config", "made.yaml")
    assert (code, "Kenjo API key" in shown) == (3, False)
    assert (await here.run("init", *options(here), "--force")).code == 0
    assert "kenjo:" in file.read_text()


@pytest.mark.usefixtures("vault")
def test_what_is_asked_of_a_kind() -> None:
    """First what it marks, then what is missing, in groups too; with its meaning, and if it is secret."""
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return "" if question.secret else "7"

    found = ask_for("d", {"kind": "vault", "folder": "f"}, ask)
    assert asked == [
        Question("sealed", "Whether boxes are sealed.", secret=False, default="true"),
        Question("place.host", "The host.", secret=False, default=None),
        Question("combination", "What opens it.", secret=True, default=None),
    ]
    assert found.settings == {"kind": "vault", "folder": "f", "sealed": "7", "place": {"host": "7"}}
    assert found.left == [("combination",)]


def test_settings_as_options() -> None:
    """NAME=VALUE == the setting, in a group by its whole name; JSON is a group or list; the rest is text."""
    given = ["mode=upsert", "removal.left=keep", "removal.gone=delete", 'match=["userName"]', "token=a=b"]
    assert settings_of([*given, "timeout=5", "tenant={broken"]) == {
        "mode": "upsert",
        "removal": {"left": "keep", "gone": "delete"},
        "match": ["userName"],
        "token": "a=b",
        "timeout": "5",
        "tenant": "{broken",
    }
    for wrong in ("mode", "=x", ""):
        with pytest.raises(ConfigurationError, match="--set takes NAME=VALUE"):
            settings_of([wrong])
    with pytest.raises(ConfigurationError, match=r"--set mode\.x: mode is set as a whole"):
        settings_of(["mode=upsert", "mode.x=1"])


async def test_options_reach_the_target(here: World) -> None:
    """`--set` == the settings of the target that `check` reads; what stands there already is not doubled."""
    sets = ["mode=upsert", "removal.left=keep", 'limits={"create": {"count": 3}}', "rate=500"]
    flags = [part for one in sets for part in ("--set", one)]
    done = await here.run("init", *options(here), *flags)
    assert done.code == 0, done.out + done.err
    settings = routes(load_settings(here.folder / "made.yaml"))["directory"].settings
    assert (settings.mode, settings.removal.left, settings.rate) == ("upsert", "keep", 500)
    assert settings.limits.create
    assert settings.limits.create.count == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": "a:#b", "scope": 'person.work.department == "Süd: #1"'},
        {"api_key": "0123", "token": "1e5"},
        {"api_key": "true", "scope": "person.account.isActive"},
        {"base_url": "https://kenjo.example.com/api/v1", "token": "x'y\"z"},
    ],
)
def test_values_survive(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Values that YAML could misread == themselves when the file is read again."""
    own: dict[str, Any] = {name: changes.pop(name) for name in ("token", "scope") if name in changes}
    expected = {**SCIM, **own}
    answers = plain(expected, **changes)
    file = tmp_path / "bridge.yaml"
    write(answers, file, force=False, environ={})
    values = load_settings(file, {})
    read = values.targets["directory"]
    assert values.kenjo.api_key
    assert values.kenjo.api_key.get_secret_value() == answers.api_key
    assert values.kenjo.base_url == (answers.base_url or None)
    assert (getattr(read, "token", None), read.scope) == (expected["token"], expected.get("scope"))


@pytest.mark.parametrize(
    ("target", "changes", "says"),
    [
        ({"scope": "person.work."}, {}, "scope is not a CEL expression"),
        ({"kind": "skim"}, {}, "there is no target kind 'skim'"),
        ({"base_url": "example.com"}, {}, "must start with https://"),
        ({"match": ["nobody"]}, {}, "targets.directory.match"),
        ({"shelves": "3"}, {}, "targets.directory.shelves is not a setting"),
        ({}, {"environment": "moon"}, "kenjo.environment"),
        ({}, {"name": "Big Directory"}, "Big Directory"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    tmp_path: Path, target: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    """A wrong answer == one sentence, and no file, not even a draft."""
    with pytest.raises(ConfigurationError, match=says.replace(".", r"\.")):
        write(plain({**SCIM, **target}, **changes), tmp_path / "bridge.yaml", force=False, environ={})
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_hides_nothing(tmp_path: Path) -> None:
    """A secret that is left and a wrong scope == the sentence about the scope; without that, none."""
    for scope, wrong in (("person.work.", True), ("true == true", False)):
        settings = {"kind": "scim", "base_url": SCIM["base_url"], "scope": scope}
        answers = Answers("sandbox", "", "key", TargetAnswers("d", settings, [("token",)]))
        if wrong:
            with pytest.raises(ConfigurationError, match=r"targets\.d\.scope is not a CEL expression"):
                write(answers, tmp_path / "bridge.yaml", force=False, environ={})
    assert "# token: set KENJO_BRIDGE_TARGETS__D__TOKEN, or a secret file\n" in text_of(answers)


def test_the_file_is_plain_yaml() -> None:
    """The text == YAML with the settings that were asked for, and a comment for each that was not."""
    found = yaml.safe_load(text_of(plain()))
    assert found["kenjo"] == {"environment": "sandbox", "api_key": "key", "poll_interval": 60}
    assert found["targets"]["directory"]["mode"] == "sync"
    assert "# redis:" in text_of(plain())
