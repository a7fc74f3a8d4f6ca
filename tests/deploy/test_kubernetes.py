"""The rendered overlays: what Kubernetes accepts, and what they promise."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest

from bridge.config.settings import BridgeSettings

from .image import ROOT, final, tag
from .kustomize import Object, pod_spec, render
from .naming import IN_KUBERNETES, read

KUBERNETES = ROOT / "deploy" / "kubernetes"
EXAMPLE = KUBERNETES / "base" / "bridge.example.yaml"
OVERLAYS = ["always-on", "scheduled"]
OLDEST_SUPPORTED = "1.31"


def overlay(name: str) -> list[Object]:
    return render(KUBERNETES / "overlays" / name)


def every_object() -> list[Any]:
    return [
        pytest.param(found, id=f"{name}-{found['kind']}-{found['metadata']['name']}")
        for name in OVERLAYS
        for found in overlay(name)
    ]


def every_pod() -> list[Any]:
    return [
        pytest.param(pod, id=found["metadata"]["name"])
        for name in OVERLAYS
        for found in overlay(name)
        if (pod := pod_spec(found))
    ]


def only(objects: list[Object], kind: str) -> Iterator[Object]:
    return (found for found in objects if found["kind"] == kind)


def environment(container: Object) -> dict[str, str]:
    """Return the variables of a container: the image's, with the manifest's on top."""
    return {**final().environment, **{entry["name"]: entry["value"] for entry in container.get("env", [])}}


def test_overlays_hold_what_their_names_say() -> None:
    """Always-on is two Deployments behind a Service; scheduled is a CronJob and no process in between."""
    shared = ["ConfigMap", "ServiceAccount"]
    kinds = {name: sorted(found["kind"] for found in overlay(name)) for name in OVERLAYS}
    assert kinds["always-on"] == sorted([*shared, "Deployment", "Deployment", "Service"])
    assert kinds["scheduled"] == sorted([*shared, "CronJob"])


@pytest.mark.parametrize("found", every_object())
@pytest.mark.parametrize("version", [OLDEST_SUPPORTED, kubernetes_validate.latest_version()])
def test_object_fits_the_schema_of_kubernetes(found: Object, version: str) -> None:
    """Every object is valid for the oldest and the newest Kubernetes, with no field that it does not know."""
    kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("found", every_object())
def test_object_names_no_namespace(found: Object) -> None:
    """The namespace is the user's choice."""
    assert "namespace" not in found["metadata"]


@pytest.mark.parametrize("pod", every_pod())
def test_pod_meets_the_restricted_standard(pod: Object) -> None:
    """A pod is not root, gains nothing, holds no capability and writes to its own /tmp only."""
    user = int(final().last("USER").partition(":")[0])
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert writable == {"/tmp"}  # noqa: S108  # inside the container
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()


@pytest.mark.parametrize("pod", every_pod())
def test_pod_has_no_key_to_the_cluster(pod: Object) -> None:
    """Neither the pod nor its ServiceAccount mounts a token."""
    (account,) = only(overlay("always-on"), "ServiceAccount")
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert pod["automountServiceAccountToken"] is False
    assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("pod", every_pod())
def test_pod_gets_no_variables_that_look_like_settings(pod: Object) -> None:
    """A Service called kenjo-bridge would give each pod KENJO_BRIDGE_PORT and more: no settings of ours."""
    assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize("pod", every_pod())
def test_pod_waits_longer_than_the_bridge_takes_to_stop(pod: Object) -> None:
    """Between SIGTERM and SIGKILL there is time for the bridge's grace and its exit."""
    assert pod["terminationGracePeriodSeconds"] >= BridgeSettings().shutdown_grace + 10


@pytest.mark.parametrize("pod", every_pod())
def test_pod_runs_this_version_with_bounded_memory(pod: Object) -> None:
    """The image is the project's, tagged with its version, never `latest`; memory has a limit."""
    (container,) = pod["containers"]
    assert container["image"] == tag()
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"].keys() == {"memory"}


@pytest.mark.parametrize("pod", every_pod())
def test_configuration_and_secrets_are_mounted_where_they_are_read(pod: Object) -> None:
    """The mounts hold the file of KENJO_BRIDGE_CONFIG and the folder of KENJO_BRIDGE_SECRETS_DIR."""
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    file = PurePosixPath(environment(container)["KENJO_BRIDGE_CONFIG"])
    (config,) = only(overlay("always-on"), "ConfigMap")
    assert mounted[str(file.parent)]["configMap"]["name"] == config["metadata"]["name"]
    assert config["data"].keys() == {file.name}
    secret = mounted[environment(container)["KENJO_BRIDGE_SECRETS_DIR"]]["secret"]
    assert secret == {"secretName": "kenjo-bridge-secrets", "defaultMode": 0o440}


@pytest.mark.parametrize("pod", every_pod())
def test_bridge_reads_the_variables_and_secret_files(pod: Object, tmp_path: Path) -> None:
    """Every variable, and every key that docs/deploy.md puts into the Secret, is read from its mount."""
    values = read(EXAMPLE, environment(pod["containers"][0]), IN_KUBERNETES, tmp_path)
    assert values.kenjo.api_key
    assert values.encryption.key
    assert values.redis.url
    assert values.redis.url.get_secret_value() == "made-up-redis__url"
    assert (values.web.host, values.web.port) == ("0.0.0.0", 8080)


def test_roles_are_commands_of_the_bridge() -> None:
    """The service watches, the workers write, the CronJob does both once."""
    pods = {f["metadata"]["name"]: pod for name in OVERLAYS for f in overlay(name) if (pod := pod_spec(f))}
    assert {name: pod["containers"][0]["args"] for name, pod in pods.items()} == {
        "kenjo-bridge-service": ["serve"],
        "kenjo-bridge-workers": ["work"],
        "kenjo-bridge-sync": ["sync"],
    }


def test_probes_ask_the_pages_that_the_role_has() -> None:
    """Both roles start and live by /healthz and are ready by /readyz, on the image's port."""
    for found in only(overlay("always-on"), "Deployment"):
        (container,) = found["spec"]["template"]["spec"]["containers"]
        probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
        health = {"path": "/healthz", "port": "http"}
        ready = {"path": "/readyz", "port": "http"}
        assert probes == {"startupProbe": health, "livenessProbe": health, "readinessProbe": ready}
        port = int(final().environment["KENJO_BRIDGE_WEB__PORT"])
        assert container["ports"] == [{"name": "http", "containerPort": port}]
        notes = found["spec"]["template"]["metadata"]["annotations"]
        assert (notes["prometheus.io/port"], notes["prometheus.io/path"]) == (str(port), "/metrics")


def test_selectors_find_their_own_pods_only() -> None:
    """Each Deployment selects its own pods, the Service those of the service, none those of another."""
    deployments = list(only(overlay("always-on"), "Deployment"))
    (service,) = only(overlay("always-on"), "Service")
    labels = {f["metadata"]["name"]: f["spec"]["template"]["metadata"]["labels"] for f in deployments}
    selectors = {f["metadata"]["name"]: f["spec"]["selector"]["matchLabels"] for f in deployments}
    for name, selector in {**selectors, "kenjo-bridge-service": service["spec"]["selector"]}.items():
        assert [found for found in labels if selector.items() <= labels[found].items()] == [name]
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]


def test_rolling_update_starts_the_new_pod_first() -> None:
    """No update leaves the bridge without a service or a worker."""
    for found in only(overlay("always-on"), "Deployment"):
        assert found["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_scheduled_sync_is_never_doubled_or_repeated() -> None:
    """One sync at a time, each tried once, each with an end: the next run is the retry."""
    (job,) = only(overlay("scheduled"), "CronJob")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 0
    assert job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never"
