"""The Helm chart, rendered by Helm: what Kubernetes accepts, what the pods are, and what they read."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from .chart import CHART, EXAMPLE, bridge_pods, environment, helm, only, render, template, variant
from .chart_readme import README, documented, readme
from .chart_variants import VARIANTS
from .cluster import cluster
from .image import ROOT, final, project
from .kustomize import Object, pod_spec
from .kustomize import render as kustomized
from .naming import IN_KUBERNETES, read
from .programs import program

OF_OPERATORS = ("monitoring.coreos.com/", "keda.sh/")
"""Kinds that Kubernetes has no schema of: operators bring them."""


def versions() -> list[str]:
    """Return the five newest versions of Kubernetes whose schemas are there."""
    newest = int(kubernetes_validate.latest_version().split(".")[1])
    return [f"1.{minor}" for minor in range(newest - 4, newest + 1)]


@pytest.mark.parametrize("name", VARIANTS)
def test_objects_fit_the_schemas_of_kubernetes(name: str) -> None:
    """Every object is valid for the last five versions, with no field that one of them does not know."""
    checked = [found for found in variant(name) if not found["apiVersion"].startswith(OF_OPERATORS)]
    assert checked
    for found in checked:
        for version in versions():
            kubernetes_validate.validate(found, version, strict=True)


def test_chart_is_in_order_for_helm() -> None:
    """`helm lint` finds nothing to warn of."""
    assert "0 chart(s) failed" in helm("lint", "--strict")


def test_chart_has_the_version_of_the_project() -> None:
    """The chart and the image that it runs by default are of the project's version."""
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["version"] == about["appVersion"] == project()["project"]["version"]
    assert versions()[0] >= about["kubeVersion"].removeprefix(">=").removesuffix(".0-0")


def test_readme_is_what_the_values_say() -> None:
    """README.md == what `make docs` writes."""
    assert README.read_text() == readme()


def test_every_value_is_explained_and_has_a_schema() -> None:
    """The keys of values.yaml == those of its comments == those of values.schema.json, at every level."""

    def of_values(values: Object, schema: Object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        assert schema["additionalProperties"] is False, path
        assert values.keys() == schema["properties"].keys() - {"global"}, path
        for name, value in values.items():
            yield (*path, name)
            if "properties" in schema["properties"][name]:
                yield from of_values(value, schema["properties"][name], (*path, name))

    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert [value.path for value in documented()] == list(of_values(values, schema))


def without_instance(found: Object) -> Object:
    """Return an object with the labels that only Helm gives taken out, at every place."""
    text = json.dumps(found).replace('"app.kubernetes.io/instance": "kenjo-bridge", ', "")
    plain: Object = json.loads(text)
    return plain


def essentials(objects: list[Object]) -> dict[tuple[str, str], Object]:
    """Return what runs and what leads to it, by kind and name, with the ConfigMap's hashed name as it was."""
    (config,) = only(objects, "ConfigMap")
    text = json.dumps(objects).replace(f'"{config}"', '"kenjo-bridge-config"')
    found = {(one["kind"], one["metadata"]["name"]): without_instance(one) for one in json.loads(text)}
    return {key: one["spec"] for key, one in found.items() if "spec" in one}


@pytest.mark.parametrize("name", ["always-on", "scheduled"])
def test_chart_runs_what_the_kustomization_runs(name: str) -> None:
    """Where both mean the same, the specs are equal, field by field, but for the checksums of Helm's pods."""
    chart = essentials(render({"mode": name}))
    for spec in chart.values():
        notes_of_pod = spec.get("template", {}).get("metadata", {}).get("annotations", {})
        for key in [key for key in notes_of_pod if key.startswith("checksum/")]:
            del notes_of_pod[key]
    assert chart == essentials(kustomized(ROOT / "deploy" / "kubernetes" / "overlays" / name))


@pytest.mark.parametrize("name", VARIANTS)
def test_pod_meets_the_restricted_standard(name: str) -> None:
    """No pod is root, gains anything, holds a capability, a token of the cluster or a writable root."""
    user = int(final().last("USER").partition(":")[0])
    for pod in filter(None, map(pod_spec, variant(name))):
        context, (container,) = pod["securityContext"], pod["containers"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    for pod in bridge_pods(variant(name)):
        numbers = {pod["securityContext"].get(key) for key in ("runAsUser", "runAsGroup", "fsGroup")}
        assert numbers == ({None} if "OpenShift" in name else {user})
        assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "own ConfigMap"])
def test_bridge_reads_the_variables_and_secret_files(name: str, tmp_path: Path) -> None:
    """Every variable of the chart, and every key that docs/deploy.md puts into the Secret, is a setting."""
    example = tmp_path / "bridge.yaml"
    (config,) = only(variant(name), "ConfigMap").values()
    example.write_text(config["data"]["bridge.yaml"])
    for pod in bridge_pods(variant(name)):
        folder = tmp_path / f"{id(pod)}"
        folder.mkdir()
        secrets = (
            IN_KUBERNETES if "trial" not in name else [one for one in IN_KUBERNETES if one != "redis__url"]
        )
        values = read(example, environment(pod), secrets, folder)
        assert values.redis.url
        host = "kenjo-bridge-redis" if "trial" in name else "made-up-redis__url"
        assert host in values.redis.url.get_secret_value()


def test_configuration_arrives_byte_for_byte() -> None:
    """Nulls, long numbers, quotes, tabs and the end of the file are in the ConfigMap as they were written."""
    text = "targets:\n  d:\n    map: {title: null, n: 12345678901234567890}  # \t'\"<&> {{ .Values }} ü\n\n\n"
    (config,) = only(render({"config": text}), "ConfigMap").values()
    assert config["data"] == {"bridge.yaml": text}


def test_secrets_given_are_the_keys_of_a_secret() -> None:
    """The values go into the Secret that the pods mount, and nowhere else."""
    objects = variant("secrets given")
    ((name, secret),) = only(objects, "Secret").items()
    assert secret["data"] == {"kenjo__api_key": "bWFkZS11cA==", "redis__url": "cmVkaXM6Ly9lbHNld2hlcmU="}
    for pod in bridge_pods(objects):
        (mounted,) = (one["secret"] for one in pod["volumes"] if "secret" in one)
        assert mounted == {"secretName": name, "defaultMode": 0o440}
    assert "made-up" not in json.dumps(objects)
    assert not only(variant("always-on"), "Secret")


@pytest.mark.parametrize(
    ("values", "which"),
    [
        ({"config": EXAMPLE + "lead_days: 3\n"}, "config"),
        (
            {"secrets": {"values": {"kenjo__api_key": "another", "redis__url": "redis://elsewhere"}}},
            "secrets",
        ),
        ({"secrets": {**VARIANTS["secrets given"]["secrets"], "revision": "2"}}, "secrets"),
    ],
)
def test_pods_are_replaced_when_what_they_read_has_changed(values: Object, which: str) -> None:
    """A new configuration, secret or revision is a new checksum in both Deployments; the same is the same."""
    before, after, again = (
        {
            name: template(found)["metadata"]["annotations"]
            for name, found in only(render({**VARIANTS["secrets given"], **more}), "Deployment").items()
        }
        for more in ({}, values, values)
    )
    assert len(before) == 2
    for name, notes_before in before.items():
        changed = {key for key, value in notes_before.items() if after[name][key] != value}
        assert changed == {f"checksum/{which}"}
    assert after == again


def test_pods_are_replaced_when_a_secret_of_the_user_has_changed(tmp_path: Path) -> None:
    """Another content of the Secret or ConfigMap that the user has made is another checksum at an upgrade."""
    values = {"config": "", "existingConfigMap": "mine"}
    seen = []
    for key, text in (("a", "a"), ("b", "a"), ("a", "b")):
        objects = {
            "secrets/kenjo-bridge-secrets": {"kenjo__api_key": key},
            "configmaps/mine": {"bridge.yaml": text},
        }
        with cluster(tmp_path, objects) as flags:
            made = only(
                render(values, "--dry-run=server", "--disable-openapi-validation", *flags), "Deployment"
            )
        notes_of_pod = template(made["kenjo-bridge-workers"])["metadata"]["annotations"]
        seen.append((notes_of_pod["checksum/secrets"], notes_of_pod["checksum/config"]))
    (secret, config), (other_secret, same_config), (same_secret, other_config) = seen
    assert (secret != other_secret, config == same_config) == (True, True)
    assert (secret == same_secret, config != other_config) == (True, True)


def test_bridge_runs_as_a_user_that_the_machine_does_not_know(redis_url: str, tmp_path: Path) -> None:
    """A user id without a name or a home, as OpenShift gives, is enough: `check` asks Redis and Kenjo."""
    stranger = ["unshare", "--user", "--map-user=1000680000", "--map-group=1000680000"]
    if not shutil.which("unshare") or subprocess.run([*stranger, "true"], check=False).returncode:  # noqa: S603
        pytest.skip("this machine lets nobody be another user (unshare)")
    configuration = tmp_path / "bridge.yaml"
    configuration.write_text(EXAMPLE.replace("environment: sandbox", "base_url: http://127.0.0.1:9/api/v1"))
    secrets = {"KENJO_BRIDGE_KENJO__API_KEY": "made-up", "KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": "made-up"}
    done = subprocess.run(  # noqa: S603
        [*stranger, sys.executable, "-m", "service.cli.main", "check"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "KENJO_BRIDGE_CONFIG": str(configuration),
             "KENJO_BRIDGE_REDIS__URL": redis_url, **secrets},
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "kenjo: Kenjo could not be asked" in done.stdout, done


@pytest.mark.parametrize("page", [ROOT / "docs" / "deploy.md", README])
def test_documented_command_installs_the_chart(page: Path, tmp_path: Path) -> None:
    """The command on the page, with a bridge.yaml in the folder, is taken by Helm as it is."""
    (block,) = re.findall(
        r"^helm (?:upgrade --)?install (.*?)(?=\n```)", page.read_text(), re.DOTALL | re.MULTILINE
    )
    words = shlex.split(block.replace("\\\n", " ").replace("deploy/helm", str(ROOT / "deploy" / "helm")))
    (tmp_path / "bridge.yaml").write_text(EXAMPLE)
    command = [program("helm"), "template", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    assert "image: registry.example.com/kenjo-bridge:" in done.stdout


def test_documented_versions_are_those_that_are_checked() -> None:
    """docs/deploy.md names the oldest and the newest version whose schemas the chart is checked against."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    assert f"checked against the schemas of Kubernetes {versions()[0]} to {versions()[-1]}." in text
