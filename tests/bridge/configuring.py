"""Configurations with mistakes, and what is said about them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.config.configuration import load_settings, target_settings
from bridge.config.section import Section
from bridge.config.settings import BearerTarget
from bridge.errors import ConfigurationError


class Quotas(Section):
    count: int = 5


class DirectorySettings(BearerTarget):
    quotas: Quotas = Quotas()


def problems(folder: Path, text: str | bytes = "", environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines of the error, with the file called FILE."""
    file = folder / "bridge.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, environ or {})
    return str(caught.value).replace(str(file), "FILE").splitlines()


def target_problems(folder: Path, target: str, name: str = "directory") -> list[str]:
    file = folder / "bridge.yaml"
    file.write_text(f"targets:\n  {name}: {target}")
    values = load_settings(file, {})
    with pytest.raises(ConfigurationError) as caught:
        target_settings(name, values.targets[name], DirectorySettings)
    return str(caught.value).splitlines()


def with_secret(folder: Path, name: str, content: bytes) -> dict[str, str]:
    (folder / "secrets").mkdir()
    (folder / "secrets" / name).write_bytes(content)
    return {"KENJO_BRIDGE_SECRETS_DIR": str(folder / "secrets")}
