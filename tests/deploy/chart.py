"""Renders the Helm chart, by Helm itself."""

import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache

import yaml

from .chart_variants import VARIANTS
from .image import ROOT, final
from .kustomize import Object, pod_spec
from .programs import program

CHART = ROOT / "deploy" / "helm" / "kenjo-bridge"
EXAMPLE = (ROOT / "deploy" / "kubernetes" / "base" / "bridge.example.yaml").read_text()
OURS = {"config": EXAMPLE, "secrets": {"existing": "kenjo-bridge-secrets"}}
"""The least that has to be given: the kustomization's configuration, the Secret that docs/deploy.md makes."""


class Refused(Exception):
    """Helm ended with this sentence."""


def helm(*arguments: str, values: Object | None = None) -> str:
    """Run Helm on the chart and return what it prints. Raises Refused."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(yaml.safe_dump({**OURS, **(values or {})}))
        file.flush()
        command = [program("helm"), *arguments, str(CHART), "--values", file.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def helm_version() -> str:
    """Return the version of Helm: `v4.3.1`."""
    command = [program("helm"), "version", "--template", "{{.Version}}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603


def render(values: Object | None = None, *flags: str, release: str = "kenjo-bridge") -> list[Object]:
    """Return the objects of a release. Raises Refused."""
    text = helm("template", release, *flags, values=values)
    return [found for found in yaml.safe_load_all(text) if found]


@cache
def variant(name: str) -> list[Object]:
    """Return the objects of one of VARIANTS."""
    return render(VARIANTS[name])


def only(objects: list[Object], kind: str) -> dict[str, Object]:
    """Return the objects of a kind by their names."""
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == kind}


def template(found: Object) -> Object:
    """Return the pod template of a Deployment."""
    made: Object = found["spec"]["template"]
    return made


def bridge_pods(objects: list[Object]) -> Iterator[Object]:
    """Yield every pod that runs the bridge."""
    for found in objects:
        pod = pod_spec(found)
        if pod and pod["containers"][0]["name"] == "kenjo-bridge":
            yield pod


def environment(pod: Object) -> dict[str, str]:
    """Return the variables of a pod of the bridge: the image's, with the chart's on top."""
    entries = pod["containers"][0]["env"]
    return {**final().environment, **{entry["name"]: entry["value"] for entry in entries}}
