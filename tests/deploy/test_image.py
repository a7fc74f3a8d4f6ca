"""What the Dockerfile promises, without a container engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .image import ROOT, final, health_command, is_ignored, project, stages, tag


def locked() -> dict[str, str]:
    """Return what requirements.lock says about each package, by its name."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {canonicalize_name(re.split(r"[=<>\[; ]", line)[0]): line for line in lines}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_base_image_is_a_build_argument_with_a_fixed_default() -> None:
    """Both stages start from the one BASE, whose default names a version."""
    arguments, found = stages()
    assert arguments == {"BASE": "python:3.12-slim"}
    assert [stage.base for stage in found] == ["${BASE}", "${BASE}"]


def test_final_stage_runs_as_a_numeric_user_that_is_not_root() -> None:
    """The last USER is a number other than 0, so that Kubernetes can tell it is not root."""
    user, _, group = final().last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_image_starts_the_command_of_the_project() -> None:
    """The entry point is the project's script, and without arguments it runs both roles."""
    (script,) = project()["project"]["scripts"]
    assert json.loads(final().last("ENTRYPOINT")) == [script]
    assert json.loads(final().last("CMD")) == ["run"]


def test_version_label_is_the_project_version() -> None:
    """The VERSION argument, and so the label, defaults to the version in pyproject.toml."""
    assert f"VERSION={tag().partition(':')[2]}" in final().all("ARG")
    assert '.version="${VERSION}"' in final().last("LABEL")


def test_image_sets_no_setting_but_where_to_listen() -> None:
    """No secret and no account is part of the image; address and port are the health check's too."""
    ours = {name: value for name, value in final().environment.items() if name.startswith("KENJO_")}
    assert ours == {"KENJO_BRIDGE_WEB__HOST": "0.0.0.0", "KENJO_BRIDGE_WEB__PORT": "8080"}
    assert final().last("EXPOSE") == ours["KENJO_BRIDGE_WEB__PORT"]


@pytest.mark.parametrize("source", [source for stage in stages()[1] for source, _ in stage.sources])
def test_copied_source_exists_and_is_sent_to_the_builder(source: str) -> None:
    """Each COPY source is in the tree and not kept out by .dockerignore."""
    assert (ROOT / source).exists()
    assert not is_ignored(source)


def test_every_package_and_named_file_of_the_project_is_copied() -> None:
    """The build stage has all packages that pyproject.toml lists, and the files that it names."""
    copied = {source for source, _ in stages()[1][0].sources}
    about = project()
    packages = {name.rstrip("*") for name in about["tool"]["setuptools"]["packages"]["find"]["include"]}
    files = {about["project"]["readme"], *about["project"]["license-files"]}
    assert copied == {*packages, *files, "pyproject.toml", "requirements.lock", "requirements-build.lock"}


def test_health_check_runs_the_file_that_was_copied() -> None:
    """The HEALTHCHECK's command names the place that COPY put healthcheck.py at."""
    assert ("deploy/container/healthcheck.py", health_command()[-1]) in final().sources


@pytest.mark.parametrize(
    "path",
    [
        "bridge.yaml",
        ".env",
        ".git/config",
        "secrets/kenjo__api_key",
        "deploy/compose/secrets/kenjo__api_key",
        "deploy/compose/bridge.yaml",
        "deploy/container",
        ".kenjo-bridge/redis.sock",
        "bridge/__pycache__/model.cpython-312.pyc",
        "workers/targets/__pycache__/base.cpython-312.pyc",
        "kenjo_bridge.egg-info/PKG-INFO",
        "tests/deploy/image.py",
    ],
)
def test_builder_is_not_sent(path: str) -> None:
    """Secrets, local configuration, leftovers and tests stay out of the build."""
    assert is_ignored(path)


def test_lock_pins_every_package_with_hashes() -> None:
    """Every line of requirements.lock is one version and its hashes."""
    assert locked()
    for line in locked().values():
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line


def test_lock_has_what_the_project_needs_and_no_demo() -> None:
    """All run-time dependencies are locked, and none that only the demo needs."""
    about = project()["project"]
    assert names(about["dependencies"]) <= locked().keys()
    assert not names(about["optional-dependencies"]["demo"]) & locked().keys()


def test_nothing_is_fetched_that_no_hash_is_known_of() -> None:
    """Every pip of the build stage checks hashes or has no index."""
    pips = [line for line in stages()[1][0].all("RUN") if " -m pip " in line]
    assert len(pips) == 4
    assert all("--require-hashes" in line or "--no-index" in line for line in pips)


@pytest.mark.skipif("CI" not in os.environ, reason="downloads every dependency; CI does that once")
def test_build_stage_installs_a_command_that_starts(tmp_path: Path) -> None:
    """The RUN lines, done for real, give a command that starts, in an environment without pip and demo."""
    build = stages()[1][0]
    context, environment = tmp_path / "src", tmp_path / "venv"
    context.mkdir()
    for source, _ in build.sources:
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, context / source)
    for line in build.all("RUN"):
        command = line.replace("/opt/venv", str(environment)).replace("/opt/build", str(tmp_path / "build"))
        command = command.replace("/src/", f"{context}/").replace("python3 ", f"{sys.executable} ")
        subprocess.run(["sh", "-c", command], cwd=context, check=True, timeout=300)  # noqa: S603, S607
    subprocess.run([environment / "bin" / "kenjo-bridge", "--help"], check=True, timeout=60)  # noqa: S603
    installed = {path.name for path in (environment / "bin").iterdir()}
    assert not {"pip", "redis-server", "scim2-server"} & installed
