"""What `status` says of calls of which a target takes few in a day."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from bridge.config.settings import BridgeSettings
from bridge.wire.budget import DAY, Window
from service.cli.views import show_status
from service.operations.assembly import opened
from service.operations.status import status


async def test_status_says_how_many_are_used(tmp_path: Path) -> None:
    """Three uploads of 2,000 == used and limit, also in words; a target without such calls has nothing."""
    usual = {"kind": "entra", "client_id": "c", "client_secret": "s"}
    job = {"via": "provisioning", "service_principal": "5f3c", "job": "API2AAD.1"}
    targets = {
        "uploads": {**usual, **job, "tenant": "a"},
        "direct": {**usual, "tenant": "b", "client_secret": "t"},
    }
    given = {"targets": targets, "data_dir": tmp_path / "data"}
    async with opened(BridgeSettings.model_validate(given)) as bridge:
        for _ in range(3):
            await bridge.backend.budget("uploads").take([Window(DAY, 2000)], urgent=False)
        found = await status(bridge)
    assert found["targets"]["uploads"]["budget"] == {"used": 3, "limit": 2000}
    assert found["targets"]["direct"]["budget"] is None
    console = Console(file=io.StringIO(), width=400)
    show_status(console, found)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "uploads: 3 of the 2000 calls for 24 hours are used" in text
    assert "direct: " not in text
