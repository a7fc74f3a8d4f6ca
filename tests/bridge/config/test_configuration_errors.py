"""What is wrong with variables, secret files and targets is said so that a person can act on it."""

import re
from pathlib import Path

import pytest

from bridge.config.configuration import load_settings
from bridge.errors import ConfigurationError
from tests.bridge.configuring import problems, target_problems, with_secret

TARGET = "targets: {directory: {kind: scim, base_url: 'https://a.example', token: t}}"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Each problem is one line, wherever its setting came from."""
    environ = with_secret(tmp_path, "kenjo__api_kye", b"x")
    environ |= {"KENJO_BRIDGE_WEB__PORT": "x", "KENJO_BRIDGE_TARGETS__A__MAP__B": "x"}
    assert problems(tmp_path, "timezone: Berlin\nlog: {level: loud}", environ) == [
        (
            "targets.a.map must be set as a whole, as JSON: case matters in it"
            " (environment variable KENJO_BRIDGE_TARGETS__A__MAP__B)"
        ),
        (
            "kenjo.api_kye is not a setting; did you mean kenjo.api_key?"
            f" (secret file {tmp_path}/secrets/kenjo__api_kye)"
        ),
        "timezone is not an IANA time zone such as Europe/Berlin (FILE, line 1)",
        "web.port must be a valid integer (environment variable KENJO_BRIDGE_WEB__PORT)",
        "log.level must be 'debug', 'info', 'warning' or 'error' (FILE, line 2)",
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "1", "port is not a setting; did you mean web.port?"),
        ("KENJO__API_KYE", "x", "kenjo.api_kye is not a setting; did you mean kenjo.api_key?"),
        ("KENJO__API_KEY__X", "x", "kenjo.api_key must be text"),
        (
            "TARGETS_DIRECTORY_TOKEN",
            "x",
            (
                "targets_directory_token is not a setting;"
                " the parts of a variable's or file's name are joined by two underscores"
            ),
        ),
        (
            "TARGETS__DIRECTROY__TOKEN",
            "x",
            "targets.directroy.kind is missing; did you mean the target directory?",
        ),
        (
            "TARGETS__DIRECTORY__MAP",
            "{",
            "targets.directory.map is not JSON: Expecting property name enclosed",
        ),
        (
            "TARGETS__DIRECTORY__MAP__TITLE",
            "x",
            "targets.directory.map must be set as a whole, as JSON",
        ),
    ],
)
def test_mistake_in_a_variable_names_it(tmp_path: Path, name: str, value: str, expected: str) -> None:
    """The sentence says what is wrong, and which variable it came from if that is not its path."""
    (line,) = problems(tmp_path, TARGET, {f"KENJO_BRIDGE_{name}": value})
    assert line.startswith(expected)
    assert f"KENJO_BRIDGE_{name}" in line or "is missing" in line


def test_variable_that_contradicts_another_is_a_problem(tmp_path: Path) -> None:
    """A group as JSON and one of its settings cannot both be set, nor one setting in two spellings."""
    whole = {"KENJO_BRIDGE_WEB": '{"port": 1}', "KENJO_BRIDGE_WEB__PORT": "2"}
    twice = {"KENJO_BRIDGE_WEB__PORT": "1", "kenjo_bridge_web__port": "2"}
    for environ, name in ((whole, "KENJO_BRIDGE_WEB__PORT"), (twice, "kenjo_bridge_web__port")):
        assert problems(tmp_path, "", environ) == [
            f"web.port is set twice, once by environment variable {name}"
        ]


def test_plain_value_in_place_of_a_group_is_not_hidden(tmp_path: Path) -> None:
    """`web: 8080` stays a mistake when a variable sets something in that group."""
    lines = problems(tmp_path, "web: 8080", {"KENJO_BRIDGE_WEB__HOST": "h"})
    assert lines[0] == "web must be a group of settings by name (FILE, line 1)"


def test_missing_file_names_who_named_it(tmp_path: Path) -> None:
    """A file that KENJO_BRIDGE_CONFIG names has to be there."""
    path = tmp_path / "no.yaml"
    expected = f"{path} (named by KENJO_BRIDGE_CONFIG) cannot be read: No such file or directory"
    with pytest.raises(ConfigurationError, match=f"^{re.escape(expected)}$"):
        load_settings(None, {"KENJO_BRIDGE_CONFIG": str(path)})


def test_missing_folder_of_secrets_names_who_named_it(tmp_path: Path) -> None:
    """A folder that KENJO_BRIDGE_SECRETS_DIR names has to be there."""
    environ = {"KENJO_BRIDGE_SECRETS_DIR": "/does/not/exist"}
    assert problems(tmp_path, "", environ) == [
        (
            "the folder of secret files /does/not/exist (named by KENJO_BRIDGE_SECRETS_DIR) cannot be read:"
            " No such file or directory"
        ),
    ]


def test_unreadable_secret_file_is_named(tmp_path: Path) -> None:
    """A secret file that is not text, is empty, or whose link leads nowhere is named."""
    environ = with_secret(tmp_path, "kenjo__api_key", b"\xff\xfe")
    path = tmp_path / "secrets" / "kenjo__api_key"
    assert problems(tmp_path, "", environ) == [f"{path} is not UTF-8 text (at byte 0)"]
    path.write_text("\n")
    assert problems(tmp_path, "", environ) == [f"secret file {path} is empty"]
    path.unlink()
    path.symlink_to("nowhere")
    assert problems(tmp_path, "", environ) == [f"{path} cannot be read: No such file or directory"]


def test_target_is_read_with_the_same_care(tmp_path: Path) -> None:
    """What its kind's own model finds is told like everything else."""
    text = "{kind: scim, base_url: 'ftp://a', tokne: t, quotas: {cuont: 1}}"
    assert target_problems(tmp_path, text) == [
        "targets.directory.base_url must start with https:// (or http://)",
        (
            "targets.directory.token is missing: set it in bridge.yaml, as"
            " KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN or as secret file targets__directory__token"
        ),
        "targets.directory.quotas.cuont is not a setting; did you mean targets.directory.quotas.count?",
        "targets.directory.tokne is not a setting; did you mean targets.directory.token?",
    ]


def test_variable_of_a_target_with_a_hyphen_can_be_set(tmp_path: Path) -> None:
    """The variable that the message proposes is one that a shell accepts."""
    lines = target_problems(tmp_path, "{kind: scim, base_url: 'https://a'}", name="my-tool")
    assert lines == [
        (
            "targets.my-tool.token is missing: set it in bridge.yaml, as KENJO_BRIDGE_TARGETS__MY_TOOL__TOKEN"
            " or as secret file targets__my-tool__token"
        ),
    ]


def test_target_that_contains_itself_is_an_error_too(tmp_path: Path) -> None:
    """An anchor inside itself, in a setting that only the kind knows, is refused by the kind's model."""
    (line,) = target_problems(tmp_path, "&x {kind: scim, base_url: 'https://a', token: t, quotas: *x}")[:1]
    assert line.startswith("targets.directory.quotas.")
