"""A real Redis with TLS that asks for a client's certificate: the bridge syncs, and says what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from bridge.config.redis_settings import RedisSettings
from bridge.errors import ConfigurationError
from bridge.store import trouble
from bridge.store.pool import open_pool
from tests.redis_tls import MISSING, binary, tls_redis
from tests.workers.targets.certificates import Certificates, made
from tests.world import World


@dataclass(frozen=True)
class Secured:
    """A world whose Redis wants to see certificates; `ours` are what it knows, `theirs` those of others."""

    here: World
    server: str
    ours: Certificates
    theirs: Certificates

    def redis(self, port: int, **changed: Any) -> None:
        """Configure it; what is changed to None is left out."""
        whole = {"url": f"rediss://localhost:{port}/0", **files(self.ours), **changed}
        self.here.config["redis"] = {name: str(value) for name, value in whole.items() if value is not None}

    async def problem(self) -> str:
        """What `check` says at once."""
        ended = await self.here.run("check")
        assert (ended.code, ended.err.count("\n")) == (3, 1), ended.err
        return ended.err.removeprefix("kenjo-bridge: ").strip()


def files(own: Certificates) -> dict[str, Path]:
    return {"ca_file": own.authority, "cert_file": own.certificate, "key_file": own.key}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = binary(tmp_path_factory.mktemp("server"))
    if not found:
        pytest.skip(MISSING)
    return found


def folder(above: Path, name: str) -> Path:
    (found := above / name).mkdir()
    return found


@pytest.fixture
def secured(here: World, server: str, tmp_path: Path) -> Secured:
    return Secured(here, server, made(folder(tmp_path, "ours")), made(folder(tmp_path, "theirs")))


async def test_everybody_arrives(secured: Secured, tmp_path: Path) -> None:
    """Certificates on both sides == `check` finds nothing, and `sync` delivers everybody."""
    async with tls_redis(secured.server, tmp_path, secured.ours, secured.ours.authority) as port:
        secured.redis(port)
        assert (await secured.here.run("check")).code == 0
        done = await secured.here.run("sync", "--json")
    assert done.code == 0, done.err
    assert done.json["targets"]["directory"]["created"] > 0


@pytest.mark.parametrize(
    ("version", "says"), [("TLSv1.3", "Redis wants a certificate"), ("TLSv1.2", "Redis refuses TLS with us")]
)
async def test_whose_certificate_redis_does_not_take(
    secured: Secured, tmp_path: Path, version: str, says: str
) -> None:
    """None, or one of an authority that Redis does not know == what to set, each time that it is asked."""
    ours, theirs = secured.ours, secured.theirs
    protocols = ("--tls-protocols", version)
    async with tls_redis(secured.server, tmp_path, ours, ours.authority, *protocols) as port:
        secured.redis(port, cert_file=None, key_file=None)
        for _ in range(3):  # an alert may be lost in a reset
            assert (await secured.problem()).startswith(says)
        secured.redis(port, cert_file=theirs.certificate, key_file=theirs.key)
        assert "does not know who has signed redis.cert_file" in await secured.problem()


async def test_whose_certificate_is_not_that_of_redis(secured: Secured, tmp_path: Path) -> None:
    """Of another authority, or for another host == what to set; nothing of us is sent there."""
    ours, theirs = secured.ours, secured.theirs
    async with tls_redis(secured.server, tmp_path, ours, ours.authority) as port:
        secured.redis(port, ca_file=theirs.authority)
        assert "name the authority that has signed it in redis.ca_file" in await secured.problem()
        secured.redis(port, ca_file=None)
        assert "name the authority that has signed it in redis.ca_file" in await secured.problem()
    elsewhere = made(folder(tmp_path, "elsewhere"), ("redis.example.com",))
    async with tls_redis(secured.server, tmp_path, elsewhere, ours.authority) as port:
        secured.redis(port, ca_file=elsewhere.authority)
        assert await secured.problem() == trouble.OTHER_NAME


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """No PEM, a key with a password or of another, one of two == a sentence; no terminal is asked."""
    ours, theirs = made(folder(tmp_path, "ours")), made(folder(tmp_path, "theirs"))
    locked, empty = tmp_path / "locked.pem", tmp_path / "empty.pem"
    key: Any = serialization.load_pem_private_key(ours.key.read_bytes(), None)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"secret")))
    empty.write_text("")
    for changed, says in (
        ({"ca_file": empty}, "redis.ca_file holds no certificate"),
        ({"cert_file": ours.key}, "redis.cert_file holds no certificate"),
        ({"key_file": theirs.key}, "redis.key_file is not the key of redis.cert_file"),
        ({"key_file": empty}, "redis.key_file holds no key that can be used"),
        ({"key_file": locked}, "redis.key_file holds no key that can be used: .* without a password"),
        ({"key_file": tmp_path / "gone.pem"}, "redis.key_file cannot be read"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            open_pool(RedisSettings(url="rediss://localhost", **{**files(ours), **changed}))
    for lacking, says in (("key_file", "cert_file needs its key"), ("cert_file", "set cert_file")):
        given: dict[str, Any] = {**files(ours), lacking: None}
        with pytest.raises(ValueError, match=says):
            RedisSettings(url="rediss://localhost", **given)
