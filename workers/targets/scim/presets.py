"""What vendors document of their SCIM servers, as defaults of settings: data, with the page that says so."""

from __future__ import annotations

import difflib
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence, the address of the page that it is from, and what has to be set for it, if anything."""

    says: str
    source: str
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preset:
    """A product. `address`: what its address looks like, where each account has one of its own."""

    product: str
    facts: tuple[Fact, ...]
    address: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """What all its facts set."""
        settings: dict[str, Any] = {}
        for fact in self.facts:
            settings = _laid_over(settings, fact.set)
        return settings


@cache
def presets() -> Mapping[str, Preset]:
    """All of them by name, sorted."""
    text = importlib.resources.files(__package__).joinpath("presets.yaml").read_text("utf-8")
    return {
        name: Preset(one["product"], tuple(Fact(**fact) for fact in one["facts"]), one.get("address", ""))
        for name, one in sorted(yaml.safe_load(text).items())
    }


def preset(name: str) -> Preset:
    """The preset of this name. Raises ValueError that names the nearest ones, or all."""
    if found := presets().get(name):
        return found
    near = difflib.get_close_matches(name.lower(), presets(), n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is: {', '.join(presets())}"
    raise ValueError(f"there is no preset '{name}'; {hint}")


def completed(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings as they were given, over those of their preset. Raises ValueError as `preset` does."""
    name = given.get("preset")
    return _laid_over(preset(name).settings, given) if isinstance(name, str) else given


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, the one over the other; groups of settings name by name, as from all sources of settings."""
    merged = dict(under)
    for name, value in over.items():
        if isinstance(value, BaseModel):  # a group that was read already
            value = value.model_dump(exclude_unset=True, by_alias=True)
        below = merged.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = _laid_over(below, value)
        merged[name] = value
    return merged
