"""The scim2-server package as a running server: strict, in memory, in the event loop of the test."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Union

from aiohttp import web
from scim2_models import (
    ListResponse,
    Patch,
    PatchOp,
    ResourceType,
    ResponseParameters,
    Schema,
    ScimProvider,
    SearchRequest,
)
from scim2_server.memory import InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
    parametrize,
)

TOKEN = "scim-secret"


class ScimServer(NamedTuple):
    """Where a server listens, and the bearer token that it takes."""

    base_url: str
    token: str


_kept: list[Any] = []
"""Models that pydantic makes anew once nobody holds them; that took a third of the time of an answer."""


@functools.cache
def _provider(without: frozenset[str]) -> ScimProvider:
    """What servers of a kind share: their schemas. Models of them take longer to make than many a test."""
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    if "patch" in without:
        config.patch = Patch(supported=False)
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )
    models = tuple(ScimService(provider).get_models())
    kinds: list[tuple[type[Any], Any]] = [(ListResponse, model) for model in (Schema, ResourceType)]
    kinds += [(kind, Union.__getitem__(models)) for kind in (SearchRequest, ListResponse)]
    kinds += [(kind, model) for kind in (SearchRequest, PatchOp, ResponseParameters) for model in models]
    _kept.extend(parametrize(kind, of) for kind, of in kinds)
    return provider


@asynccontextmanager
async def scim_server(
    *, token: str = TOKEN, tokens: set[str] | None = None, without: Collection[str] = (), port: int = 0
) -> AsyncIterator[ScimServer]:
    """Run a server; `without` may name "patch", which it then answers with 501.

    It takes `token`, or those that are in `tokens` at the time.
    """
    provider = _provider(frozenset(without))
    service = ScimService(provider, secret="a secret for cursors, of no use here")
    scim = BearerTokenApplication(InMemoryStorage(), provider, service, bearer_tokens=[token])
    scim.bearer_tokens = scim.bearer_tokens if tokens is None else tokens
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", functools.partial(_answer, scim))
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield ScimServer(f"http://127.0.0.1:{runner.addresses[0][1]}/v2", token)
    finally:
        await runner.cleanup()


async def _answer(scim: BearerTokenApplication, request: web.Request) -> web.Response:
    """Have the package answer a request; it knows no web framework."""
    asked = ScimRequest(
        method=request.method,
        base_url=f"http://{request.host}/v2",
        path=scim.split_path(request.path),
        query=dict(request.query),
        headers=list(request.headers.items()),
        body=await request.read(),
    )
    answer = scim.serve(asked)
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    return web.Response(status=answer.status, headers=answer.headers, body=body)
