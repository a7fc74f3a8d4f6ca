"""Whether the bridge reads the variables and secret files that the manifests give it."""

from pathlib import Path

from bridge.config.configuration import load_settings, target_settings
from bridge.config.settings import BridgeSettings
from workers.targets import load

IN_KUBERNETES = ["encryption__key", "kenjo__api_key", "redis__url", "targets__directory__token"]
"""The keys of the Secret that docs/deploy.md tells to make."""


def read(example: Path, variables: dict[str, str], secrets: list[str], folder: Path) -> BridgeSettings:
    """Start as the bridge does, with an example configuration and made-up secrets in an empty folder.

    Raises ConfigurationError for a name that is not the path of a setting.
    """
    assert all(name == name.upper() for name in variables)
    assert all(name == name.lower() for name in secrets)
    mount_secrets(folder, secrets)
    places = {"KENJO_BRIDGE_CONFIG": str(example), "KENJO_BRIDGE_SECRETS_DIR": str(folder)}
    assert places.keys() <= variables.keys()
    values = load_settings(environ={**variables, **places})
    assert values.targets
    for name, target in values.targets.items():
        target_settings(name, target, load(target.kind).settings)
    return values


def mount_secrets(folder: Path, names: list[str]) -> None:
    """Lay secrets out as Kubernetes does: each a link through `..data` to the present version."""
    version = folder / "..2026_01_01_00_00_00.1"
    version.mkdir()
    (folder / "..data").symlink_to(version.name)
    for name in names:
        (version / name).write_text(f"made-up-{name}\n")
        (folder / name).symlink_to(Path("..data") / name)
