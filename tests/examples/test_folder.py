"""The folder docs/examples: its index, and that what each README asks for is all that is lacking."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.config.configuration import load_settings
from tests.examples.stage import EXAMPLES
from tests.workers.targets.certificates import made
from tests.workers.targets.webhook_server import SECRET
from workers.connect import routes

FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


def test_every_example_has_a_row_and_a_test() -> None:
    """The folders == the rows of the index == those that tests play."""
    assert re.findall(r"\]\(([\w-]+)/\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")) == FOLDERS
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    played = [name for text in tests for name in re.findall(r'on_stage\("([\w-]+)"', text)]
    assert sorted(played) == FOLDERS


@pytest.mark.parametrize("name", FOLDERS)
def test_the_secrets_that_are_named_are_enough(name: str, tmp_path: Path) -> None:
    """The secret files of the README, and no others == a configuration that is accepted."""
    wanted = re.search(
        r"^- Secret files.+?\.$", (EXAMPLES / name / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert wanted
    for secret in re.findall(r"`(\w+__\w+)`", wanted[0].partition("names")[2]):
        value = SECRET if secret.endswith("__secret") else "https://n8n.example/1" if "url" in secret else "x"
        (tmp_path / secret).write_text(value, encoding="utf-8")
        (tmp_path / secret).chmod(0o600)
    environment = {"KENJO_BRIDGE_SECRETS_DIR": str(tmp_path)}
    if name == "03-manufacturer":
        (tmp_path / "ca").mkdir()
        environment["KENJO_BRIDGE_TARGETS__DIRECTORY__CA_FILE"] = str(made(tmp_path / "ca").authority)
    values = load_settings(EXAMPLES / name / "bridge.yaml", environment)
    assert values.kenjo.api_key
    assert routes(values).keys() == values.targets.keys()
