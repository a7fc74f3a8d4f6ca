"""The scim2-server package as a running server: strict, in memory, in a thread of this process."""

from __future__ import annotations

import asyncio
import functools
import socketserver
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, make_server

from scim2_models import Patch, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.testserver.cli import ThreadingWSGIServer
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

TOKEN = "scim-secret"


class ScimServer(NamedTuple):
    """Where a server listens, and the bearer token that it takes."""

    base_url: str
    token: str


class _Server(ThreadingWSGIServer):
    request_queue_size = 128

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the inherited one asks the DNS for this host's name
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
        """Write nothing."""


@functools.cache
def _provider(without: frozenset[str]) -> ScimProvider:
    """What servers of a kind share: their schemas. Models of them take longer to make than many a test."""
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    if "patch" in without:
        config.patch = Patch(supported=False)
    return ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )


@asynccontextmanager
async def scim_server(
    *, token: str = TOKEN, tokens: set[str] | None = None, without: Collection[str] = (), port: int = 0
) -> AsyncIterator[ScimServer]:
    """Run a server; `without` may name "patch", which it then answers with 501.

    It takes `token`, or those that are in `tokens` at the time.
    """
    provider = _provider(frozenset(without))
    service = ScimService(provider, secret="a secret for cursors, of no use here")
    application = BearerTokenApplication(InMemoryStorage(), provider, service, bearer_tokens=[token])
    application.bearer_tokens = application.bearer_tokens if tokens is None else tokens
    server = make_server("127.0.0.1", port, application, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield ScimServer(f"http://127.0.0.1:{server.server_port}/v2", token)
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
