"""Redis has lost one family of keys and kept the others: no second account, and no leaver stays in."""

from __future__ import annotations

from typing import Any

from bridge.model import Key, Kind, Outcome, State
from bridge.store.backend import Backend
from bridge.store.keys import Keys
from service.watch.pending import is_behind
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.polling import Watch

ANA, TEAM = Key(Kind.PERSON, "ana"), Key(Kind.TEAM, "t")


async def lose(run: Delivery, *families: str) -> None:
    """Delete whole keys of the target."""
    keys: Keys = run.backend.keys
    assert await run.backend.redis.delete(*(keys.at(TARGET, family) for family in families))


async def lose_link(run: Delivery) -> None:
    """Delete the link to ana's account."""
    links: Any = run.backend.redis.hdel(run.backend.keys.at(TARGET, "links"), str(ANA))
    assert await links


async def behind(run: Delivery) -> bool:
    """Whether the next poll asks for ana."""
    stored, ledger = await run.backend.records.get(ANA), run.deliverer.ledger
    assert stored
    entry, linked = await ledger.entry(ANA), await ledger.linked()
    return is_behind(stored, entry, run.deliverer.route.fingerprint, linked, run.deliverer.clock())


async def test_a_lost_link_is_found_again(run: Delivery) -> None:
    """The entry says applied, the link is gone == pending, and the same account is linked again."""
    await run.deliver(person("ana"))
    before = await run.user("ana")
    assert not await behind(run)
    await lose(run, "links")
    assert await behind(run)
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["id"] == before["id"]
    assert await run.deliverer.ledger.links([str(ANA)]) == {str(ANA): before["id"]}
    assert not await behind(run)


async def test_a_leaver_whose_link_was_lost_is_found(run: Delivery) -> None:
    """The entry says applied, the link is gone, and ana leaves == linked and held for the poll to count."""
    await run.deliver(person("ana"))
    await lose(run, "links")
    await run.deliver(person("ana", lifecycle="left"))
    ledger = run.deliverer.ledger
    assert await ledger.links([str(ANA)])
    assert await run.backend.holds.found(TARGET) == {str(ANA)}
    await run.judge()
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.REMOVED
    assert not (await run.user("ana"))["active"]


async def test_who_has_left_without_a_trace_is_found(run: Delivery) -> None:
    """Link and record are lost, only the entry is left, and Kenjo has neither any more == both are closed."""
    watch = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    await watch.poll(person("ana"), person("ben"), team("t", "ben"))
    await watch.work()
    redis: Any = run.backend.redis
    keys = run.backend.keys
    for name in (keys.at(TARGET, "links"), keys.of("records"), keys.of("revisions")):
        await redis.hdel(name, str(ANA), str(TEAM))
    for _ in range(4):  # found again, counted, and taken away; a team without its members
        await watch.poll(person("ben"))
        await watch.work()
    assert not (await run.user("ana"))["active"]
    assert (await run.user("ben"))["active"]
    assert not any(group.get("members") for group in await run.groups())


async def test_lost_owners_are_told_by_the_links(run: Delivery) -> None:
    """Nobody's ownership is known any more == ana's account is still ana's, for whoever asks for it."""
    await run.deliver(person("ana"))
    remote_id, ledger = (await run.user("ana"))["id"], run.deliverer.ledger
    await lose(run, "owners")
    assert await ledger.own(remote_id, Key(Kind.PERSON, "ben")) == ANA


async def test_other_fingerprints_leave_accounts_with_their_owners(run: Delivery) -> None:
    """The pepper is lost, another one is made == the poll notes all owners anew."""
    await run.deliver(person("ana"))
    remote_id, ledger = (await run.user("ana"))["id"], run.deliverer.ledger
    run.backend.codec.pepper = b"p" * 32
    assert await ledger.owner(Kind.PERSON, remote_id) is None
    await ledger.mend(thoroughly=True)
    assert await ledger.owner(Kind.PERSON, remote_id) == ANA


async def in_group(run: Delivery) -> set[str]:
    """The accounts in the only group."""
    (group,) = await run.groups()
    return {one["value"] for one in group.get("members") or []}


async def test_a_member_whose_link_was_lost_is_taken_out(run: Delivery) -> None:
    """Ana leaves the team while no link tells of her account == she is out as soon as it is found again."""
    await run.deliver(person("ana"), person("ben"), team("t", "ana", "ben"))
    ana, ben = (await run.user("ana"))["id"], (await run.user("ben"))["id"]
    await lose_link(run)
    await run.deliver(team("t", "ana", "ben", name="Another name"))
    await run.deliver(team("t", "ben"))
    assert await in_group(run) == {ana, ben}
    assert await behind(run)
    await run.deliverer.deliver(ANA)
    await run.judge()
    await run.deliverer.deliver(TEAM)
    assert await in_group(run) == {ben}
    assert (await run.entry("t", Kind.TEAM)).refs == ("person:ben",)


async def test_a_leaver_is_taken_out_of_a_team_that_is_no_more(run: Delivery) -> None:
    """Ana is inactive, her link is lost, and the team is deleted == her account is found, and taken out."""
    await run.deliver(person("ana"), person("ben"), team("t", "ana", "ben"))
    await run.deliver(person("ana", lifecycle="left"))
    ana = (await run.user("ana"))["id"]
    await lose_link(run)
    await run.know(team("t", "ana", "ben"), gone=True)
    await run.deliverer.deliver(TEAM)
    assert await in_group(run) == {ana}
    assert await behind(run)
    await run.deliverer.deliver(ANA)
    await run.judge()
    await run.deliverer.deliver(TEAM)
    assert await in_group(run) == set()
    assert not await behind(run)


async def test_no_team_waits_for_a_deleted_account(backend: Backend) -> None:
    """Ana's account is deleted with her record, and the team loses her later == it waits for nobody."""
    async with delivery(backend, removal={"gone": "delete", "after_days": 0}) as run:
        await run.deliver(person("ana"), person("ben"), team("t", "ana", "ben"))
        await run.know(person("ana"), gone=True)
        await run.deliverer.deliver(ANA)
        assert (await run.entry("ana")).outcome is Outcome.DELETED
        await run.deliver(team("t", "ben"))
        entry = await run.entry("t", Kind.TEAM)
        assert (entry.refs, entry.missing) == (("person:ben",), ())


async def test_a_group_that_waits_and_whose_link_was_lost(run: Delivery) -> None:
    """A group that is gone waits to be counted, and Redis loses the links == it is found, and emptied."""
    await run.deliver(person("ana"), team("t", "ana"))
    await run.know(team("t", "ana"), gone=True)
    await lose(run, "counted")
    await run.deliverer.deliver(TEAM)
    assert (await run.entry("t", Kind.TEAM)).state is State.SKIPPED
    await lose(run, "links")
    for _ in range(2):
        await run.judge()
        await run.deliverer.deliver(ANA)
        await run.deliverer.deliver(TEAM)
    (group,) = await run.groups()
    assert not group.get("members")


async def test_a_removal_counts_although_the_entry_was_lost(run: Delivery) -> None:
    """A poll has counted Ana's removal, then her entry is lost == closed, and the limits know of it."""
    await run.deliver(person("ana"))
    await run.know(person("ana", lifecycle="left"))
    await lose(run, "ledger")
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).outcome is Outcome.DEACTIVATED
    assert await run.deliverer.ledger.done(0.0) == ["remove person:ana"]
