"""What `status` says of what somebody has changed at a target."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from bridge.config.settings import BridgeSettings
from bridge.store.drifts import Drift
from service.cli.views import show_status
from service.operations.assembly import opened
from service.operations.status import status


async def test_status_names_what_differs(tmp_path: Path) -> None:
    """A look found two people and a group == named with attributes, and the command that helps."""
    records = {"person:1": ("title",), "person:2": ("active", "title"), "team:3": ("members",)}
    target = {"kind": "scim", "base_url": "https://scim.example.com", "token": "t"}
    given = {"targets": {"directory": target}, "data_dir": tmp_path / "data"}
    async with opened(BridgeSettings.model_validate(given)) as bridge:
        drifts = bridge.backend.drifts("directory")
        assert (await status(bridge))["targets"]["directory"]["drift"] is None
        await drifts.note(Drift(0.0))  # nobody has looked yet
        assert (await status(bridge))["targets"]["directory"]["drift"] is None
        await drifts.note(Drift(1.0, 40, 0, records, {"u7": "5f3ac9d2e4b0a1c2d3e4f5a6"}))
        found = await status(bridge)
    assert found["targets"]["directory"]["drift"]["records"]["person:2"] == ["active", "title"]
    console = Console(file=io.StringIO(), width=400)
    show_status(console, found)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "3 of 40 were not as they were given" in text
    assert "person:2 (active, title)" in text
    assert "sync --verify" in text
    assert "u7 (person:5f3ac9d2e4b0a1c2d3e4f5a6)" in text
