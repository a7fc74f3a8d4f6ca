"""`kenjo-bridge init`: a first configuration that works."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import pty
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config.configuration import load_settings
from bridge.errors import ConfigurationError
from service.operations.first_file import Answers, TargetAnswers, text_of, write
from service.operations.initialising import Question, ask_again, ask_for, secret_in, settings_of
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
    """The flags for this world, with files of secrets; an empty one is left out."""
    target = here.config["targets"]["directory"]
    secrets = {"key": here.sandbox.api_key, "token": target["token"]} | {
        name: changes.pop(name) for name in ("key", "token") if name in changes
    }
    for name, secret in secrets.items():
        (here.folder / name).write_text(f"{secret}\n")
    flags = {
        "environment": "sandbox",
        "base-url": here.sandbox.url,
        "api-key-file": "key" if secrets["key"] else "",
        "target-url": target["base_url"],
        "secret": "token=token" if secrets["token"] else "",
        "config": "made.yaml",
        **changes,
    }
    given = [part for name, value in flags.items() if value for part in (f"--{name}", value)]
    return [*given, "--scope", ""]


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
    flags = options(here, key="", token="")
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


async def answered(
    folder: Path, answers: list[str], *arguments: str, site: str = "", check: str = "--no-check"
) -> tuple[int, str]:
    """Run init on a terminal, each question gets the next answer. Returns the exit code and the screen."""
    ours, theirs = pty.openpty()
    root = str(Path(__file__).parents[3])
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "service.cli.main", "init", check, *arguments],
        cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{root}:{site}"},
    )  # fmt: skip
    os.close(theirs)
    interrupt = partial(process.send_signal, signal.SIGINT)
    shown = await asyncio.wait_for(asyncio.to_thread(_typed, ours, answers, interrupt), 30)
    os.close(ours)
    return await asyncio.wait_for(process.wait(), 30), shown


CTRL_C = "\x03"


def _typed(terminal: int, answers: list[str], interrupt: Callable[[], None]) -> str:
    """Type an answer after each question. Returns all that was shown."""
    shown, left, decoder = "", iter(answers), codecs.getincrementaldecoder("utf-8")()
    with contextlib.suppress(OSError):  # whoever asked has ended
        while part := os.read(terminal, 10_000):
            shown += decoder.decode(part)  # a box's line may come in two parts
            if shown.endswith(": "):
                if (answer := next(left)) == CTRL_C:
                    interrupt()
                else:
                    os.write(terminal, f"{answer}\n".encode())
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


async def test_each_answer_is_tried_at_once(here: World) -> None:
    """A wrong key, address, token and scope == a sentence at once; only that is asked again."""
    target = here.config["targets"]["directory"]
    typed = [
        here.sandbox.url, "wrong-key", "key", here.sandbox.api_key,  # Kenjo first
        "", "example.com/scim", f"{target['base_url']}/Users", "wrong-token",
        "token", target["token"],
        "tokn",
        "base_url", target["base_url"],
        "person.work.", "person.work.jobTitle", "person.account.isActive",
    ]  # fmt: skip
    code, shown = await answered(here.folder, typed, "--kind", "scim", "-c", "made.yaml", check="--check")
    assert code == 0, shown
    for sentence in (
        "Kenjo refused the API key", "Kenjo answers: 12 people.", "base_url must start with https://",
        "base_url ends in /Users", "'tokn' is not a setting of this kind; did you mean token?",
        "targets.directory.scope is not a CEL expression", "targets.directory.scope gives text", "SCIM 2.0",
    ):  # fmt: skip
        assert sentence in shown
    assert "in scope: " in shown  # what `check` says at the end
    assert "wrong-token" not in shown
    written = yaml.safe_load((here.folder / "made.yaml").read_text())
    assert written["kenjo"]["base_url"] == here.sandbox.url
    assert written["targets"]["directory"]["base_url"] == target["base_url"]
    assert written["targets"]["directory"]["scope"] == "person.account.isActive"


async def test_what_does_not_work_can_be_kept(here: World) -> None:
    """No better answer to either question == the file with what was answered, and what `check` says."""
    typed = ["http://127.0.0.1:9/api/v1", "key", "", "", "http://127.0.0.1:9/scim", "token", "", ""]
    code, shown = await answered(here.folder, typed, "--kind", "scim", "-c", "made.yaml", check="--check")
    assert code == 3
    assert shown.count("nothing listens at this host and port") == 4
    written = yaml.safe_load((here.folder / "made.yaml").read_text())
    assert written["kenjo"] == {
        "environment": "sandbox",
        "base_url": "http://127.0.0.1:9/api/v1",
        "api_key": "key",
        "poll_interval": 60,
    }


async def test_what_was_answered_survives_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C at the token == exit 130, what was answered in the file, and what it lacks is said."""
    typed = ["production", "secret-key", "", "", "https://scim.example.org/v2", CTRL_C]
    code, shown = await answered(tmp_path, typed, "--kind", "scim")
    assert code == 130, shown
    assert "bridge.yaml keeps what was answered. It lacks KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN." in shown
    file = tmp_path / "bridge.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = yaml.safe_load(file.read_text())
    assert (written["kenjo"]["environment"], written["kenjo"]["api_key"]) == ("production", "secret-key")
    assert written["targets"]["directory"]["base_url"] == "https://scim.example.org/v2"


async def test_a_wrong_answer_is_not_asked_for_for_ever(tmp_path: Path) -> None:
    """The same wrong answer again and again, as a program gives it == exit 3; what was right is kept."""
    code, shown = await answered(tmp_path, ["moon"] * 3)
    assert (code, "kenjo: the same wrong answer came 3 times" in shown) == (3, True), shown
    assert not (tmp_path / "bridge.yaml").exists()
    typed = ["production", "key", "skim", "scim", "", "", *["example.com"] * 3]
    code, shown = await answered(tmp_path, typed)
    assert (code, "base_url: the same wrong answer came 3 times" in shown) == (3, True), shown
    written = yaml.safe_load((tmp_path / "bridge.yaml").read_text())
    assert (written["kenjo"]["environment"], "base_url" in written["targets"]["directory"]) == (
        "production",
        False,
    )


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ("rate", "fast"),
        ("rate", "0"),
        ("mode", "pull"),
        ("base_url", "example.com"),
        ("match", "[1"),
        ("match", "x"),
    ],
)
def test_what_is_wrong_is_said_as_the_configuration_says_it(
    tmp_path: Path, setting: str, answer: str
) -> None:
    """A wrong answer == the line that every command would say of the file, but for where it stands there."""
    said: list[str] = []
    answers = iter([answer, ""])
    ask_again(TargetAnswers("directory", SCIM), setting, lambda _: next(answers), said.append)
    file = tmp_path / "bridge.yaml"
    file.write_text(yaml.safe_dump({"targets": {"directory": {**SCIM, setting: answer}}}))
    with pytest.raises(ConfigurationError) as wrong:
        routes(load_settings(file, {}))
    lines = [re.sub(r" \([^()]*bridge.yaml[^()]*\)$", "", line) for line in str(wrong.value).splitlines()]
    assert said == lines


async def test_no_secret_on_the_command_line(here: World) -> None:
    """`--set` with a secret, and the former options == a sentence, and no file."""
    for flags, says in (
        (["--set", "token=x"], "does not belong on a command line"),
        (["--api-key", "x"], "No such option"),
        (["--secret", "token=nowhere.txt"], "nowhere.txt cannot be read"),
        (["--secret", "token"], "--secret takes NAME=FILE"),
    ):
        done = await here.run("init", "--config", "made.yaml", *flags)
        assert (done.code, says in done.err) == (3, True), done.err
    assert not (here.folder / "made.yaml").exists()


def test_a_secret_of_a_file(tmp_path: Path) -> None:
    """A file with a mark and a line end == the secret alone; bytes that are no text == a sentence."""
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfabc\r\n")
    assert secret_in(tmp_path / "token") == "abc"
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="token cannot be read: it is not text"):
        secret_in(tmp_path / "token")


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
        return {"sealed": "false", "place.host": "7"}.get(question.setting, "")

    found = ask_for("d", {"kind": "vault", "folder": "f"}, ask)
    assert asked == [
        Question("sealed", "Whether boxes are sealed.", secret=False, default="true"),
        Question("place.host", "The host.", secret=False, default=None),
        Question("combination", "What opens it.", secret=True, default=None),
    ]
    assert found.settings == {"kind": "vault", "folder": "f", "sealed": "false", "place": {"host": "7"}}
    assert found.left == [("combination",)]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"kind": "rest", "profile": "personio"}, ["secrets.client_id", "secrets.client_secret"]),
        ({"kind": "rest", "profile": "bamboohr", "with": {"company": "a"}}, ["secrets.api_key"]),
        ({"kind": "rest", "profile": "bamboohr"}, ["with.company", "secrets.api_key"]),
        ({"kind": "rest"}, ["profile"]),
        ({"kind": "google", "admin": "it@example.com"}, ["credentials_file"]),
        ({"kind": "google", "admin": "it@example.com", "credentials_json": "{}"}, []),
        ({"kind": "file"}, ["path"]),
        ({"kind": "file", "path": "people.csv"}, []),
        ({"kind": "file", "path": "sftp://a@b/c.csv"}, ["host_key", "password"]),
        ({"kind": "file", "path": "sftp://a@b/c.csv", "private_key": "x"}, ["host_key"]),
        ({"kind": "ldap"}, ["address", "bind_dn", "password", "base", "people", "groups_base"]),
        (
            {"kind": "entra", "via": "provisioning"},
            ["tenant", "client_id", "client_secret", "service_principal", "job"],
        ),
    ],
)
def test_what_follows_from_what_is_given_is_asked(given: dict[str, Any], asked: list[str]) -> None:
    """What a kind, its profile or its address needs besides == asked for, and left where nobody answers."""
    questions: list[Question] = []

    def ask(question: Question) -> str:
        questions.append(question)
        return ""

    found = ask_for("d", given, ask)
    assert [one.setting for one in questions] == asked
    assert found.left == [tuple(one.split(".")) for one in asked]
    assert all(one.meaning for one in questions)
    assert all(one.secret == (one.setting.partition(".")[0] in SECRET) for one in questions)


SECRET = {"secrets", "password", "client_secret"}


async def test_what_a_profile_needs_is_asked(tmp_path: Path) -> None:
    """`rest` on a terminal == its profile, then what that needs, each with its meaning, secrets unseen."""
    typed = ["", "key", "personnio", "personio", "planted-id", "planted-secret", ""]
    code, shown = await answered(tmp_path, typed, "--kind", "rest")
    assert code == 0, shown
    assert "did you mean personio" in shown
    assert "Settings > Integrations > API credentials" in shown
    assert "planted" not in shown
    target = yaml.safe_load((tmp_path / "bridge.yaml").read_text())["targets"]["directory"]
    assert target["secrets"] == {"client_id": "planted-id", "client_secret": "planted-secret"}
    routes(load_settings(tmp_path / "bridge.yaml"))


@pytest.mark.parametrize("kind", ["entra", "file", "google", "ldap", "rest", "scim", "webhook"])
async def test_each_kind_can_be_begun_where_nobody_sits(here: World, kind: str) -> None:
    """A kind and nothing else, no terminal == a file, what is left named, exit 0."""
    done = await here.run(
        "init", "--kind", kind, "--base-url", here.sandbox.url, "--config", "made.yaml", "--no-check"
    )
    assert (done.code, done.err) == (0, "")
    assert "Still to be set" in done.out


async def test_a_secret_in_a_group_comes_from_a_file(here: World) -> None:
    """`--secret secrets.api_key=FILE` == the secret of that name; what is still missing is named."""
    (here.folder / "key.txt").write_text("planted-key\n")
    done = await here.run(
        "init", "--kind", "rest", "--set", "profile=bamboohr", "--base-url", here.sandbox.url,
        "--secret", "secrets.api_key=key.txt", "--config", "made.yaml", "--no-check",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert "KENJO_BRIDGE_TARGETS__DIRECTORY__WITH__COMPANY" in done.out
    assert "planted" not in done.out
    target = yaml.safe_load((here.folder / "made.yaml").read_text())["targets"]["directory"]
    assert target["secrets"] == {"api_key": "planted-key"}


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
    assert "://" not in text_of(Answers("sandbox", "", "", TargetAnswers("d", {"kind": "scim"})))
