"""An odd SCIM server, the proxy before it, and the target connected to that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.workers.targets.odd_scim import TOKEN, Odd, OddScim, odd_scim
from tests.workers.targets.quiet_scim import Quiet, QuietScim
from tests.workers.targets.scim_rig import ScimRig, scim_rig
from workers.targets.scim.target import ADAPTER
from workers.testing.proxy import Proxy, proxy_to
from workers.testing.rig import Allowed, connected


@dataclass(frozen=True, slots=True)
class World:
    """An odd server, the proxy before it and the target behind that."""

    server: OddScim
    rig: ScimRig
    proxy: Proxy
    target: Allowed

    def put(self, kind: str, id_: str, **attributes: Any) -> None:
        """Put an object into the server as it stands there."""
        self.server.objects[kind][id_] = {"id": id_, "schemas": [], **attributes}

    def operations(self) -> list[dict[str, Any]]:
        """All PATCH operations that came in."""
        return [
            one for seen in self.proxy.seen if seen.method == "PATCH" for one in seen.json()["Operations"]
        ]


@asynccontextmanager
async def world(
    odd: Odd = Odd(),  # noqa: B008 - Odd is immutable
    kind: type[OddScim] | None = None,
    **own: Any,
) -> AsyncIterator[World]:
    """Run them; `kind` is the server where it differs in more than what `odd` says."""
    own.setdefault("follow_schemas", False)  # so that a test counts what it is about
    async with (
        odd_scim(odd, kind or (QuietScim if isinstance(odd, Quiet) else OddScim)) as (server, base_url),
        scim_rig(base_url, TOKEN, **own) as rig,
        proxy_to(rig.origin) as proxy,
        connected(ADAPTER, rig.settings(proxy.url)) as target,
    ):
        yield World(server, rig, proxy, target)
