"""What a plan sees of the ledger, without a word of its own where it has none."""

from __future__ import annotations

from bridge.store.backend import Backend
from service.operations.sketching import Sketch
from tests.bridge.deliveries import ANA, claimed, commit


async def test_a_delivery_under_way_is_seen(backend: Backend) -> None:
    """A worker delivers somebody just now == the plan sees them as the ledger does, under way."""
    await commit(backend, ANA)
    ledger = backend.ledger("directory")
    await claimed(ledger)
    seen = await Sketch(ledger).sight(ANA)
    assert seen == await ledger.sight(ANA)
    assert seen.begun
