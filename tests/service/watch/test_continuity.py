"""A Redis that was restarted may have forgotten its last moments."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from bridge.config.settings import TargetSettings
from bridge.exchange import Publication
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, Kind, Record, Snapshot
from bridge.store.backend import Backend
from service.watch.poller import Poller
from tests.delivery import person

ANA = Key(Kind.PERSON, "ana")


class Still:
    """A Kenjo in which nothing happens."""

    async def fetch_snapshot(self) -> Snapshot:
        record: Record = person("ana")
        return Snapshot({record.key: record})

    async def fetch_change(self, _since: str) -> Snapshot | None:
        return await self.fetch_snapshot()

    async def ask(self, keys: Collection[Key]) -> Mapping[Key, bool | None]:
        return dict.fromkeys(keys, True)


@pytest.fixture
async def poller(backend: Backend) -> Poller:
    settings = TargetSettings(kind="scim")
    route = Route("directory", settings, {"person": {"userName": "person.account.email"}})
    poller = Poller(Still(), backend, {"directory": route}, Metrics(), interval=60)
    assert await poller.lease.acquire()
    await poller.poll_once()
    await backend.ledger("directory").link(ANA, "remote")
    return poller


async def test_the_same_run_is_trusted(poller: Poller, backend: Backend) -> None:
    """Redis has not been restarted == nobody is read back."""
    await poller.poll_once()
    assert await backend.ledger("directory").unsettled() == set()


async def test_after_a_restart_everybody_is_read_back_once(poller: Poller, backend: Backend) -> None:
    """Redis is another run than the last one seen == every linked record is in doubt, at one poll only."""
    await backend.redis.set(backend.keys.of("run"), "another run")
    await poller.poll_once()
    assert await backend.ledger("directory").unsettled() == {ANA}
    assert not await backend.continuity.is_broken()


async def test_after_a_restart_what_was_published_is_in_doubt(poller: Poller, backend: Backend) -> None:
    """Another publication may have been in the moments that were lost == the remembered one is in doubt."""
    publications = backend.publications("directory")
    assert await publications.begin("turn")
    await publications.note(Publication(at=1.0), "turn", {})
    await poller.poll_once()
    assert not (await publications.last()).doubt
    await backend.redis.set(backend.keys.of("run"), "another run")
    await poller.poll_once()
    assert (await publications.last()).doubt


async def test_a_run_that_was_closed_in_order_is_trusted(poller: Poller, backend: Backend) -> None:
    """The last run seen was closed in order == nobody is read back."""
    await backend.redis.set(backend.keys.of("run"), "another run")
    await backend.redis.set(backend.keys.of("closed"), "another run")
    await poller.poll_once()
    assert await backend.ledger("directory").unsettled() == set()


@pytest.mark.parametrize("closed", [True, False])
async def test_a_look_in_between_hides_nothing(backend: Backend, *, closed: bool) -> None:
    """A run that does not poll, after one that was closed in order or not == as trusted as that one was."""
    await backend.redis.set(backend.keys.of("run"), "the run before")
    await backend.redis.set(backend.keys.of("closed"), "the run before" if closed else "an older one")
    await backend.continuity.carry_on()
    await backend.continuity.close()
    assert await backend.continuity.is_broken() is not closed
