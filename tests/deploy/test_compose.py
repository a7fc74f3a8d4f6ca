"""What deploy/compose promises, without a container engine."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import redis
import yaml

from bridge.config.settings import BridgeSettings
from tests.conftest import listens, redis_binary

from .image import ROOT, final, tag
from .naming import read

FOLDER = ROOT / "deploy" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ROLES = {name: service for name, service in SERVICES.items() if name != "redis"}


def test_file_fits_the_compose_specification() -> None:
    """The file is read by an implementation of the specification, which refuses unknown keys and values."""
    read = compose_spec.PyCompose.from_json(json.dumps(COMPOSE))
    assert set(read.service_names()) == {"redis", "service", "worker"}


def test_roles_are_commands_of_the_bridge() -> None:
    """Two containers of the one image: one watches, one writes."""
    assert {name: role["command"] for name, role in ROLES.items()} == {
        "service": ["serve"],
        "worker": ["work"],
    }


@pytest.mark.parametrize("name", SERVICES)
def test_container_is_confined(name: str) -> None:
    """Each container has a read-only file system, no capability and no way to gain one, and restarts."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & service.keys()


@pytest.mark.parametrize("name", ROLES)
def test_role_runs_this_version_and_has_time_to_stop(name: str) -> None:
    """The image is the project's version, built from its root; SIGKILL comes after the bridge's own grace."""
    role = ROLES[name]
    assert role["image"] == tag()
    assert (FOLDER / role["build"]["context"] / "Dockerfile").resolve() == ROOT / "Dockerfile"
    assert int(role["stop_grace_period"].removesuffix("s")) >= BridgeSettings().shutdown_grace + 10


@pytest.mark.parametrize("name", ROLES)
def test_role_reads_its_configuration_where_it_is_mounted(name: str) -> None:
    """bridge.yaml is where the bridge looks; each secret lies under its own name in Compose's folder."""
    role = ROLES[name]
    assert [entry["target"] for entry in role["configs"]] == [role["environment"]["KENJO_BRIDGE_CONFIG"]]
    assert [COMPOSE["configs"][entry["source"]] for entry in role["configs"]] == [{"file": "./bridge.yaml"}]
    assert role["environment"]["KENJO_BRIDGE_SECRETS_DIR"] == "/run/secrets"
    assert {secret: {"file": f"./secrets/{secret}"} for secret in role["secrets"]} == COMPOSE["secrets"]


@pytest.mark.parametrize("name", ROLES)
def test_bridge_reads_the_variables_and_secret_files(name: str, tmp_path: Path) -> None:
    """The example configuration with the variables and secrets that go with it is a whole and valid one."""
    role = ROLES[name]
    variables = {**final().environment, **role["environment"]}
    values = read(FOLDER / "bridge.example.yaml", variables, role["secrets"], tmp_path)
    assert values.kenjo.api_key
    assert values.encryption.key
    assert values.redis.url
    assert values.redis.url.get_secret_value() == role["environment"]["KENJO_BRIDGE_REDIS__URL"]


def test_examples_for_compose_and_kubernetes_are_the_same() -> None:
    """Moving from one to the other needs no other bridge.yaml."""
    other = ROOT / "deploy" / "kubernetes" / "base" / "bridge.example.yaml"
    assert yaml.safe_load(other.read_text()) == yaml.safe_load((FOLDER / "bridge.example.yaml").read_text())


def test_web_page_is_published_on_this_host_only() -> None:
    """One port is published, that of the service, on the loopback address."""
    port = final().environment["KENJO_BRIDGE_WEB__PORT"]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"service": [f"127.0.0.1:{port}:{port}"]}


def test_redis_is_reached_by_the_bridge_alone() -> None:
    """Redis is on an internal network of its own, under the name in the bridge's address, not as root."""
    assert SERVICES["redis"]["networks"] == ["store"]
    assert COMPOSE["networks"]["store"]["internal"] is True
    assert int(SERVICES["redis"]["user"].partition(":")[0]) > 0
    assert not SERVICES["redis"]["image"].endswith(("redis", ":latest", ":alpine"))
    for role in ROLES.values():
        assert role["networks"] == ["default", "store"]
        assert role["depends_on"] == {"redis": {"condition": "service_healthy"}}
        assert role["environment"]["KENJO_BRIDGE_REDIS__URL"].startswith("redis://redis:6379")
    assert SERVICES["redis"]["healthcheck"]["test"][0] == "CMD"


@pytest.fixture
def configured_redis(tmp_path: Path) -> Iterator[redis.Redis]:
    """A redis-server, started as compose.yaml does, but on a socket."""
    program, *arguments = SERVICES["redis"]["command"]
    assert program == "redis-server"
    path = tmp_path / "redis.sock"
    command = [redis_binary(), *arguments, "--port", "0", "--unixsocket", str(path)]
    with subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.DEVNULL) as server:  # noqa: S603
        deadline = time.monotonic() + 10
        while not listens(path) and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        with redis.Redis(unix_socket_path=str(path), decode_responses=True) as client:
            yield client
        server.kill()


def test_redis_keeps_what_it_was_told(configured_redis: redis.Redis) -> None:
    """A server started with the command of compose.yaml appends to a file and evicts nothing."""
    assert configured_redis.config_get("appendonly") == {"appendonly": "yes"}
    assert configured_redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert SERVICES["redis"]["volumes"] == ["redis-data:/data"]
    assert "redis-data" in COMPOSE["volumes"]
