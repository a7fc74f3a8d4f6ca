"""One package per kind of target, found by its name: `kind: scim` is `workers.targets.scim`."""

from __future__ import annotations

import importlib
import pkgutil

from bridge.errors import ConfigurationError
from workers.targets.base import Adapter


def kinds() -> list[str]:
    """The kinds that can be configured, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(kind: str) -> Adapter:
    """The adapter of a kind. Raises ConfigurationError that names the kinds there are."""
    if kind not in kinds():
        raise ConfigurationError(f"there is no target kind '{kind}'; there is: {', '.join(kinds())}")
    adapter: Adapter = importlib.import_module(f"{__name__}.{kind}").ADAPTER
    return adapter
