"""One package per kind of target, found by its name: `kind: scim` is `workers.targets.scim`.

Other distributions add kinds by an entry point of the group `kenjo_bridge.targets` whose name is the kind and
whose value is the module with its ADAPTER.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points

from bridge.errors import ConfigurationError
from workers.targets.base import Adapter

GROUP = "kenjo_bridge.targets"
"""The group of entry points under which other distributions announce their kinds."""


def kinds() -> list[str]:
    """The kinds that can be configured, sorted."""
    return sorted({*_own(), *_foreign()})


def load(kind: str) -> Adapter:
    """The adapter of a kind. Raises ConfigurationError that names the kinds there are."""
    if kind in _own():
        adapter: Adapter = importlib.import_module(f"{__name__}.{kind}").ADAPTER
        return adapter
    if kind in (foreign := _foreign()):
        return _adapter_of(foreign[kind])
    raise ConfigurationError(f"there is no target kind '{kind}'; there is: {', '.join(kinds())}")


def _own() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]


def _foreign() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _adapter_of(point: EntryPoint) -> Adapter:
    """What another distribution gives. Whatever goes wrong in it is said with its name."""
    origin = point.dist.name if point.dist else point.value
    try:
        adapter = point.load()
    except Exception as error:  # noqa: BLE001 - it is not our code
        raise ConfigurationError(
            f"the target kind '{point.name}' of the package {origin} cannot be loaded"
            f" ({type(error).__name__}): see that its version fits this one of kenjo-bridge"
        ) from None
    adapter = getattr(adapter, "ADAPTER", adapter)
    if not isinstance(adapter, Adapter):
        raise ConfigurationError(
            f"the target kind '{point.name}' of the package {origin} has no ADAPTER: its entry point has to"
            " name a module that exports one"
        )
    return adapter
