"""The sandbox as a running server."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.actions import Actions
from sandbox.api import Api, reply
from sandbox.auth import DEFAULT_DENIED, SANDBOX_KEY, TOKEN_LIFETIME, Keys
from sandbox.controls import Controls, Requests
from sandbox.errors import ApiError
from sandbox.faults import Faults
from sandbox.misbehave import spoiled
from sandbox.state import Account

API = "/api/v1"
CONTROLS = "/_sandbox"
_OPEN = {("POST", "/auth/login"), ("POST", "/auth/logout")}  # logout judges its token itself

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    account: Account,
    *,
    keys: Keys | None = None,
    faults: Faults | None = None,
    requests: Requests | None = None,
) -> web.Application:
    """Return the application: Kenjo's API below `/api/v1`, the controls below `/_sandbox`."""
    if keys is None:
        keys = Keys()
        keys.add(SANDBOX_KEY)
    faults = Faults() if faults is None else faults
    requests = Requests() if requests is None else requests
    kenjo = web.Application(middlewares=[_gate(keys, faults, requests), in_kenjo_words, _guard(keys)])
    Api(account, keys).add_routes(kenjo.router)
    controls = web.Application()
    Controls(account, keys, faults, requests).add_routes(controls.router)
    app = web.Application(middlewares=[in_kenjo_words])
    app.add_subapp(API, kenjo)
    app.add_subapp(CONTROLS, controls)
    return app


@web.middleware
async def in_kenjo_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal into Kenjo's error form."""
    try:
        return await handler(request)
    except ApiError as error:
        return reply(error.body(), error.status)
    except web.HTTPException as error:
        return reply({"code": error.status, "message": error.reason}, error.status)


def _gate(keys: Keys, faults: Faults, requests: Requests) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        requests.begin(request.method, path)
        try:
            return await spoiled(request, handler, path, faults, keys)
        finally:
            requests.end()

    return gate


def _guard(keys: Keys) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        if (request.method, path) not in _OPEN:
            keys.authorize(request.headers.get("Authorization"), path)
        return await handler(request)

    return guard


class Sandbox:
    """A Kenjo on a port of this machine: `async with Sandbox(people=50) as sandbox: ... sandbox.url`.

    The port is free to choose (0 takes any); after `stop` a second `start` comes back on the same port with
    the account as it was, like a Kenjo that was away for a while.
    """

    def __init__(
        self,
        people: int = 200,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        token_lifetime: float = TOKEN_LIFETIME,
        api_key: str = SANDBOX_KEY,
        denied: Iterable[str] = DEFAULT_DENIED,
        today: date | None = None,
    ) -> None:
        self.host, self.port, self.api_key = host, port, api_key
        self.account = Account(people, seed, today)
        self.actions = Actions(self.account)
        self.keys = Keys(token_lifetime)
        self.keys.add(api_key, denied)
        self.faults = Faults()
        self.requests = Requests()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Kenjo's base URL, as `kenjo.base_url` wants it."""
        return f"http://{self._address}{API}"

    @property
    def control_url(self) -> str:
        """The base URL of the control endpoints."""
        return f"http://{self._address}{CONTROLS}"

    async def start(self) -> None:
        """Listen; an `OSError` says that the port is taken."""
        app = create_app(self.account, keys=self.keys, faults=self.faults, requests=self.requests)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """End connections and listening; answers that still wait are given up after half a second."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
