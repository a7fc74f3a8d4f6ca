"""Which version runs."""

from __future__ import annotations

from importlib import metadata


def installed() -> str:
    """The version of the installed package; "" where it runs from a folder that was never installed."""
    try:
        return metadata.version("kenjo-bridge")
    except metadata.PackageNotFoundError:
        return ""
