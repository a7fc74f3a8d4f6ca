"""Where settings come from, and which place wins."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from rich.pretty import pretty_repr

from bridge.config.configuration import load_settings, target_settings
from bridge.config.section import Section
from bridge.config.settings import BearerTarget, BridgeSettings, TargetSettings

TARGET = """
targets:
  directory:
    kind: scim
    base_url: https://directory.example.com/scim/v2
"""


class Quotas(Section):
    count: int = 5
    percent: float = 10.0


class DirectorySettings(BearerTarget):
    quotas: Quotas = Quotas()
    colours: list[str] = Field(default_factory=list)


def load(
    folder: Path, text: str = "", environ: Mapping[str, str] | None = None, **secrets: str
) -> BridgeSettings:
    (folder / "bridge.yaml").write_text(text, encoding="utf-8")
    environ = dict(environ or {})
    if secrets:
        (folder / "secrets").mkdir()
        for name, value in secrets.items():
            (folder / "secrets" / name).write_text(value)
        environ["KENJO_BRIDGE_SECRETS_DIR"] = str(folder / "secrets")
    return load_settings(folder / "bridge.yaml", environ)


def directory(values: BridgeSettings, name: str = "directory") -> DirectorySettings:
    return target_settings(name, values.targets[name], DirectorySettings)


def secret(value: SecretStr | None) -> str:
    assert value is not None
    return value.get_secret_value()


def test_without_any_source_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no variable: the defaults, with the data folder in the current folder."""
    monkeypatch.chdir(tmp_path)
    assert dict(load_settings(None, {})) == dict(BridgeSettings(data_dir=tmp_path / ".kenjo-bridge"))


def test_environment_wins_over_secret_file_over_yaml(tmp_path: Path) -> None:
    """Each place wins over those below it, name by name."""
    text = "retry: {first: 1, longest: 2, attempts: 3}"
    environ = {"KENJO_BRIDGE_RETRY__FIRST": "100"}
    values = load(tmp_path, text, environ, retry__first="10", retry__longest="20")
    assert (values.retry.first, values.retry.longest, values.retry.attempts) == (100, 20, 3)


def test_file_is_given_or_named_or_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path that is given comes first, then KENJO_BRIDGE_CONFIG, then ./bridge.yaml."""
    for name in ("given", "named", "bridge"):
        (tmp_path / f"{name}.yaml").write_text(f"web: {{host: {name}}}")
    monkeypatch.chdir(tmp_path)
    named = {"KENJO_BRIDGE_CONFIG": str(tmp_path / "named.yaml")}
    assert load_settings(tmp_path / "given.yaml", named).web.host == "given"
    assert load_settings(None, named).web.host == "named"
    assert load_settings(None, {"KENJO_BRIDGE_CONFIG": ""}).web.host == "bridge"


def test_relative_data_folder_starts_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`data_dir` belongs to the configuration, wherever the command is called; an absolute one stays."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "bridge.yaml").write_text("data_dir: state")
    assert load_settings(Path("../bridge.yaml"), {}).data_dir.resolve() == tmp_path / "state"
    assert load(tmp_path, "data_dir: /srv/state").data_dir == Path("/srv/state")


def test_variable_of_a_target_reaches_it_as_text(tmp_path: Path) -> None:
    """A token of digits is not a number, neither in a variable nor in YAML."""
    values = load(tmp_path, TARGET, {"KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": "0123"})
    assert secret(directory(values).token) == "0123"
    assert secret(directory(load(tmp_path, f"{TARGET}    token: 0123")).token) == "0123"


def test_yaml_words_are_text(tmp_path: Path) -> None:
    """`no`, `on` and dates are not booleans and dates where text is wanted; null stays null."""
    values = load(tmp_path, f"{TARGET}    token: 2026-01-31\n    map: {{on: no, title: null}}")
    assert secret(directory(values).token) == "2026-01-31"
    assert directory(values).map == {"on": "no", "title": None}


def test_names_of_variables_have_any_case(tmp_path: Path) -> None:
    """Upper case is usual, lower case is the same."""
    assert load(tmp_path, environ={"kenjo_bridge_Web__PORT": "1"}).web.port == 1


def test_empty_variable_is_not_set(tmp_path: Path) -> None:
    """An empty variable, as compose files leave it, does not hide what is below it."""
    assert load(tmp_path, "web: {port: 1}", {"KENJO_BRIDGE_WEB__PORT": ""}).web.port == 1


def test_target_with_a_hyphen_is_meant_by_an_underscore(tmp_path: Path) -> None:
    """MY_TOOL in a variable is the target my-tool of the file; without one it is my_tool."""
    environ = {"KENJO_BRIDGE_TARGETS__MY_TOOL__KIND": "scim"}
    assert set(load(tmp_path, "targets: {my-tool: {rate: 1}}", environ).targets) == {"my-tool"}
    assert set(load(tmp_path, "", environ).targets) == {"my_tool"}
    both = "targets: {my-tool: {kind: scim}, my_tool: {rate: 1}}"
    assert load(tmp_path, both, environ).targets["my_tool"].kind == "scim"


def test_whole_target_can_come_from_the_environment(tmp_path: Path) -> None:
    """A container needs no file at all."""
    prefix = "KENJO_BRIDGE_TARGETS__DIRECTORY__"
    environ = {f"{prefix}KIND": "scim", f"{prefix}BASE_URL": "https://a.example", f"{prefix}TOKEN": "t"}
    assert directory(load(tmp_path, "", environ)).base_url == "https://a.example"


def test_groups_and_lists_may_be_json(tmp_path: Path) -> None:
    """A dict, a list and a group are read from JSON; so is what only the target's own kind knows."""
    environ = {
        "KENJO_BRIDGE_ENCRYPTION__OLD_KEYS": '["a", "b"]',
        "KENJO_BRIDGE_WEB": '{"port": 1}',
        "KENJO_BRIDGE_TARGETS__DIRECTORY__MAP": '{"displayName": "person.name"}',
        "KENJO_BRIDGE_TARGETS__DIRECTORY__COLOURS": '["red"]',
        "KENJO_BRIDGE_TARGETS__DIRECTORY__QUOTAS": '{"count": 7}',
    }
    values = load(tmp_path, f"{TARGET}    token: t", environ)
    assert [secret(key) for key in values.encryption.old_keys] == ["a", "b"]
    assert values.web.port == 1
    assert directory(values).map == {"displayName": "person.name"}
    assert directory(values).colours == ["red"]
    assert directory(values).quotas == Quotas(count=7)


def test_group_of_a_target_is_merged_by_name(tmp_path: Path) -> None:
    """A variable below a group that only the kind knows changes that name only."""
    text = f"{TARGET}    token: t\n    quotas: {{count: 1, percent: 2}}"
    values = load(tmp_path, text, {"KENJO_BRIDGE_TARGETS__DIRECTORY__QUOTAS__COUNT": "9"})
    assert directory(values).quotas == Quotas(count=9, percent=2)


def test_group_without_content_is_empty(tmp_path: Path) -> None:
    """A group whose lines are all commented out is as good as none."""
    values = load(tmp_path, "kenjo:\n  # api_key: x\ntargets:\n", {"KENJO_BRIDGE_KENJO__API_KEY": "k"})
    assert secret(values.kenjo.api_key) == "k"
    assert values.targets == {}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_empty_file_holds_nothing(tmp_path: Path, text: str) -> None:
    """A file without a setting is no error: everything may come from elsewhere."""
    assert load(tmp_path, text, {"KENJO_BRIDGE_WEB__PORT": "1"}).web.port == 1


def test_secret_file_loses_its_last_line_break(tmp_path: Path) -> None:
    """What an editor adds is taken off, at whichever end of line; a key loses the blanks of copying too."""
    values = load(tmp_path, "", kenjo__api_key=" key \r\n", redis__url="redis://a\n")
    assert secret(values.kenjo.api_key) == "key"
    assert secret(values.redis.url) == "redis://a"


def test_kubernetes_volume_is_a_folder_of_secret_files(tmp_path: Path) -> None:
    """The links of a mounted Secret are followed; folders and hidden files are passed over."""
    version = tmp_path / "secrets" / "..2026_01_31"
    version.mkdir(parents=True)
    (version / "kenjo__api_key").write_text("key")
    (tmp_path / "secrets" / "..data").symlink_to(version.name)
    (tmp_path / "secrets" / "kenjo__api_key").symlink_to("..data/kenjo__api_key")
    (tmp_path / "secrets" / "kubernetes.io").mkdir()
    (tmp_path / "secrets" / ".hidden").touch()
    values = load(tmp_path, environ={"KENJO_BRIDGE_SECRETS_DIR": str(tmp_path / "secrets")})
    assert secret(values.kenjo.api_key) == "key"


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """Neither the settings nor a target's raw settings show a secret when they are printed."""
    environ = {
        "KENJO_BRIDGE_KENJO__API_KEY": "s3cret",
        "KENJO_BRIDGE_REDIS__URL": "redis://:s3cret@host",
        "KENJO_BRIDGE_ENCRYPTION__KEY": "s3cret",
        "KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": "s3cret",
    }
    values = load(tmp_path, TARGET, environ)
    shown: list[object] = [values, values.kenjo, values.redis, values.encryption, values.targets]
    shown += [directory(values), values.targets["directory"]]
    rich = " ".join(pretty_repr(one) for one in shown)
    assert "scim" in rich
    assert "s3cret" not in rich + " ".join(f"{one!r} {one}" for one in shown)


def test_kind_may_have_a_setting_called_like_what_targets_tell(tmp_path: Path) -> None:
    """A setting of a kind's own that is called `url`, as targets tell theirs == its value arrives."""

    class Called(TargetSettings):
        address: str = Field(alias="url")

    values = load(tmp_path, "targets: {hook: {kind: called, url: 'https://example.com'}}")
    assert target_settings("hook", values.targets["hook"], Called).address == "https://example.com"


def test_kind_may_be_read_with_its_own_defaults(tmp_path: Path) -> None:
    """What the configuration leaves out is the kind's default and not the common one."""

    class Slow(TargetSettings):
        rate: float = 0.5

    values = load(tmp_path, "targets: {slow: {kind: slow}}")
    assert target_settings("slow", values.targets["slow"], Slow).rate == 0.5
