"""`new-target`: a distribution for a kind of target of its own, written from one that works."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.errors import ConfigurationError
from workers.targets import kinds

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_OLD = re.compile(r"(?:workers\.testing\.template\.)?kenjo_mytool|test_mytool|mytool|Mytool")
"""What stands for the kind in the template, whose package is one of ours there."""


def new_target(name: str, parent: Path) -> Path:
    """Write the folder `kenjo-<name>` in another one. Returns it. Raises ConfigurationError."""
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise ConfigurationError(
            f"a kind cannot be called '{name}': up to 40 lower-case letters and digits, with - or _ between"
            " them, and a letter first"
        )
    if name in kinds():
        raise ConfigurationError(f"there is a kind '{name}' already: choose another name")
    folder = parent / f"kenjo-{name}"
    # Not through the package: its tests need pytest, which is not there where the bridge runs.
    template = importlib.resources.files("workers").joinpath("testing", "template")
    try:
        folder.mkdir()
        for place, text in _texts(template, Path()):
            file = folder / _named(str(place), name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_named(text, name), "utf-8")
    except FileExistsError:
        raise ConfigurationError(f"{folder} is there already: move it away first") from None
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder} ({error.strerror})") from None
    return folder


def _texts(folder: Traversable, place: Path) -> Iterator[tuple[Path, str]]:
    """Every file of the template, with its path in it."""
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_file() and not one.name.endswith(".pyc"):
            yield place / one.name, one.read_text("utf-8")
        elif one.is_dir():
            yield from _texts(one, place / one.name)


def _named(text: str, name: str) -> str:
    """A text of the template, of the new kind; a Python name has no `-`."""
    python = name.replace("-", "_")
    new = {
        "mytool": name,
        "Mytool": "".join(word.capitalize() for word in python.split("_")),
        "test_mytool": f"test_{python}",
    }
    return _OLD.sub(lambda old: new.get(old[0], f"kenjo_{python}"), text)
