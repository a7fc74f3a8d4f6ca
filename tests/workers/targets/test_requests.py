"""Requests are counted alike, whatever carries them: with what the target answered, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge import tracing
from bridge.errors import Conflict, TargetHalted, TryLater
from tests.workers.targets.entra_batches import at, unanswered
from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import entra_server
from tests.workers.targets.filing import Filed
from tests.workers.targets.ldap_ad_rig import made_up
from tests.workers.targets.sftp_server import sftp_server
from workers.testing.permits import Always
from workers.testing.rig import connected, person


class Heard:
    """Hears of requests. `statuses` are those since they were asked for last."""

    def __init__(self) -> None:
        self._heard: list[tuple[str, float]] = []

    def __call__(self, status: str, seconds: float) -> None:
        self._heard.append((status, seconds))

    def statuses(self) -> list[str]:
        heard, self._heard = self._heard, []
        assert all(0 < seconds < 30 for _, seconds in heard)
        return [status for status, _ in heard]


async def test_ldap(tmp_path: Path) -> None:
    """Found, there twice, may not sign in, a server that is gone == the results' names, and none."""
    async with made_up(tmp_path) as rig:
        heard = Heard()
        async with connected(rig.adapter, rig.direct(), measured=heard) as target:
            assert await target.find(person(rig, 1)) == []
            assert set(heard.statuses()) == {"success"}
            await target.upsert(person(rig, 1), None)
            heard.statuses()
            with pytest.raises(Conflict):
                await target.upsert(person(rig, 1), None)
            assert heard.statuses() == ["entryAlreadyExists"]
        async with connected(rig.adapter, rig.direct(password="wrong"), measured=heard) as target:
            with pytest.raises(TargetHalted):
                await target.find(person(rig, 1))
            assert heard.statuses() == ["invalidCredentials"]
        async with connected(rig.adapter, rig.settings(1), measured=heard) as target:
            with pytest.raises(TryLater):
                await target.find(person(rig, 1))
            assert heard.statuses() == ["none"]


async def test_ldap_is_traced(tmp_path: Path) -> None:
    """A look-up within a delivery == a span for each operation below it, with its result and no value."""
    exporting = pytest.importorskip(
        "opentelemetry.sdk.trace.export.in_memory_span_exporter", reason="OpenTelemetry is not installed"
    )
    exporter = exporting.InMemorySpanExporter()
    async with made_up(tmp_path) as rig, connected(rig.adapter, rig.direct()) as target:
        with tracing.exporting(None, exporter) as flush:
            with tracing.span("deliver"):
                await target.find(person(rig, 1))
            flush()
    *operations, deliver = exporter.get_finished_spans()
    assert {one.name for one in operations} == {"sign in", "search"}
    for one in operations:
        assert one.parent.span_id == deliver.context.span_id
        assert dict(one.attributes) == {"network.protocol.name": "ldap", "status": "success"}


async def test_what_travels_in_a_batch() -> None:
    """Done, refused and not told of in one $batch == each counts with its own status."""
    heard = Heard()
    async with entra_server() as server:
        rig = EntraRig(server)
        async with connected(rig.adapter, rig.settings(rig.origin), measured=heard) as allowed:
            target = allowed.target
            await target.size()
            assert heard.statuses() == ["200", "200"]  # the token, and the number
            server.batching.faults = [at("mueller1@", 400, "POST"), unanswered("mueller2@", "POST")]
            changes = [target.change(person(rig, number), None) for number in range(3)]
            await target.send([change for change in changes if change], Always())
            assert sorted(set(heard.statuses()) - {"200"}) == ["201", "400", "none"]
    assert server.batching.sizes[0] == 3


async def test_sftp(tmp_path: Path) -> None:
    """A file that is published, a folder that may not be written to, no server == ok, its error, none."""
    async with sftp_server(tmp_path / "root") as server:
        file = Filed(path=server.address, **server.settings())
        await file.give("ana", first_name="Ana")
        assert await file.publish()
        assert file.statuses == ["ok"] * 7  # signed in twice, listed twice, uploaded, looked, renamed
        await file.give("ben", first_name="Ben")
        server.faults.read_only = True
        file.statuses.clear()
        with pytest.raises(TargetHalted):
            await file.publish()
        assert "permission_denied" in file.statuses
        file.set(private_key=None, password="wrong")
        file.statuses.clear()
        with pytest.raises(TargetHalted):
            await file.target.check()
        assert file.statuses == ["permission_denied"]
    file.statuses.clear()
    with pytest.raises(TryLater):
        await file.target.check()
    assert file.statuses == ["none"]


async def test_a_folder(tmp_path: Path) -> None:
    """A file that is published, and a folder that is gone == ok for each step, and the system's error."""
    folder = tmp_path / "out"
    folder.mkdir()
    file = Filed(path=folder / "people.csv")
    await file.give("ana", first_name="Ana")
    assert await file.publish()
    assert file.statuses == ["ok"] * 4  # what is there, what is left over, written, renamed
    file.statuses.clear()
    await asyncio.to_thread(_empty, folder)
    await file.give("ben", first_name="Ben")
    with pytest.raises(TargetHalted):
        await file.publish()
    assert file.statuses[-1] == "ENOENT"


def _empty(folder: Path) -> Any:
    for one in folder.iterdir():
        one.unlink()
    folder.rmdir()
