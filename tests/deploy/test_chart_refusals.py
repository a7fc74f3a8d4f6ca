"""What the Helm chart refuses: each with a sentence that says what to do."""

from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.config.words import ANY_NAME, every_setting, is_secret
from workers.targets import kinds, load

from .chart import EXAMPLE, Refused, render

KEDA = {"kind": "keda", "prometheus": "http://prometheus:9090"}
GIVEN = {"kenjo__api_key": "made-up"}
PRODUCTION = EXAMPLE.replace("sandbox", "production")
HASHES = {("web", "users", ANY_NAME, "password"), ("web", "tokens", ANY_NAME, "token")}
"""Secret to the log, but only hashes stand there: they may be in a bridge.yaml."""


def variable(name: str, value: str) -> dict[str, Any]:
    return {"pods": {"env": [{"name": name, "value": value}]}}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"config": ""},
            "there is no configuration: give your bridge.yaml with --set-file config=bridge.yaml",
        ),
        ({"existingConfigMap": "mine"}, "config and existingConfigMap are both set"),
        ({"config": "kenjo: ["}, "config is not the text of a bridge.yaml"),
        ({"config": "kenjo: {api_key: x}"}, "make it the key kenjo__api_key of the Secret"),
        (
            {"config": "targets: {my-tool: {token: x}}"},
            "make it the key targets__my_tool__token of the Secret",
        ),
        ({"secrets": {}}, "there are no secrets: name a Secret with the key kenjo__api_key"),
        (
            {"secrets": {"existing": "mine", "values": GIVEN}},
            "secrets.existing and secrets.values are both set",
        ),
        ({"secrets": {"values": {"API_KEY": "x"}}}, "secrets.values.API_KEY is not called like a setting"),
        ({"secrets": {"values": GIVEN}}, "there is no Redis: give its address as secrets.values.redis__url"),
        (variable("KENJO_BRIDGE_WEB__PORT", "80"), "KENJO_BRIDGE_WEB__PORT cannot be set in pods.env"),
        ({"mode": "once", "autoscaling": KEDA}, "there are no workers with mode: once"),
        ({"mode": "scheduled", "monitoring": {"kind": "podMonitor"}}, "needs mode: always-on"),
        ({"mode": "scheduled", "ingress": {"host": "a.example"}}, "there are no pages with mode: scheduled"),
        ({"mode": "scheduled", "sync": {"schedule": "hourly"}}, "sync.schedule: hourly is no schedule"),
        ({"autoscaling": {"kind": "keda"}}, "give its address in autoscaling.prometheus"),
        (
            {"autoscaling": {**KEDA, "minReplicas": 6}},
            "minReplicas (6) is more than autoscaling.maxReplicas (5)",
        ),
        ({"autoscaling": KEDA, "workers": {"replicas": 2}}, "leave workers.replicas at 1"),
        ({"autoscaling": KEDA, "monitoring": {"kind": "none"}}, "monitoring.kind: none lets nobody read it"),
        (
            {"networkPolicy": {"enabled": True}, "ingress": {"host": "a.example"}},
            "name the ingress controller in",
        ),
        ({"networkPolicy": {"enabled": True}, "monitoring": {"kind": "podMonitor"}}, "networkPolicy.from"),
        (
            {"ingress": {"host": "a.example"}},
            "ingress.host: a.example is not in web.hosts of the configuration",
        ),
        ({"ca": {"configMap": "a", "secret": "b"}}, "ca.configMap and ca.secret are both set"),
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, Any], sentence: str) -> None:
    """What contradicts itself or cannot work == no objects, and one sentence."""
    with pytest.raises(Refused) as caught:
        render(values)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"config": PRODUCTION},
        {"config": EXAMPLE.replace("environment: sandbox", "base_url: https://api.kenjo.io/api/v1")},
        {"secrets": {"values": {**GIVEN, "kenjo__environment": "production"}}},
        {"secrets": {"values": {**GIVEN, "kenjo__base_url": "https://api.kenjo.io/api/v1"}}},
        variable("KENJO_BRIDGE_KENJO__ENVIRONMENT", "production"),
        variable("KENJO_BRIDGE_KENJO__BASE_URL", "https://api.kenjo.io/api/v1"),
        {"secrets": {"values": {**GIVEN, "redis__url": "redis://elsewhere"}}},
        variable("KENJO_BRIDGE_REDIS__URL", "redis://elsewhere"),
    ],
)
def test_redis_that_forgets_is_refused_for_production(values: dict[str, Any]) -> None:
    """A trial Redis with Kenjo's production, wherever that is said, or beside another Redis == refused."""
    with pytest.raises(Refused, match="trialRedis"):
        render({**values, "trialRedis": {"enabled": True}})


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"mode": "sometimes"}, "mode"),
        ({"replicas": 2}, "replicas"),
        ({"workers": {"replicas": 0}}, "workers.replicas"),
        ({"image": {"digest": "latest"}}, "image.digest"),
        ({"config": {"kenjo": {}}}, "config"),
        ({"networkPolicy": {"ports": [70000]}}, "networkPolicy.ports"),
    ],
)
def test_values_of_another_form_are_refused(values: dict[str, Any], place: str) -> None:
    """A misspelt name or a value of the wrong kind == no objects, and its place."""
    with pytest.raises(Refused, match="schema") as caught:
        render(values)
    assert place in str(caught.value).replace(
        "/", "."
    )  # Helm 4 writes the path with slashes, Helm 3 with dots


def test_every_secret_setting_is_kept_out_of_the_configuration() -> None:
    """Each secret of the bridge or of a target in `config` == refused; no plain setting has its name."""
    of_targets = [(place[2], is_secret(field)) for kind in kinds() for place, field in settings_of(kind)]
    secret = {name for name, hidden in of_targets if hidden}
    assert not secret & {name for name, hidden in of_targets if not hidden}
    common = {place for place, field in every_setting(BridgeSettings) if is_secret(field)} - HASHES
    for name in secret:
        with pytest.raises(Refused, match=rf"targets\.a\.{name}"):
            render({"config": f"targets: {{a: {{{name}: x}}}}"})
    for place in common:
        nested = "".join(f"{{{part}: " for part in place) + "x" + "}" * len(place)
        with pytest.raises(Refused, match=rf"{'.'.join(place)} would stand in a ConfigMap"):
            render({"config": nested})


def settings_of(kind: str) -> list[Any]:
    return [
        (place, field)
        for place, field in every_setting(load(kind).settings, ("targets", ANY_NAME))
        if len(place) == 3
    ]
