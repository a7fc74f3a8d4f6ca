"""The audit asks a database, and says so where it could not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server

import pytest

from release.audit import audit

BUG = {
    "id": "GHSA-made-up",
    "summary": "a made-up one",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "aiohttp"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """OSV's `/v1/query` (https://google.github.io/osv.dev/post-v1-query/), with one bug."""

    affected = "none"

    def do_POST(self) -> None:
        """Answer about one package."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"vulns": [BUG]} if asked["package"]["name"] == self.affected else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Say nothing."""


@pytest.fixture
def database() -> Iterator[list[str]]:
    """Arguments with which the audit asks a database of our own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Database)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield osv(server.server_port)
    server.shutdown()
    server.server_close()


def osv(port: int) -> list[str]:
    return ["--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{port}/v1/query"]


def test_nothing_known_is_0(database: list[str]) -> None:
    """A database without a bug of ours == exit code 0."""
    code, told = audit(database)
    assert (code, len(told)) == (0, 1), told


def test_a_known_vulnerability_is_1_and_named(database: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of a package of the lock == exit code 1, and a line with its id and the version that mends it."""
    monkeypatch.setattr(Database, "affected", "aiohttp")
    code, told = audit(database)
    assert code == 1
    assert ["GHSA-made-up" in line and "99.0" in line for line in told] == [True]


def test_a_database_that_cannot_be_asked_is_3() -> None:
    """A closed port == exit code 3 and one sentence, not "nothing known"."""
    with create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, told = audit(osv(port))
    assert code == 3
    assert len(told) == 1
    assert told[0].startswith("No database of vulnerabilities could be asked")
