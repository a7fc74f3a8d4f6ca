"""What the rigs of APIs with a profile share: the server in this process, and the fitted adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from workers.targets.base import Adapter
from workers.targets.rest.target import ADAPTER
from workers.testing.rig import HttpRig


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    """Serve on a free port; gives scheme, host and port."""
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class RestRig(HttpRig):
    """A rig for a profile."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    @property
    def adapter(self) -> Adapter:  # type: ignore[override]  # it depends on the settings
        settings: Any = ADAPTER.settings.model_validate(self.settings(self.origin))
        return ADAPTER.fitted(settings)
