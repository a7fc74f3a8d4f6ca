"""What is published can be built again by others, byte by byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from release.version import ROOT, version


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose one commit is the tree as it stands."""
    folder = tmp_path_factory.mktemp("repository") / "kenjo-bridge"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, folder)
    leftovers = shutil.ignore_patterns("__pycache__")
    for name in ("bridge", "service", "workers", "sandbox", "release"):
        shutil.copytree(ROOT / name, folder / name, ignore=leftovers)
    author = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", *words], cwd=folder, check=True)  # noqa: S603, S607
    return folder


def built(repository: Path, folder: Path, umask: int, **environment: str) -> dict[str, str]:
    """Clone a repository into a folder, build there in a process of its own; the hash of each file."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", repository, clone], check=True, umask=umask)  # noqa: S603, S607
    (clone / "bridge" / "leftover.py").write_text("nobody has committed this")
    command = [sys.executable, "-m", "release.build", str(folder / "dist")]
    subprocess.run(  # noqa: S603
        command,
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), **environment},
        umask=umask,
        check=True,
        timeout=120,
    )
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "dist").iterdir()}


def test_two_builds_are_equal(repository: Path, tmp_path: Path) -> None:
    """Two clones with other umasks, time zones and locales give packages of the same hashes."""
    first = built(repository, tmp_path / "a", 0o022, SOURCE_DATE_EPOCH="1700000000", TZ="UTC")
    second = built(
        repository,
        tmp_path / "somewhere-else",
        0o077,
        SOURCE_DATE_EPOCH="1700000000",
        TZ="Asia/Tokyo",
        LC_ALL="C",
    )
    assert first == second
    assert first.keys() == {f"kenjo_bridge-{version()}-py3-none-any.whl", f"kenjo_bridge-{version()}.tar.gz"}


def test_only_what_is_committed_is_built_at_the_time_of_the_commit(repository: Path, tmp_path: Path) -> None:
    """Without SOURCE_DATE_EPOCH every member bears the commit's time; a leftover is not among them."""
    built(repository, tmp_path, 0o022, SOURCE_DATE_EPOCH="")
    command = ["git", "log", "-1", "--format=%ct"]
    said = subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True)  # noqa: S603
    with tarfile.open(next((tmp_path / "dist").glob("*.tar.gz"))) as archive:
        members = archive.getmembers()
    assert {member.mtime for member in members} == {int(said.stdout)}
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert "bridge/leftover.py" not in names
    assert {"bridge/errors.py", "service/cli/main.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "release/"))]
