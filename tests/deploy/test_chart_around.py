"""The Helm chart, rendered by Helm: what stands around the pods, and what it tells after an installation."""

import json
from pathlib import Path

import pytest
import yaml

from .chart import bridge_pods, environment, helm, helm_version, only, render, template, variant
from .chart_variants import VARIANTS
from .image import ROOT
from .kustomize import Object, pod_spec

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())


@pytest.mark.parametrize(
    ("name", "budgets"),
    [
        ("always-on", set()),
        ("several", {"service", "workers"}),
        ("keda", {"workers"}),
        ("hpa", set()),
        ("once", set()),
    ],
)
def test_disruption_budget_is_only_where_it_blocks_no_drain(name: str, budgets: set[str]) -> None:
    """One PodDisruptionBudget for each role with more than one replica, which lets one of them go."""
    made = only(variant(name), "PodDisruptionBudget")
    assert made.keys() == {f"kenjo-bridge-{role}" for role in budgets}
    assert all(found["spec"]["maxUnavailable"] == 1 for found in made.values())
    assert not only(render({**VARIANTS["several"], "disruptionBudget": False}), "PodDisruptionBudget")


def selects(selector: Object, labels: Object) -> bool:
    """Tell whether a label selector finds labels."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", [])
    )


def found_by(selector: Object, objects: list[Object]) -> set[str]:
    """Return the roles of the pods that a selector finds."""
    labels = [template(one)["metadata"]["labels"] for one in only(objects, "Deployment").values()]
    return {one["app.kubernetes.io/component"] for one in labels if selects(selector, one)}


def test_selectors_find_the_pods_that_they_are_for() -> None:
    """Each Deployment, Service, budget and policy finds its own pods, and none of another release."""
    values = {**VARIANTS["trial Redis"], **VARIANTS["several"], **VARIANTS["serviceMonitor"]}
    values["networkPolicy"] = {"enabled": True, "from": [{"namespaceSelector": {}}]}
    here, there = render(values), render(values, release="other")
    expected = {"kenjo-bridge": {"service"}, "kenjo-bridge-service": {"service"}}
    expected |= {"kenjo-bridge-workers": {"workers"}, "kenjo-bridge-redis": {"redis"}}
    everybody = {"service", "workers"}
    for found in here:
        spec = found.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector")
        if not selector or found["kind"] == "ServiceMonitor":
            continue
        if found["kind"] == "Service":
            selector = {"matchLabels": selector}
        name = found["metadata"]["name"]
        wanted = everybody if (found["kind"], name) == ("NetworkPolicy", "kenjo-bridge") else expected[name]
        assert found_by(selector, here) == wanted, (found["kind"], name)
        assert not found_by(selector, there), (found["kind"], name)


def test_monitors_find_service_and_workers() -> None:
    """A PodMonitor finds the pods, a ServiceMonitor the Services, of service and workers."""
    (monitor,) = only(variant("podMonitor"), "PodMonitor").values()
    assert found_by(monitor["spec"]["selector"], variant("podMonitor")) == {"service", "workers"}
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (monitor_of_services,) = only(variant("serviceMonitor"), "ServiceMonitor").values()
    services = only(variant("serviceMonitor"), "Service")
    labels = {name: found["metadata"]["labels"] for name, found in services.items()}
    assert all(selects(monitor_of_services["spec"]["selector"], one) for one in labels.values())
    assert services.keys() == {"kenjo-bridge", "kenjo-bridge-workers"}
    endpoints = [{"port": "http", "path": "/metrics", "interval": "30s"}]
    assert monitor["spec"]["podMetricsEndpoints"] == monitor_of_services["spec"]["endpoints"] == endpoints
    for name in ("podMonitor", "serviceMonitor"):
        for found in only(variant(name), "Deployment").values():
            assert not [
                key for key in template(found)["metadata"]["annotations"] if key.startswith("prometheus")
            ]


@pytest.mark.parametrize("name", ["keda", "hpa"])
def test_autoscaler_alone_says_how_many_workers_there_are(name: str) -> None:
    """The workers' Deployment names no number that each upgrade would go back to."""
    kind = {"keda": "ScaledObject", "hpa": "HorizontalPodAutoscaler"}[name]
    ((scaled, scaler),) = only(variant(name), kind).items()
    workers = only(variant(name), "Deployment")[scaled]
    assert scaler["spec"]["scaleTargetRef"]["name"] == workers["metadata"]["name"] == "kenjo-bridge-workers"
    assert "replicas" not in workers["spec"]


def test_keda_asks_for_what_is_pending_and_can_be_delivered() -> None:
    """The query counts each target once, however many processes tell of it, and none that is paused."""
    (scaler,) = only(variant("keda"), "ScaledObject").values()
    (trigger,) = scaler["spec"]["triggers"]
    assert trigger["metadata"]["serverAddress"] == "http://prometheus:9090"
    assert trigger["metadata"]["threshold"] == "200"
    assert trigger["metadata"]["query"] == (
        'sum(max by (target) (kenjo_bridge_pending{namespace="default"}) and on (target)'
        ' max by (target) (kenjo_bridge_target_gate{namespace="default",state="open"}) == 1)'
    )
    own = render({"autoscaling": {**VARIANTS["keda"]["autoscaling"], "query": "sum(mine)"}})
    assert (
        only(own, "ScaledObject")["kenjo-bridge-workers"]["spec"]["triggers"][0]["metadata"]["query"]
        == "sum(mine)"
    )


def test_topology_is_spread_role_by_role() -> None:
    """Each constraint counts the pods of its own role in this release."""
    objects = variant("everything about pods")
    for found in only(objects, "Deployment").values():
        role = template(found)["metadata"]["labels"]["app.kubernetes.io/component"]
        constraints = template(found)["spec"]["topologySpreadConstraints"]
        assert [found_by(one["labelSelector"], objects) for one in constraints] == [{role}, {role}]


@pytest.mark.parametrize("name", ["own CA", "own CA in a ConfigMap"])
def test_own_authority_is_mounted_where_python_looks_for_it(name: str) -> None:
    """SSL_CERT_FILE is the bundle's key in the folder where the Secret or ConfigMap is mounted."""
    for pod in bridge_pods(variant(name)):
        place = Path(environment(pod)["SSL_CERT_FILE"])
        (mount,) = (
            one for one in pod["containers"][0]["volumeMounts"] if one["mountPath"] == str(place.parent)
        )
        (volume,) = (one for one in pod["volumes"] if one["name"] == mount["name"])
        assert "company-ca" in json.dumps(volume)
        assert place.name == VARIANTS[name]["ca"].get("key", "ca.crt")


def test_network_is_closed_but_for_what_is_named() -> None:
    """Without `from` nobody reaches the bridge; it reaches DNS and named ports; Redis hears the bridge."""
    policies = only(variant("trial Redis"), "NetworkPolicy")
    bridge, redis = policies["kenjo-bridge"]["spec"], policies["kenjo-bridge-redis"]["spec"]
    assert bridge["ingress"] == []
    assert bridge["policyTypes"] == redis["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for rule in bridge["egress"] for port in rule["ports"]} == {53, 5353, 443, 6379}
    assert "egress" not in redis
    ((sender,),) = (rule["from"] for rule in redis["ingress"])
    assert found_by(sender["podSelector"], variant("trial Redis")) == {"service", "workers"}


def test_trial_redis_runs_as_the_one_of_compose() -> None:
    """Image, command and user are those of compose.yaml; a pod that starts anew starts empty."""
    pod = pod_spec(only(variant("trial Redis"), "Deployment")["kenjo-bridge-redis"])
    assert pod
    (container,), compose = pod["containers"], COMPOSE["services"]["redis"]
    assert (container["image"], container["args"]) == (compose["image"], compose["command"])
    assert "{runAsUser}:{runAsGroup}".format(**pod["securityContext"]) == compose["user"]
    assert [volume.keys() - {"name"} for volume in pod["volumes"]] == [{"emptyDir"}]


def test_trial_redis_is_for_the_sandbox_whatever_a_secret_says() -> None:
    """The variable, which wins over every file, holds the bridge at Kenjo's sandbox."""
    for pod in bridge_pods(variant("trial Redis")):
        assert environment(pod)["KENJO_BRIDGE_KENJO__ENVIRONMENT"] == "sandbox"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("always-on", "kubectl --namespace default exec deploy/kenjo-bridge-service -- kenjo-bridge check "),
        ("scheduled", "create job kenjo-bridge-now --from=cronjob/kenjo-bridge-sync "),
        ("once", "logs --follow job/kenjo-bridge-sync-1\n"),
        ("trial Redis", "for trying out only: it forgets everything when its pod ends"),
        ("network", "https://bridge.example.com/"),
    ],
)
def test_notes_say_what_comes_next(name: str, said: str) -> None:
    """After an installation Helm prints the next commands, with the names of what was made."""
    if helm_version().startswith("v3."):
        pytest.skip("Helm 3 prints its notes only where a cluster answers")
    printed = helm("install", "kenjo-bridge", "--dry-run=client", values=VARIANTS[name])
    text = printed.partition("\nNOTES:\n")[2]
    assert said in text
    made = {found["metadata"]["name"] for found in variant(name)}
    words = [
        word.partition("/") for word in text.split() if word.startswith(("deploy", "service/", "cronjob/"))
    ]
    assert {place for _, slash, place in words if slash} <= made
