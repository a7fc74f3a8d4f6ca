"""Finds a profile: one that comes with the bridge, by its name, or a file beside bridge.yaml."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from bridge.config.configuration import read_file
from bridge.config.sources import Source
from bridge.errors import ConfigurationError
from bridge.printable import did_you_mean
from workers.targets.rest.profile import Profile

STARTING = "starting.yaml"
"""The commented profile to begin with; it is none of the built-in ones."""


def folder() -> Path:
    """Where the built-in profiles are."""
    return Path(str(importlib.resources.files(__package__).joinpath("profiles")))


def built_in() -> list[str]:
    """The names of the built-in profiles."""
    return sorted(path.stem for path in folder().glob("*.yaml") if path.name != STARTING)


def built_in_name(name: str) -> str:
    """The name of a built-in profile. Raises ValueError for any other."""
    if name not in built_in():
        raise ValueError(
            f"is none that comes with the bridge{did_you_mean(name, built_in())}; there is:"
            f" {', '.join(built_in())}, or the path of a file such as ./mytool.yaml"
        )
    return name


def is_file(name: str) -> bool:
    """Whether a profile's name is meant as the path of a file."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def schema() -> dict[str, Any]:
    """The JSON Schema of a profile, for editors."""
    found = Profile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "A profile of an API",
    }


def load(name: str) -> tuple[Profile, Source]:
    """A profile, and where in its file everything stands. Raises ConfigurationError."""
    if is_file(name):
        return read_file(Path(name), Profile)
    try:
        return read_file(folder() / f"{built_in_name(name)}.yaml", Profile)
    except ValueError as error:
        raise ConfigurationError(f"the profile '{name}' {error}") from None
