"""`kenjo-bridge new-target`, by the steps of CONTRIBUTING.md, and what it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from bridge.errors import ConfigurationError
from service.operations.new_target import new_target
from tests.workers.targets.installed import announce

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## A new target")[2].partition("\n## ")[0]


def run(folder: Path, *command: str, path: str = "") -> str:
    """Run our command, or python, in a folder, with these packages beside ours. Returns the output."""
    start = {"kenjo-bridge": ["-m", "service.cli.main"], "python": []}[command[0]]
    done = subprocess.run(  # noqa: S603 - what CONTRIBUTING.md says
        [sys.executable, *start, *command[1:]], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{path}", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installed(project: Path) -> str:
    """Do what an editable installation does: the folder, and what its pyproject.toml announces."""
    said = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    for kind, module in said["entry-points"]["kenjo_bridge.targets"].items():
        announce(project, kind, module)
    return str(project)


def test_the_steps_are_what_happens(tmp_path: Path) -> None:
    """Each command in turn, in an empty folder == the new package's tests pass, and its kind is found."""
    folder, path, shown = tmp_path, "", {}
    for line in re.findall(r"^ {4}(\S.*)$", STEPS, re.MULTILINE):
        command = line.partition("#")[0].split()
        if command[0] == "cd":
            folder /= command[1]
        elif "pip" in command:
            path = installed(folder)
        else:
            shown[" ".join(command)] = run(folder, *command, path=path)
    passed = re.search(r"(\d+) passed", shown["python -m pytest"])
    assert passed
    assert int(passed[1]) > 25
    assert "skipped" not in shown["python -m pytest"]
    printed = yaml.safe_load(shown["kenjo-bridge mapping mytool"])
    assert printed["person"]["kenjoId"] == "person.id"
    assert (tmp_path / "kenjo-mytool") == folder


def test_a_name_that_is_like_the_example(tmp_path: Path) -> None:
    """`mytool-mytool` == each name of the example is replaced once."""
    project = new_target("mytool-mytool", tmp_path)
    assert 'mytool-mytool = "kenjo_mytool_mytool"\n' in (project / "pyproject.toml").read_text("utf-8")
    test = (project / "tests" / "test_mytool_mytool.py").read_text("utf-8")
    assert "\nfrom kenjo_mytool_mytool import ADAPTER\n" in test
    assert "class TestMytoolMytool(" in test


def test_any_name(tmp_path: Path) -> None:
    """A name with a hyphen == valid Python throughout, nothing left of the example, a passing suite."""
    project = new_target("shop-floor", tmp_path)
    assert (project / "kenjo_shop_floor" / "target.py").is_file()
    texts = {file: file.read_text("utf-8") for file in project.rglob("*") if file.is_file()}
    assert not [file for file, text in texts.items() if "mytool" in f"{file}{text}".lower()]
    assert not [file for file, text in texts.items() if "template" in text]
    run(project, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "email" in run(tmp_path, "kenjo-bridge", "mapping", "shop-floor", path=installed(project))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scim", "there is a kind 'scim' already"),
        ("Shop", "a kind cannot be called 'Shop'"),
        ("../x", "a kind cannot be called '../x'"),
        ("7up", "a kind cannot be called '7up'"),
        ("a--b", "a kind cannot be called 'a--b'"),
        ("", "a kind cannot be called ''"),
        ("x" * 41, "a kind cannot be called 'x"),
    ],
)
def test_what_cannot_be_a_kind(tmp_path: Path, name: str, said: str) -> None:
    """One sentence, and nothing is written."""
    with pytest.raises(ConfigurationError, match=said.replace(".", r"\.")):
        new_target(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    """A second time == one sentence, and what was changed in the meantime stays."""
    file = new_target("mytool", tmp_path) / "pyproject.toml"
    file.write_text("changed")
    with pytest.raises(ConfigurationError, match="is there already: move it away first"):
        new_target("mytool", tmp_path)
    assert file.read_text() == "changed"
    with pytest.raises(ConfigurationError, match=r"cannot write .*No such file"):
        new_target("mytool", tmp_path / "nowhere")
