"""The settings in use, for those who may see them: without secrets."""

from __future__ import annotations

from typing import Any

from bridge.model import Kind
from service.operations.assembly import Bridge


def settings_in_use(bridge: Bridge) -> dict[str, Any]:
    """All settings that are not as by default, as in bridge.yaml; secrets are rows of asterisks.

    Those of targets are told as their kinds read them: before that nobody knows which are secret.
    """
    found = bridge.values.model_dump(mode="json", exclude_defaults=True, exclude={"targets"})
    targets = {
        name: route.settings.model_dump(mode="json", exclude_defaults=True)
        for name, route in bridge.routes.items()
    }
    return {**found, "targets": targets}


def mappings(bridge: Bridge) -> dict[str, dict[str, dict[str, str]]]:
    """By target and kind of record: the expression of each attribute."""
    return {
        name: {
            str(kind): {attribute: one.source for attribute, one in route.maps.get(kind, {}).items()}
            for kind in Kind
            if route.serves(kind)
        }
        for name, route in bridge.routes.items()
    }
