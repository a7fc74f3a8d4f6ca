"""Kinds of targets from other distributions, found by their entry points in a real folder of packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from tests.workers.targets.installed import install
from workers.targets import kinds, load


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python looks for packages in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_kind_of_another_package(site: Path) -> None:
    """It stands among the kinds, and is loaded by its name."""
    install(site, "shelf", "from tests.workers.targets.shelf import ADAPTER\n")
    assert {"shelf", "scim"} <= set(kinds())
    assert load("shelf").settings.__name__ == "ShelfSettings"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nothing_of_that_name\n", "cannot be loaded (ModuleNotFoundError)"),
        ("1 / 0\n", "cannot be loaded (ZeroDivisionError)"),
        ("ADAPTER = 7\n", "has no ADAPTER"),
    ],
)
def test_one_that_is_broken(site: Path, code: str, said: str) -> None:
    """One sentence names the package; the other kinds can be used."""
    install(site, "torn", code)
    with pytest.raises(ConfigurationError) as error:
        load("torn")
    assert said in str(error.value)
    assert "kenjo-torn" in str(error.value)
    assert load("scim")


def test_nobody_takes_the_place_of_our_own(site: Path) -> None:
    """A package that calls its kind like one of ours is not used for it."""
    install(site, "scim", "ADAPTER = 7\n")
    assert load("scim").settings.__name__ == "ScimSettings"


def test_an_unknown_kind() -> None:
    """The sentence names what there is."""
    with pytest.raises(ConfigurationError, match=r"no target kind 'sicm'; there is: .*scim"):
        load("sicm")
