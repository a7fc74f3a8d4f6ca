"""The settings of an API with a profile, from bridge.yaml, the environment and secret files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config.configuration import load_settings
from bridge.errors import ConfigurationError
from tests.workers.targets.oddhr_rig import PROFILE
from workers.connect import route
from workers.targets.rest.settings import RestSettings

CONFIG = """
targets:
  hr:
    kind: rest
    profile: ./profiles/mytool.yaml
    with: {company: acme}
    map: {hours: person.work.weeklyHours, job: null}
"""


def found(folder: Path, **environment: str) -> RestSettings:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "mytool.yaml").write_text(PROFILE.read_text())
    (folder / "bridge.yaml").write_text(CONFIG)
    values = load_settings(folder / "bridge.yaml", environment)
    settings = route(values, "hr").settings
    assert isinstance(settings, RestSettings)
    return settings


def test_secrets_from_the_environment_and_files(tmp_path: Path) -> None:
    """One secret as a variable, one as a file == both are the target's; the profile is beside bridge.yaml."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "targets__hr__secrets__key").write_text("from-a-file\n")
    settings = found(
        tmp_path,
        KENJO_BRIDGE_SECRETS_DIR=str(secrets),
        KENJO_BRIDGE_TARGETS__HR__SECRETS__APP="from-the-environment",
    )
    given = {name: one.get_secret_value() for name, one in settings.secrets.items()}
    assert given == {"app": "from-the-environment", "key": "from-a-file"}


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    """No secret at all == one sentence that names the target and what is needed."""
    with pytest.raises(ConfigurationError, match=r"targets\.hr needs secrets\.app: Admin > Apps"):
        found(tmp_path)


def test_with_as_json_in_the_environment(tmp_path: Path) -> None:
    """Groups of settings as JSON text == the same."""
    settings = found(
        tmp_path,
        KENJO_BRIDGE_TARGETS__HR__SECRETS='{"app": "a", "key": "k"}',
        KENJO_BRIDGE_TARGETS__HR__WITH__COMPANY="other",
    )
    assert settings.base_url == "https://other.oddhr.example/api"


def test_a_wrong_map_is_named(tmp_path: Path) -> None:
    """An attribute that the profile does not have == the nearest one that it has."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mytool.yaml").write_text(PROFILE.read_text())
    (tmp_path / "bridge.yaml").write_text(CONFIG.replace("hours:", "huors:"))
    values = load_settings(
        tmp_path / "bridge.yaml", {"KENJO_BRIDGE_TARGETS__HR__SECRETS": '{"app": "a", "key": "k"}'}
    )
    with pytest.raises(ConfigurationError, match=r"targets\.hr\.map\.huors: .* did you mean 'hours'\?"):
        route(values, "hr")
