"""What deploy/ names is there: settings, ports, pages, commands, metrics, read from where they are made."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_origin

import aiohttp
import click
import pytest
import typer.main
import yaml

from bridge.config import sources
from bridge.config.settings import BridgeSettings, WebSettings
from bridge.config.words import ANY_NAME, every_setting, variable
from bridge.families import FAMILIES
from bridge.metrics import Metrics
from service.cli import registered
from service.cli.app import app
from service.web.server import serving
from workers.targets import kinds, load

from .chart import CHART, variant
from .chart_variants import VARIANTS
from .image import ROOT, final
from .kustomize import Object, pod_spec
from .kustomize import render as kustomized

OVERLAYS = sorted((ROOT / "deploy" / "kubernetes" / "overlays").iterdir())
COMPOSE: Object = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
PORT = int(final().environment["KENJO_BRIDGE_WEB__PORT"])
OF_KUBERNETES = {"KENJO_BRIDGE_PORT"}
"""What Kubernetes would give to the pods if `enableServiceLinks` let it, and a comment warns of."""


def written() -> list[Path]:
    """Return everything that somebody has written for running the bridge, by whatever means, and its page."""
    folder = ROOT / "deploy"
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [ROOT / "Dockerfile", ROOT / "docs" / "deploy.md", *sorted(files)]


def named(pattern: str) -> dict[str, str]:
    """Return what matches in these files, each with the last file that has it."""
    return {
        found: str(path.relative_to(ROOT))
        for path in written()
        for found in re.findall(pattern, path.read_text(encoding="utf-8"))
    }


@cache
def places() -> dict[tuple[str, ...], bool]:
    """Return the path of every setting and group, also of targets; and whether any names stand below it."""
    models: list[tuple[Any, tuple[str, ...]]] = [(BridgeSettings, ())]
    models += [(load(kind).settings, ("targets", ANY_NAME)) for kind in kinds()]
    found = {place: field for model, prefix in models for place, field in every_setting(model, prefix)}
    groups = {place[:length] for place in found for length in range(len(place))}
    return {
        place: get_origin(field.annotation) is dict and place not in groups for place, field in found.items()
    }


def is_setting(words: list[str]) -> bool:
    """Tell whether words are the path of a setting or group, or a name below one that holds any names."""
    return any(
        len(words) == len(place) + holds_names
        and all(part in (ANY_NAME, word) for word, part in zip(words, place, strict=False))
        for place, names in places().items()
        for holds_names in {0, int(names)}
    )


def test_variables_are_settings() -> None:
    """Each KENJO_BRIDGE_... that deploy/ names == a setting's, or one that says where settings are."""
    known = {sources.CONFIG, sources.SECRETS_DIR} | OF_KUBERNETES
    found = named(rf"\b{sources.PREFIX}[A-Z][A-Z_]*[A-Z]\b")
    assert found.keys() > {sources.CONFIG, sources.SECRETS_DIR, "KENJO_BRIDGE_WEB__PORT"}
    for name, file in found.items():
        words = name.removeprefix(sources.PREFIX).lower().split("__")
        assert name in known or is_setting(words), f"{file} names {name}, which is no setting"
    assert variable(("web", "port")) in found


def test_secret_files_are_settings() -> None:
    """Each `section__setting` that deploy/ names == a setting's path."""
    found = named(r"(?<![\w-])[a-z]+(?:__[a-z_-]*[a-z])+\b")
    assert "kenjo__api_key" in found
    for name, file in found.items():
        assert is_setting(name.split("__")), f"{file} names {name}, which is no setting"


def test_settings_in_prose_exist() -> None:
    """Each `section.setting` that deploy/ names in a comment, a note or a message == a setting."""
    sections = "|".join(sorted({place[0] for place in places() if len(place) > 1}))
    found = named(rf"(?<![\w./$-])((?:{sections})\.[a-z_]+(?:\.[a-z_]+)*)(?![\w/(-])")
    names = {name: file for name, file in found.items() if not name.endswith((".yaml", ".io", ".md"))}
    assert "kenjo.environment" in names
    for name, file in names.items():
        assert is_setting(name.split(".")), f"{file} names {name}, which is no setting"


def sets_of_objects() -> Iterator[tuple[str, list[Object]]]:
    """Yield the objects of each overlay and of each variant of the chart."""
    for path in OVERLAYS:
        yield path.name, kustomized(path)
    for name in VARIANTS:
        yield name, variant(name)


def inside(found: Any, key: str) -> Iterator[Any]:
    """Yield every value that stands under a key, at any depth."""
    if isinstance(found, dict):
        if key in found:
            yield found[key]
        for value in found.values():
            yield from inside(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from inside(value, key)


def pods(objects: list[Object]) -> Iterator[Object]:
    """Yield every pod, with its container."""
    yield from (pod for one in objects if (pod := pod_spec(one)))


def test_ports_are_those_that_are_listened_on() -> None:
    """Containers of the bridge name the image's port; what asks by number or name finds one that is there."""
    assert f"{PORT}:{PORT}" in COMPOSE["services"]["service"]["ports"][0]
    for name, objects in sets_of_objects():
        ports = {
            port["name"]: port["containerPort"]
            for pod in pods(objects)
            for container in pod["containers"]
            for port in container.get("ports", [])
        }
        assert ports.get("http", PORT) == PORT, name
        assert ports.get("redis", 6379) == 6379, name
        assert set(inside(objects, "targetPort")) <= ports.keys(), name
        assert {probe["port"] for probe in inside(objects, "httpGet")} <= ports.keys(), name
        assert set(inside(objects, "prometheus.io/port")) <= {str(ports.get("http"))}, name
        for one in objects:
            if one["kind"] == "Service":
                assert [ports[port["name"]] for port in one["spec"]["ports"]] == list(
                    inside(one["spec"], "port")
                )
            if one["kind"] in ("PodMonitor", "ServiceMonitor", "Ingress"):
                asked = [
                    port["name"] if isinstance(port, dict) else port for port in inside(one["spec"], "port")
                ]
                assert set(asked) <= ports.keys(), name
            if one["kind"] == "NetworkPolicy":
                opened = {port["port"] for rule in one["spec"]["ingress"] for port in rule["ports"]}
                assert opened <= {*ports, *ports.values()}, name


async def test_pages_answer() -> None:
    """Each page that a probe, a monitor or a text in deploy/ asks for == one that a real server has."""

    async def fine() -> list[str]:
        return []

    asked = set(named(r"(?<![\w/.])/(?:health|ready|live|metric)[a-z]*\b"))
    for _, objects in sets_of_objects():
        ends = [
            *inside(objects, "endpoints"),
            *inside(objects, "podMetricsEndpoints"),
            list(inside(objects, "httpGet")),
        ]
        asked |= {one["path"] for several in ends for one in several} | set(
            inside(objects, "prometheus.io/path")
        )
    assert asked == {"/healthz", "/readyz", "/metrics"}
    settings = WebSettings(host="127.0.0.1", port=0)
    async with (
        serving(settings, Metrics(), alive=fine, ready=fine) as address,
        aiohttp.ClientSession(address) as session,
    ):
        for path in asked:
            async with session.get(path) as answer:
                assert answer.status == 200, path


def missing(words: list[str]) -> str | None:
    """Return what of a command line is no command or option of the bridge."""
    assert registered.__all__
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            options = {name for one in command.params for name in one.opts}
            if word.partition("=")[0] not in options:
                return word
        elif isinstance(command, click.Group) or hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


def test_commands_are_those_of_the_bridge() -> None:
    """What each container runs, and each command that a note, a comment or the page tells, exists."""
    lines = [service["command"] for name, service in COMPOSE["services"].items() if name != "redis"]
    for _, objects in sets_of_objects():
        for pod in pods(objects):
            lines += [one["args"] for one in pod["containers"] if one["name"] == "kenjo-bridge"]
    told = named(r"(?:-- |`)kenjo-bridge ((?:--)?[a-z][\w -]*[a-z])") | named(r"run --rm service ([a-z]+)")
    assert {"check", "holds list", "sync"} <= told.keys()
    for line in [*lines, *(text.split() for text in told)]:
        assert missing(line) is None, f"kenjo-bridge {' '.join(line)}: no such command"


@pytest.mark.parametrize("line", ["chek", "holds lst", "sync --verfy"])
def test_misspelt_command_is_found(line: str) -> None:
    """A command, one of its own commands or an option that is not there is told."""
    assert missing(line.split()) == line.split()[-1]


def metrics() -> set[str]:
    """Return the name of every sample of our own that a process can expose (docs/metrics.md)."""
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    return {one.full_name + part for one in FAMILIES.values() for part in parts.get(one.kind, ("",))}


def test_metrics_are_those_of_the_table() -> None:
    """Each metric that deploy/ names, in queries, rules and values, is one that a process can expose."""
    found = named(r"\bkenjo_[a-z][a-z0-9_]*\b")
    assert "kenjo_bridge_pending" in found
    for name, file in found.items():
        assert name in metrics(), f"{file} asks for {name}, which no process tells"


def test_chart_is_among_what_is_looked_at() -> None:
    """No file of the chart is passed over."""
    assert set(CHART.rglob("*.*")) - set(written()) == set()
