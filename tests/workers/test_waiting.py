"""What is parked because of another record goes on when that one has moved, also when nobody is told."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from bridge.model import DAY, Entry, Key, Kind, Record, State
from bridge.store.backend import Backend
from bridge.store.sight import Sight
from tests.delivery import TARGET, Delivery, person
from tests.polling import Watch
from tests.workers.sharing import STUBBORN, addresses, ben, groups, serving, team, work
from workers.delivery.elsewhere import Elsewhere, Other

ONE = Key(Kind.PERSON, "1")


@dataclass(frozen=True)
class First:
    """The ledger of a target that comes first: there all stand alike."""

    state: State
    config: str

    async def sight(self, _key: Key) -> Sight:
        return Sight(entry=Entry(revision=10**12, config=self.config, state=self.state))


async def go_on(run: Delivery, watch: Watch, other: Key, *records: Record) -> None:
    """Kenjo changes and the record that is waited for is delivered; whom that wakes is lost with its job."""
    await watch.poll(*records)
    await watch.take()
    await run.deliverer.deliver(other)
    await watch.take()
    ledger = watch.backend.keys.at(TARGET, "")
    names = [name async for name in watch.backend.redis.scan_iter(f"{ledger}awaiting:*")]
    for name in (*names, f"{ledger}pending"):
        await watch.backend.redis.delete(name)
    run.clock.now += 60
    await watch.poll()
    await work(run, watch)


async def parked(run: Delivery, watch: Watch, key: Key, awaits: str) -> None:
    """A record is parked because of another, and is left alone while that one stands as it stood."""
    await work(run, watch)
    entry = await run.entry(key.id, key.kind)
    assert (entry.state, entry.awaits) == (State.FAILED, awaits)
    for _ in range(3):
        run.clock.now += 60
        await watch.poll()
        assert await watch.take() == []


@pytest.mark.parametrize("before", [[ben("1", "a"), ben("2", "b")], [ben("2", "b")]])
async def test_the_other_gives_it_up(backend: Backend, before: list[Record]) -> None:
    """Two have one address in Kenjo, until the other one gets another == delivered, no job was needed."""
    async with serving(backend, *before) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "b"))
        await parked(run, watch, ONE, "person:2")
        await go_on(run, watch, Key(Kind.PERSON, "2"), ben("1", "b"), ben("2", "c"))
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_the_other_is_taken_again(backend: Backend) -> None:
    """The other one was refused, what refused it is over == both delivered."""
    async with serving(backend, ben("1", "a"), ben("2", "b"), odd=STUBBORN) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "kenjo-bridge"))
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        await parked(run, watch, ONE, "person:2")
        await go_on(run, watch, Key(Kind.PERSON, "2"), ben("1", "b"), ben("2", "c"))
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_the_other_is_deleted(backend: Backend) -> None:
    """The address is a leaver's, whose account is deleted a week later == delivered then."""
    left = person("2", name="Ben", email="b@example.com", lifecycle="left")
    async with serving(
        backend, ben("1", "a"), ben("2", "b"), removal={"left": "delete", "after_days": 7}
    ) as (run, watch):
        await watch.poll(ben("1", "b"), left)
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        await parked(run, watch, ONE, "person:2")
        run.clock.now += 8 * DAY
        await go_on(run, watch, Key(Kind.PERSON, "2"))
        assert await addresses(run) == {"1": "b"}


@pytest.mark.parametrize("first", ["1", "2", "3"])
@pytest.mark.parametrize("ring", [{"1": "b", "2": "a"}, {"1": "b", "2": "c", "3": "a"}])
async def test_all_are_parked_for_each_other(backend: Backend, ring: dict[str, str], first: str) -> None:
    """One of a circle of addresses was inactive, so the others are parked, and returns == all get theirs."""
    before = [ben(key, letter) for key, letter in zip(ring, "abc", strict=False)]
    async with serving(backend, *before) as (run, watch):
        last = max(ring)
        changed = [ben(key, letter) for key, letter in ring.items() if key != last]
        off = person(last, name="Ben", email=f"{'abc'[len(ring) - 1]}@example.com", lifecycle="inactive")
        await watch.poll(*changed, off)
        for _ in range(4):
            run.clock.now += 60
            await work(run, watch)
            await watch.poll()
        await watch.poll(*changed, ben(last, ring[last]))
        await watch.take()
        await run.deliverer.deliver(Key(Kind.PERSON, first))
        for _ in range(12):
            run.clock.now += 60
            await work(run, watch)
            await watch.poll()
        assert await addresses(run) == ring


async def test_the_other_was_forgotten_and_comes_back(backend: Backend) -> None:
    """Redis has lost that the address is a leaver's, who returns with another == delivered."""
    async with serving(backend, ben("2", "b")) as (run, watch):
        await run.forget_everything()
        await watch.poll(ben("1", "b"))
        await parked(run, watch, ONE, "person:2")
        await go_on(run, watch, Key(Kind.PERSON, "2"), ben("1", "b"), ben("2", "c"))
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_the_other_was_forgotten_and_is_listed_late(backend: Backend) -> None:
    """Redis was emptied, and of two who swap their addresses one is listed late == both get theirs."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        await run.forget_everything()
        await watch.poll(ben("1", "b"))
        await parked(run, watch, ONE, "person:2")
        await go_on(run, watch, Key(Kind.PERSON, "2"), ben("1", "b"), ben("2", "a"))
        for _ in range(6):
            run.clock.now += 60
            await watch.poll()
            await work(run, watch)
        assert await addresses(run) == {"1": "b", "2": "a"}


@pytest.mark.parametrize("external_id", ["ben@example.com", "ben-2"])
async def test_no_foreign_id_is_written_down(backend: Backend, external_id: str) -> None:
    """The account with the address is a stranger's, whose id may be an address == in no name in Redis."""
    async with serving(backend) as (run, watch):
        await run.create({"schemas": [USER], "userName": "b@example.com", "externalId": external_id})
        await watch.poll(ben("1", "b"))
        await parked(run, watch, ONE, "")
        names = [name async for name in backend.redis.scan_iter("*")]
        assert not any(external_id.encode() in name for name in names)


USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def test_another_team_gives_its_name_up(backend: Backend) -> None:
    """Two teams have one name in Kenjo, until the other one gets another == both as Kenjo has them."""
    async with serving(backend, team("1", "A"), team("2", "B")) as (run, watch):
        await watch.poll(team("1", "B"), team("2", "B"))
        await parked(run, watch, Key(Kind.TEAM, "1"), "team:2")
        await go_on(run, watch, Key(Kind.TEAM, "2"), team("1", "B"), team("2", "C"))
        assert await groups(run) == {"1": ("B", set()), "2": ("C", set())}


async def test_the_other_waits_for_another_target(backend: Backend) -> None:
    """The other one would give it up, but a target that comes first does not take it == parked, not tried."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        alone = run.deliverer
        first = First(State.FAILED, alone.route.fingerprint)
        run.deliverer = dataclasses.replace(
            alone, elsewhere=Elsewhere({"first": Other(alone.route, first)}, {})
        )
        await watch.poll(ben("1", "a"), ben("2", "c"))
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        assert (await run.entry("2")).reason == "waits for first, which does not take this record as it is"
        run.deliverer = alone
        await watch.poll(ben("1", "b"), ben("2", "c"))
        await run.deliverer.deliver(ONE)
        assert ((await run.entry("1")).state, (await run.entry("1")).awaits) == (State.FAILED, "person:2")
        await go_on(run, watch, Key(Kind.PERSON, "2"))
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_an_account_is_known_although_another_target_comes_first(backend: Backend) -> None:
    """Redis has lost its link, and the target that comes first does not take the record == it is found.

    Nothing is written to it; its team is deleted meanwhile, and lets it go.
    """
    async with serving(backend, ben("1", "a"), team("t", "A", "1")) as (run, watch):
        assert await groups(run) == {"t": ("A", {"1"})}
        await backend.redis.hdel(backend.keys.at(TARGET, "links"), str(ONE))  # type: ignore[misc]
        alone = run.deliverer
        first = First(State.FAILED, alone.route.fingerprint)
        run.deliverer = dataclasses.replace(
            alone, elsewhere=Elsewhere({"first": Other(alone.route, first)}, {})
        )
        await watch.poll(ben("1", "z"))
        await work(run, watch)
        assert (await run.entry("1")).reason == "waits for first, which does not take this record as it is"
        assert await addresses(run) == {"1": "a"}
        for _ in range(3):
            run.clock.now += 60
            await watch.poll()
            await work(run, watch)
        assert [members for _, members in (await groups(run)).values() if members] == []
