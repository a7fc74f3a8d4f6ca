"""The renderer for the tests, compared with kustomize itself, and the example in docs/deploy.md."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from .image import ROOT, project
from .kustomize import Object, pod_spec, render
from .programs import program

OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"


def in_order(objects: list[Object]) -> list[Object]:
    return sorted(objects, key=lambda found: (found["kind"], found["metadata"]["name"]))


def documented(folder: Path) -> Path:
    """Write the kustomization that docs/deploy.md shows, with a configuration, and return its folder."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    (example,) = re.findall(r"```yaml\n# kustomization\.yaml\n(.*?)```", text, flags=re.DOTALL)
    example = example.replace("../kenjo-bridge/", f"{os.path.relpath(ROOT, folder.resolve())}/")
    (folder / "kustomization.yaml").write_text(example)
    (folder / "bridge.yaml").write_text("timezone: Europe/Vienna  # <& own >\n")
    return folder


@pytest.fixture(params=["always-on", "scheduled", "documented"])
def kustomization(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Each kustomization there is."""
    return documented(tmp_path) if request.param == "documented" else OVERLAYS / request.param


def test_renderer_gives_what_kustomize_gives(kustomization: Path) -> None:
    """The objects are those of `kubectl kustomize`, generated names and all."""
    command = [program("kubectl"), "kustomize", str(kustomization)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603
    assert in_order(render(kustomization)) == in_order(list(yaml.safe_load_all(output)))


def test_documented_kustomization_changes_what_it_names(tmp_path: Path) -> None:
    """The example sets namespace, image, number of workers and configuration, and nothing else."""
    objects = {(f["kind"], f["metadata"]["name"]): f for f in render(documented(tmp_path))}
    assert {found["metadata"]["namespace"] for found in objects.values()} == {"kenjo-bridge"}
    workers, service = (objects["Deployment", f"kenjo-bridge-{name}"] for name in ("workers", "service"))
    assert (workers["spec"]["replicas"], service["spec"]["replicas"]) == (2, 1)
    image = f"registry.example.com/kenjo-bridge:{project()['project']['version']}"
    for found in (workers, service):
        (container,) = (pod_spec(found) or {})["containers"]
        assert container["image"] == image
    (config,) = (found for found in objects.values() if found["kind"] == "ConfigMap")
    assert config["data"] == {"bridge.yaml": (tmp_path / "bridge.yaml").read_text()}


def test_changed_configuration_changes_the_name_that_the_pods_use(tmp_path: Path) -> None:
    """A new bridge.yaml is a new ConfigMap, and so new pods."""
    seen = set()
    for text in ("timezone: Europe/Vienna\n", "timezone: Europe/Zurich\n"):
        documented(tmp_path)
        (tmp_path / "bridge.yaml").write_text(text)
        pods = [pod for found in render(tmp_path) if (pod := pod_spec(found))]
        names = {v["configMap"]["name"] for pod in pods for v in pod["volumes"] if "configMap" in v}
        assert len(names) == 1
        seen |= names
    assert len(seen) == 2


def test_generated_name_is_the_one_that_kustomize_gave(tmp_path: Path) -> None:
    """The name of a ConfigMap is the one recorded from kustomize 5.5, also where that is not installed."""
    generator = "configMapGenerator: [{name: c, files: [bridge.yaml]}]"
    (tmp_path / "kustomization.yaml").write_text(generator)
    (tmp_path / "bridge.yaml").write_text("timezone: Europe/Vienna  # <& own > ü\n", encoding="utf-8")
    assert [found["metadata"]["name"] for found in render(tmp_path)] == ["c-m4gh9mcbkk"]


@pytest.mark.parametrize(
    "line",
    [
        "namePrefix: my-",
        "patches: []",
        "images: [{name: kenjo-bridge, digest: x}]",
        "replicas: [{nam: x}]",
        "configMapGenerator: [{literals: [a=b]}]",
    ],
)
def test_renderer_refuses_what_it_does_not_know(tmp_path: Path, line: str) -> None:
    """A field that the renderer would have to skip is an error."""
    (tmp_path / "kustomization.yaml").write_text(f"resources: []\n{line}\n")
    with pytest.raises(NotImplementedError, match="does not know"):
        render(tmp_path)
