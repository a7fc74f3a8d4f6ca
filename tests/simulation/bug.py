"""What a bug is that is planted on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.odds import Odds

Patch = AbstractContextManager[Any]


@dataclass(frozen=True)
class Bug:
    """`breaks`: the invariant that the product loses with it; `shows`: whether seeds of such odds can.

    `since`: the seed at which a search begins, as those before take long or show nothing. `odds` take the
    place of a seed's own, for what seeds would bring about too seldom. `temper`: of which kind all
    directories are.
    """

    breaks: str
    what: str
    plant: Callable[[], Patch]
    shows: Callable[[Odds], object]
    since: int = 1
    odds: Mapping[str, Any] = field(default_factory=dict)
    temper: str = "scim"
