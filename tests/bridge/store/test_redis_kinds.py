"""A Redis that is not as it should be says so in a sentence of its own: real servers, each set up so."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.exceptions import RedisError

from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.store import trouble
from bridge.store.backend import open_backend
from tests.conftest import redis_binaries, redis_binary
from tests.delivery import delivery, person
from tests.polling import inactive, start
from tests.running import until

PASSWORD = "for-tests-only"


@asynccontextmanager
async def server(
    folder: Path, *settings: str, sentinel: bool = False, binary: str = ""
) -> AsyncIterator[int]:
    """A Redis with lines of redis.conf of its own; `binary`: another than tests run on. Gives its port."""
    port = free_port()
    file = written(folder, f"port {port}", "bind 127.0.0.1", f"dir {folder}", 'save ""', *settings)
    process = await asyncio.create_subprocess_exec(
        binary or redis_binary(),
        str(file),
        *(["--sentinel"] if sentinel else []),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(lambda: takes_connections(port), 10)
        yield port
    finally:
        with suppress(ProcessLookupError):  # a test may have ended it
            process.kill()  # nothing is to be kept
        await process.wait()


def written(folder: Path, *lines: str) -> Path:
    folder.mkdir()
    file = folder / "redis.conf"
    file.write_text("\n".join(lines))
    return file


def free_port() -> int:
    """A port that is free, and not so high that there is none 10000 above it, as a Cluster needs."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            if (port := int(one.getsockname()[1])) < 55_000:
                return port


async def takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def said(url: str) -> str:
    """What opening it, and being ready, comes to: "" for nothing to complain of."""
    try:
        async with open_backend(url) as backend:
            await backend.ready()
            await backend.queue.wake("t", 1.0)
    except StoreUnavailable as error:
        return str(error)
    except RedisError as error:
        return trouble.trouble(error)  # as every command does
    return ""


CONFIGURED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "nothing is wrong": ((), "", ""),
    "a password that is not given": ((f"requirepass {PASSWORD}",), "", trouble.LOG_IN),
    "a wrong password": (
        (f"requirepass {PASSWORD}",),
        ":wrong@",
        "Redis refused the user name or password in redis.url",
    ),
    "the right password": ((f"requirepass {PASSWORD}",), f":{PASSWORD}@", ""),
    "a replica": (("replicaof 127.0.0.1 1", "replica-serve-stale-data yes"), "", trouble.REPLICA),
    "a cluster": (("cluster-enabled yes",), "", trouble.CLUSTER),
    "too few replicas": (
        ("min-replicas-to-write 1",),
        "",
        "Redis has too few replicas to take anything: bring them back (min-replicas-to-write)",
    ),
}


@pytest.mark.parametrize("what", CONFIGURED)
async def test_a_server_that_is_set_up_so(tmp_path: Path, what: str) -> None:
    """Each == its sentence."""
    settings, login, sentence = CONFIGURED[what]
    async with server(tmp_path / "r", *settings) as port:
        assert await said(f"redis://{login}127.0.0.1:{port}") == sentence


async def test_a_sentinel(tmp_path: Path) -> None:
    """The address of a Sentinel == it is told that it keeps no data."""
    async with server(tmp_path / "s", sentinel=True) as port:
        assert await said(f"redis://127.0.0.1:{port}") == trouble.SENTINEL


async def test_a_database_that_there_is_not(tmp_path: Path) -> None:
    """/99 == the number is what is wrong."""
    async with server(tmp_path / "r") as port:
        sentence = await said(f"redis://127.0.0.1:{port}/99")
        assert sentence == "Redis has no database of the number in redis.url (after the last /)"


async def test_a_primary_becomes_a_replica(tmp_path: Path) -> None:
    """After it was opened == not ready, in a sentence; a primary again == ready."""
    async with server(tmp_path / "r") as port, open_backend(f"redis://127.0.0.1:{port}") as backend:
        redis: Any = backend.redis
        await backend.ready()
        await redis.replicaof("127.0.0.1", "1")
        with pytest.raises(StoreUnavailable, match="names a replica"):
            await backend.ready()
        await redis.replicaof("NO", "ONE")
        await backend.ready()


async def test_a_replica_refuses_what_a_worker_writes(tmp_path: Path) -> None:
    """A write meets a replica in the middle of the work == the same sentence, from a script as well."""
    async with server(tmp_path / "r") as port, open_backend(f"redis://127.0.0.1:{port}") as backend:
        redis: Any = backend.redis
        lease = backend.lease()
        await lease.acquire()
        await redis.replicaof("127.0.0.1", "1")
        for command in (["SET", "a", "b"], ["EVAL", "return redis.call('SET', 'a', 'b')", 0]):
            with pytest.raises(RedisError) as caught:
                await redis.execute_command(*command)
            assert trouble.trouble(caught.value) == trouble.REPLICA


(LINE,) = re.findall(
    r"^user bridge on >PASSWORD (.*)$",
    (Path(__file__).parents[3] / "docs/redis.md").read_text(),
    re.MULTILINE,
)
ALLOWED = LINE.replace(" +select", "")  # it is for databases that have a number


@pytest.mark.parametrize("version", redis_binaries())
async def test_every_server_under_the_documented_permissions(tmp_path: Path, version: str) -> None:
    """Each server that there is, with these permissions == polls, deliveries, health and `rekey` work."""
    user = f"user bridge on >{PASSWORD} {ALLOWED}"
    async with (
        server(tmp_path / "r", "user default off", user, binary=redis_binaries()[version]) as port,
        open_backend(f"redis://bridge:{PASSWORD}@127.0.0.1:{port}") as backend,
        delivery(backend) as run,
    ):
        watch = await start(run, 3)
        await backend.ready()
        assert len(await backend.warnings()) == 1  # that it does not save, without CONFIG GET
        await watch.round(person("p000", lifecycle="left"), person("p001"), person("p002"))
        assert await inactive(run) == ["p000"]
        assert (await backend.rekey()).sealed == 0


@pytest.mark.parametrize(
    ("lacks", "command"),
    [("-set", "set"), ("-eval", "eval"), ("-hgetall", "hgetall"), ("-info", "info")],
)
async def test_a_permission_is_missing(tmp_path: Path, lacks: str, command: str) -> None:
    """One command is not allowed == the sentence names it, and how to allow it."""
    user = f"user bridge on >{PASSWORD} {ALLOWED} {lacks}"
    async with server(tmp_path / "r", "user default off", user) as port:
        url = f"redis://bridge:{PASSWORD}@127.0.0.1:{port}"
        sentence = await wrong(url)
        assert sentence.startswith(
            f"Redis does not allow its user the command {command}: allow it (ACL SETUSER"
        )


async def test_keys_are_not_allowed(tmp_path: Path) -> None:
    """Another prefix only == told which keys are needed."""
    user = f"user bridge on >{PASSWORD} ~other:* +@all"
    async with server(tmp_path / "r", "user default off", user) as port:
        assert "(docs/redis.md has them)" in await wrong(f"redis://bridge:{PASSWORD}@127.0.0.1:{port}")


async def wrong(url: str) -> str:
    """What polling and delivering there comes to."""
    try:
        async with open_backend(url) as backend, delivery(backend) as run:
            await start(run, 1)
    except StoreUnavailable as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever redis-py makes of it
        return trouble.trouble(error)
    return ""


@pytest.mark.parametrize(
    ("settings", "warnings"),
    [
        (("appendonly yes",), []),
        (("appendonly yes", "maxmemory-policy allkeys-lru"), ["throws data away when it is full"]),
        ((), ["Redis forgets everything when it is restarted: set appendonly yes"]),
        (("save 900 1",), ["Redis forgets the last minutes when it is restarted: set appendonly yes"]),
    ],
)
async def test_what_may_cost_data(tmp_path: Path, settings: tuple[str, ...], warnings: list[str]) -> None:
    """Eviction, no append-only file, no saving at all == a warning each; none for a Redis that keeps all."""
    async with (
        server(tmp_path / "r", *settings) as port,
        open_backend(f"redis://127.0.0.1:{port}") as backend,
    ):
        found = await backend.warnings()
        assert len(found) == len(warnings)
        assert all(words in one for words, one in zip(warnings, found, strict=True))


async def test_full(tmp_path: Path) -> None:
    """No more memory == not ready, in a sentence; room again == ready."""
    async with server(tmp_path / "r") as port, open_backend(f"redis://127.0.0.1:{port}") as backend:
        redis: Any = backend.redis
        await redis.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable, match=r"^Redis is full: "):
            await backend.ready()
        await redis.config_set("maxmemory", "0")
        await backend.ready()


@pytest.mark.parametrize("url", ["redis://redis.invalid/0", "rediss://redis.invalid"])
async def test_nobody_is_there(url: str) -> None:
    """No port in the address == a sentence."""
    assert (await said(url)).startswith("Redis does not answer (ConnectionError)")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1/0?nonsense=1",
        "127.0.0.1/0?protocol=7",
        "127.0.0.1/0?retry=5",
        "redis..invalid:6379",
        "a" * 64,
    ],
)
async def test_an_address_that_cannot_be(address: str) -> None:
    """Options that the library does not take, or not so, and names that are none == said at once."""
    with pytest.raises(ConfigurationError, match=r"with no options but those that redis-py knows$"):
        await said(f"redis://{address}")


# TLS


@asynccontextmanager
async def tls(folder: Path, port: int) -> AsyncIterator[int]:
    """TLS in front of a Redis that speaks none, with a certificate in `folder`/ca.pem. Gives the port."""
    certificate, key = certified(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection("127.0.0.1", port)
        both = [pump(reader, behind), pump(behind_reader, writer)]
        await asyncio.gather(*both, return_exceptions=True)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield int(listener.sockets[0].getsockname()[1])
    finally:
        listener.close()


def certified(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


async def test_tls(tmp_path: Path) -> None:
    """rediss:// with the issuer == works; without it, by another name, or plain == what to write."""
    async with server(tmp_path / "r") as plain, tls(tmp_path, plain) as sealed:
        issuer = f"?ssl_ca_certs={tmp_path / 'ca.pem'}"
        assert await said(f"rediss://127.0.0.1:{sealed}{issuer}") == ""
        assert (await said(f"rediss://127.0.0.1:{sealed}")).startswith(
            "the certificate of Redis is not trusted"
        )
        assert await said(f"rediss://localhost:{sealed}{issuer}") == trouble.OTHER_NAME
        assert await said(f"rediss://localhost:{sealed}{issuer}&ssl_check_hostname=false") == ""
        assert await said(f"rediss://localhost:{sealed}?ssl_cert_reqs=none") == ""
        assert await said(f"redis://127.0.0.1:{sealed}") == trouble.TLS_WANTED
        assert await said(f"rediss://127.0.0.1:{plain}{issuer}") == (
            "Redis does not speak TLS at this address: write redis:// in redis.url"
        )
