"""docs/deploy.md says what the files do."""

import re

import yaml

from .image import ROOT, final, tag
from .kustomize import render
from .naming import IN_KUBERNETES

TEXT = (ROOT / "docs" / "deploy.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())


def test_named_secret_files_are_those_of_the_manifests() -> None:
    """Every `section__setting` that the page names is a secret that the manifests' tests read."""
    assert set(re.findall(r"\b[a-z]+(?:__[a-z_]+)+\b", TEXT)) == set(IN_KUBERNETES)
    assert COMPOSE["secrets"].keys() == set(IN_KUBERNETES) - {"redis__url"}


def test_named_variables_are_set_by_the_image() -> None:
    """Every KENJO_BRIDGE_... variable on the page is one of the image's."""
    names = set(re.findall(r"KENJO_BRIDGE_[A-Z_]+", TEXT))
    assert names == {"KENJO_BRIDGE_WEB__HOST", "KENJO_BRIDGE_WEB__PORT"}
    assert names <= final().environment.keys()


def test_named_objects_are_rendered() -> None:
    """Every object of ours that the page names is in one of the overlays; the Secret is the user's."""
    overlays = ROOT / "deploy" / "kubernetes" / "overlays"
    made = {f["metadata"]["name"] for path in overlays.iterdir() for f in render(path)}
    made |= {re.sub(r"-config-\w+$", "-config", name) for name in made}
    assert set(re.findall(r"\bkenjo-bridge-[a-z]+\b", TEXT)) - {"kenjo-bridge-secrets"} <= made


def test_named_paths_and_services_exist() -> None:
    """Folders, files and Compose services in the page's commands are there; the image has its present tag."""
    assert set(re.findall(r"\boverlays/[a-z-]+", TEXT)) == {"overlays/always-on", "overlays/scheduled"}
    folder = ROOT / re.findall(r"^cd (\S+)", TEXT, flags=re.MULTILINE)[0]
    assert (folder / re.findall(r"^cp (\S+)", TEXT, flags=re.MULTILINE)[0]).is_file()
    used = re.findall(r"compose run --rm (\w+)|--scale (\w+)=|compose restart (\w+) (\w+)", TEXT)
    assert {name for names in used for name in names if name} == {"service", "worker"}
    assert f"--tag {tag()} " in TEXT


def test_named_user_and_grace_are_in_force() -> None:
    """The user's number, and the seconds to wait after SIGTERM, are those of the image and of Compose."""
    assert final().last("USER") in TEXT
    assert f"chown {final().last('USER')} secrets/*" in TEXT
    (seconds,) = re.findall(r"Give it (\d+)\.", TEXT)
    assert COMPOSE["services"]["service"]["stop_grace_period"] == f"{seconds}s"
