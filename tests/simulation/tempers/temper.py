"""What a temper is: a kind of directory, as it is modelled and as it is spoken to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.directory import Directory
from workers.targets.base import Adapter


@dataclass(frozen=True)
class Temper:
    """`directory`: the model; `adapter`: what speaks to it; `settings`: how a target of that kind is set."""

    directory: type[Directory]
    adapter: Adapter
    settings: Mapping[str, Any] = field(default_factory=dict)
