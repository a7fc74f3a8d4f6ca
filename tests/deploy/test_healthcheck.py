"""The image's health check, run as the HEALTHCHECK instruction says, against real servers."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from .image import ROOT, final, health_command


class Server(ThreadingHTTPServer):
    """Answers /healthz with one status, every other page with 404."""

    status = 200


class Server6(Server):
    """The same, on IPv6."""

    address_family = socket.AF_INET6


class Page(BaseHTTPRequestHandler):
    """The page of a Server; status 0 hangs up without an answer."""

    server: Server

    def do_GET(self) -> None:
        if self.server.status:
            self.send_response(self.server.status if self.path == "/healthz" else 404)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Keep the test's output readable."""


@contextmanager
def serving(status: int, kind: type[Server] = Server, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve on a free port, yield it, and end."""
    with kind((host, 0), Page) as server:
        server.status = status
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def check(port: int, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the image's health check with the image's environment and another port."""
    sources = {destination: source for source, destination in final().sources}
    python, *options, script = health_command()
    assert python == "python3"
    environment = {**os.environ, **final().environment, "KENJO_BRIDGE_WEB__PORT": str(port), **variables}
    command = [sys.executable, *options, str(ROOT / sources[script])]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def test_answer_200_is_healthy() -> None:
    """A process that answers /healthz with 200 exits 0 and says nothing."""
    with serving(200) as port:
        result = check(port)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("status", [503, 404, 302])
def test_other_answer_is_unhealthy(status: int) -> None:
    """Any other status exits 1 and is named; a redirect is not followed."""
    with serving(status) as port:
        result = check(port)
    assert (result.returncode, result.stderr) == (1, f"/healthz answered {status}\n")


def test_hanging_up_is_unhealthy() -> None:
    """A process that accepts the connection and closes it exits 1."""
    with serving(0) as port:
        result = check(port)
    assert (result.returncode, result.stderr) == (1, f"no answer from port {port}: RemoteDisconnected\n")


def test_nothing_listening_is_unhealthy() -> None:
    """A port that nothing listens on exits 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refuses, and stays free of others
        port = taken.getsockname()[1]
        result = check(port)
    assert (result.returncode, result.stderr) == (1, f"no answer from port {port}: ConnectionRefusedError\n")


def test_proxy_of_the_environment_is_not_asked() -> None:
    """A container that reaches the world through a proxy still asks itself directly."""
    with serving(200) as port, serving(503) as proxy:
        result = check(port, http_proxy=f"http://127.0.0.1:{proxy}", HTTP_PROXY=f"http://127.0.0.1:{proxy}")
    assert result.returncode == 0


def test_listening_on_every_ipv6_address_is_asked_at_its_loopback() -> None:
    """With the host `::` the check asks `::1`."""
    try:
        with serving(200, Server6, "::1") as port:
            result = check(port, KENJO_BRIDGE_WEB__HOST="::")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert result.returncode == 0
