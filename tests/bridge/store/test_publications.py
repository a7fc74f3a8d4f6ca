"""What a target has published last, in a real Redis, and whose turn it is to publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.codec import Codec, make_key
from bridge.errors import LockLost
from bridge.exchange import Publication
from bridge.store.backend import Backend
from bridge.store.publications import Publications
from tests.bridge.deliveries import ANA, BEN

OLD, NEW = make_key(), make_key()
LAST = Publication(12.5, 13.0, "people.csv", 2, "mark", {"people.csv": 12.5}, "the disk is full")
WRITTEN = {str(ANA): "a1", str(BEN): ""}


def sealed(backend: Backend, *keys: str) -> Backend:
    """The same state, with keys."""
    return Backend(backend.redis, backend.keys, Codec(keys, b"p" * 32))


async def noted(
    publications: Publications, written: Mapping[str, str] | None = None, settles: str = ""
) -> None:
    """Somebody takes the turn, publishes, and gives it back."""
    assert await publications.begin("turn")
    await publications.note(LAST, "turn", written, settles)
    await publications.end("turn")


async def test_what_was_published_is_remembered(backend: Backend) -> None:
    """Nothing at first; then what was noted, which a note without fingerprints leaves as they are."""
    publications = backend.publications("payroll")
    assert (await publications.last(), await publications.written()) == (Publication(), {})
    await noted(publications, WRITTEN)
    await noted(publications)
    assert (await publications.last(), await publications.written()) == (LAST, WRITTEN)
    assert await backend.publications("other").last() == Publication()


async def test_it_is_sealed_and_carried_over(backend: Backend) -> None:
    """With a key nothing can be read in Redis, and `rekey` seals it anew."""
    await noted(sealed(backend, OLD).publications("payroll"), WRITTEN)
    redis: Any = backend.redis
    for name in ("publication", "written"):
        assert b"a1" not in (blob := await redis.get(backend.keys.at("payroll", name)))
        assert b"people" not in blob
    await sealed(backend, NEW, OLD).rekey()
    publications = sealed(backend, NEW).publications("payroll")
    assert (await publications.last(), await publications.written()) == (LAST, WRITTEN)


async def test_what_cannot_be_read_is_worth_nothing(backend: Backend) -> None:
    """Somebody has changed the values == as if nothing had been published."""
    ours = sealed(backend, OLD)
    await noted(ours.publications("payroll"), WRITTEN)
    redis: Any = backend.redis
    for name in ("publication", "written"):
        await redis.set(backend.keys.at("payroll", name), b"rubbish")
    publications = ours.publications("payroll")
    assert (await publications.last(), await publications.written()) == (Publication(), {})
    assert {one.key.rpartition(":")[2] for one in await ours.discard_damaged(0.0)} == {
        "publication",
        "written",
    }


async def test_one_worker_at_a_time(backend: Backend) -> None:
    """Two ask == one gets the turn; the other cannot go on, nor end it, until it is given back."""
    publications = backend.publications("payroll")
    assert await publications.begin("one")
    assert not await publications.begin("two")
    await publications.go_on("one")
    with pytest.raises(LockLost):
        await publications.go_on("two")
    await publications.end("two")
    assert not await publications.begin("two")
    await publications.end("one")
    assert await publications.begin("two")


async def test_whoever_lost_the_turn_remembers_nothing(backend: Backend) -> None:
    """A worker was stopped until another one had the turn == what that one has noted stays."""
    publications = backend.publications("payroll")
    await noted(publications, WRITTEN)
    assert await publications.begin("another")
    with pytest.raises(LockLost):
        await publications.note(Publication(), "turn", {})
    assert (await publications.last(), await publications.written()) == (LAST, WRITTEN)


async def test_a_doubt_lasts_until_it_is_settled(backend: Backend) -> None:
    """It is there until somebody has published who knew of it; where nothing was published there is none."""
    publications = backend.publications("payroll")
    await publications.doubt()
    assert (await publications.last()).doubt == ""
    await noted(publications, WRITTEN)
    await publications.doubt()
    first = (await publications.last()).doubt
    assert first
    await publications.doubt()
    await noted(publications, WRITTEN, settles=first)  # the second one came while it was published
    second = (await publications.last()).doubt
    assert second not in ("", first)
    await noted(publications, WRITTEN)
    assert (await publications.last()).doubt == second
    await noted(publications, WRITTEN, settles=second)
    assert await publications.last() == LAST


async def test_who_is_forgotten_was_not_published(backend: Backend) -> None:
    """A person is erased == no fingerprint of theirs is left, and another mark tells that a note went."""
    notebook, publications = backend.notebook("payroll"), backend.publications("payroll")
    for key in (ANA, BEN):
        await notebook.put(key, {"name": "x"})
    await noted(publications, WRITTEN)
    mark = await notebook.mark()
    await backend.forgotten.erase(ANA, ["payroll"])
    assert await publications.written() == {str(BEN): ""}
    assert await notebook.mark() != mark
