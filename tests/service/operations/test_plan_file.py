"""The file that `plan --out` writes: for its owner's eyes, whole, and for a day."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.config.private_files import write_private
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import Snapshot
from bridge.store.backend import Backend
from service.operations.plans import Plan
from service.operations.signing import read_plan, write_plan


def bridge_of(backend: Backend, **settings: Any) -> Any:
    return SimpleNamespace(backend=backend, values=BridgeSettings(**settings))


def write(bridge: Any, file: Path, made: float) -> None:
    write_plan(bridge, Plan(Snapshot({}), (), {}, {}), file, made)


async def test_it_ends(backend: Backend, tmp_path: Path) -> None:
    """A plan of yesterday, and one of tomorrow == refused by a sentence; a longer plan_lifetime == taken."""
    file, now = tmp_path / "plan.json", time.time()
    bridge = bridge_of(backend)
    for made, said in ((now - 90_000, "hours ago"), (now + 3600, "in the future")):
        write(bridge, file, made)
        with pytest.raises(ConfigurationError, match=said):
            read_plan(bridge, file)
    write(bridge, file, now - 80_000)
    assert read_plan(bridge, file).steps == {}
    write(bridge, file, now - 90_000)
    assert read_plan(bridge_of(backend, plan_lifetime=100_000), file).steps == {}


@pytest.mark.parametrize("signature", ["", "made up", "ü", 5, None])
async def test_another_signature(backend: Backend, tmp_path: Path, signature: object) -> None:
    """A signature of anything else, letters outside of ASCII included == refused by a sentence."""
    file, bridge = tmp_path / "plan.json", bridge_of(backend)
    write(bridge, file, time.time())
    file.write_text(json.dumps({**json.loads(file.read_text()), "signature": signature}))
    with pytest.raises(ConfigurationError, match="its signature is wrong"):
        read_plan(bridge, file)


def test_it_is_private_whole_and_no_link(tmp_path: Path) -> None:
    """Over a file of 0644 == 0600; through a link == refused and the other file untouched; no draft stays."""
    file, other = tmp_path / "plan.json", tmp_path / "other"
    file.write_text("former")
    file.chmod(0o644)
    write_private(file, b"new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    other.write_text("other")
    file.unlink()
    file.symlink_to(other)
    with pytest.raises(ConfigurationError, match="is a link"):
        write_private(file, b"new")
    file.unlink()
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        write_private(file, b"new")

    def refuse(_draft: Path) -> None:
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError, match="no"):
        write_private(tmp_path / "third", b"x", refuse)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "plan.json"]
    assert other.read_text() == "other"
