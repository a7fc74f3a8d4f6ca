"""The lists of what the image is made of say what it installs."""

from __future__ import annotations

import json
import re
from importlib import metadata

import pytest

from release import licences, sbom
from release.locked import IMAGE, LOCK, packages
from release.version import ROOT, version

ONLY_ELSEWHERE = {"async-timeout", "colorama"}  # an older Python, and Windows


def test_the_parts_are_exactly_those_of_the_lock_and_the_project() -> None:
    """Components of the CycloneDX document == pins of the lock that hold in the image; plus the project."""
    document = json.loads(sbom.document())
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCK.read_text(), flags=re.MULTILINE))
    assert {one["name"]: one["version"] for one in document["components"]} == {
        name: pin for name, pin in pins.items() if name not in ONLY_ELSEWHERE
    }
    assert all(one["licenses"] for one in document["components"])
    assert document["metadata"]["component"]["purl"] == f"pkg:pypi/kenjo-bridge@{version()}"


def test_every_part_is_reached_from_the_project() -> None:
    """Following the dependencies from the project leads to every component: each has a reason."""
    document = json.loads(sbom.document())
    graph = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    reached, todo = set(), [document["metadata"]["component"]["bom-ref"]]
    while todo:
        if (ref := todo.pop()) not in reached:
            reached.add(ref)
            todo += graph[ref]
    assert reached - {document["metadata"]["component"]["bom-ref"]} == {
        one["bom-ref"] for one in document["components"]
    }


def test_the_list_of_parts_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two documents are equal, with the time of SOURCE_DATE_EPOCH where it is set, else without one."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert sbom.document() == sbom.document()
    assert "timestamp" not in json.loads(sbom.document())["metadata"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert json.loads(sbom.document())["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"


def test_the_python_of_the_lists_is_that_of_the_image() -> None:
    """The markers are evaluated for the Python that the Dockerfile starts from."""
    assert f"BASE=python:{IMAGE['python_version']}-slim" in (ROOT / "Dockerfile").read_text()


def test_the_page_of_licences_is_what_is_installed() -> None:
    """docs/licences.md == what requirements.lock and the packages say now."""
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page(), "run make licences"


def test_a_copyleft_licence_of_which_nothing_is_said_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package under the GPL that comes in must be explained before the page can be written."""
    intruder = next(one for one in packages() if one.name == "attrs")
    changed = type(intruder)("attrs", "1", "GPL-3.0-only", ())
    monkeypatch.setattr(licences, "packages", lambda: [changed])
    with pytest.raises(SystemExit, match="attrs"):
        licences.page()


def test_what_builds_the_package_is_the_same_in_the_image_and_for_developers() -> None:
    """Both lock files pin one version of setuptools, which is the one here."""
    pins = {
        re.search(r"^setuptools==(\S+)", (ROOT / name).read_text(), flags=re.MULTILINE)[1]  # type: ignore[index]
        for name in ("requirements-build.lock", "requirements-dev.lock")
    }
    assert pins == {metadata.version("setuptools")}
