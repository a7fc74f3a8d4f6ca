"""The version of the project stands in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from release.version import ROOT, named, set_everywhere, version


def test_every_file_that_names_a_version_names_that_of_the_project() -> None:
    """Dockerfile, manifests and pages name the version of pyproject.toml, and no other."""
    found = named()
    assert {
        str(path.relative_to(ROOT)): versions for path, versions in found.items() if versions != {version()}
    } == {}
    assert {"Dockerfile", "compose.yaml", "deploy.md", "workers.yaml"} <= {path.name for path in found}


def test_a_new_version_is_written_everywhere(tmp_path: Path) -> None:
    """After set_everywhere("9.8.7rc1") no file names another one, and nothing else in them has changed."""
    for name in ("Dockerfile", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("deploy", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    before = {
        path: path.read_text(encoding="utf-8") for path in [*named(tmp_path), tmp_path / "pyproject.toml"]
    }
    old = version()
    set_everywhere("9.8.7rc1", tmp_path)
    assert version(tmp_path) == "9.8.7rc1"
    assert set().union(*named(tmp_path).values()) == {"9.8.7rc1"}
    for path, text in before.items():
        assert path.read_text(encoding="utf-8").replace("9.8.7rc1", old) == text


@pytest.mark.parametrize("wrong", ["1.2", "v1.2.3", "1.2.3-beta", "", "1.2.3\n"])
def test_what_is_no_version_is_refused(tmp_path: Path, wrong: str) -> None:
    """A version of another form raises ValueError before anything is written."""
    with pytest.raises(ValueError, match=r"write it like 1\.2\.3"):
        set_everywhere(wrong, tmp_path)
