"""`kenjo-bridge forget` of somebody with an open account: what refers to them goes first, and access."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model import Key, Kind
from bridge.store.forgotten import CLOSE
from tests.service.operated import Operator
from workers.testing.proxy import dropped


def manager_and_member(operator: Operator) -> str:
    """Somebody with an account who leads somebody with one; they are put into a team."""
    employees = operator.here.sandbox.account.employees
    people = set(operator.people())
    leads = {str(one["work"].get("reportsToId")) for id_, one in employees.items() if id_ in people}
    chosen = min(leads & people)
    employees[chosen]["work"]["teamIds"] = [next(iter(operator.here.sandbox.account.tables["teams"]))]
    return chosen


async def references(operator: Operator, account: str) -> tuple[int, int]:
    """How many groups and accounts of the directory refer to an account."""
    groups = await operator.here.groups()
    members = sum(account in [one["value"] for one in group.get("members") or []] for group in groups)
    return members, sum(f"'{account}'" in str(manager(user)) for user in await operator.here.users())


def manager(user: dict[str, Any]) -> Any:
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    return user.get(enterprise, {}).get("manager") or {}


@pytest.fixture
async def who(fresh: Operator) -> str:
    chosen = manager_and_member(fresh)
    assert (await fresh.sync()).exit_code == 0
    return chosen


async def test_close(fresh: Operator, who: str) -> None:
    """`--close --yes` == inactive, in no group, nobody's manager, without any poll; the rest is as it was."""
    account = (await fresh.users())[who]["id"]
    before = await references(fresh, account)
    assert min(before) >= 1
    told = await fresh("forget", who)
    assert told.code == 3
    words = "1 group has" if before[0] == 1 else f"{before[0]} groups have"
    assert f"directory: account {account} is open, {words} it as a member" in told.err
    assert "--close" in told.err
    assert (await references(fresh, account)) == before
    done = await fresh("forget", who, "--close", "--yes")
    assert done.code == 0, done.err
    assert await fresh.inactive() == [who]
    assert await references(fresh, account) == (0, 0)
    assert (await fresh.sync()).exit_code == 0
    assert await references(fresh, account) == (0, 0)
    assert await fresh.inactive() == [who]
    async with fresh.backend() as backend:
        assert await backend.forgotten.leaving() == set()


async def test_without_close(fresh: Operator, who: str) -> None:
    """`--yes` alone == the account stays open and this is said; memberships and managers go at once."""
    account = (await fresh.users())[who]["id"]
    done = await fresh("forget", who, "--yes")
    assert done.code == 0, done.err
    assert "Open, and not known to the bridge any more: directory" in done.out
    assert await fresh.inactive() == []
    assert await references(fresh, account) == (0, 0)


async def test_a_target_that_cannot_be_reached(fresh: Operator, who: str) -> None:
    """No answers == 3 with the target's name, nothing erased; when it answers again, the command does it."""
    account = (await fresh.users())[who]["id"]
    fresh.here.proxy.fail_always(dropped)
    done = await fresh("forget", who, "--close", "--yes")
    assert (done.code, "nothing was erased" in done.err, "directory" in done.err) == (3, True, True)
    fresh.here.proxy.fail_always(None)
    async with fresh.backend() as backend:
        assert await backend.records.get(Key(Kind.PERSON, who)) is not None
        assert str(Key(Kind.PERSON, who)) in await backend.ledger("directory").linked()
    assert (await fresh("forget", who, "--close", "--yes")).code == 0
    assert await references(fresh, account) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "upsert"}, "removes nobody"),
        ({"removal": {"gone": "keep"}}, "kept"),
        ({}, "protected"),
    ],
)
async def test_rules_stand(fresh: Operator, who: str, settings: dict[str, Any], said: str) -> None:
    """Mode upsert, removal keep, protected == --close is refused, nothing is written or erased."""
    fresh.target.update(settings)
    if not settings:
        fresh.here.config["protected"] = [who]
    fresh.here.proxy.seen.clear()
    done = await fresh("forget", who, "--close", "--yes")
    assert (done.code, said in done.err) == (3, True), done.err
    assert not fresh.here.proxy.writes
    async with fresh.backend() as backend:
        assert await backend.records.get(Key(Kind.PERSON, who)) is not None
        assert await backend.forgotten.leaving() == set()


async def test_a_limit_does_not_stop_what_was_asked_for(fresh: Operator, who: str) -> None:
    """A limit of no removal at all == an operator's word for one person counts as the approval."""
    fresh.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    done = await fresh("forget", who, "--close", "--yes")
    assert done.code == 0, done.err
    assert await fresh.inactive() == [who]


@pytest.mark.parametrize("step", ["marked", "taken back", "tombstone"])
async def test_killed_on_the_way(
    fresh: Operator, who: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill after the mark, after the deliveries, after the tombstone == the same command does the rest."""
    account = (await fresh.users())[who]["id"]
    if step == "marked":
        async with fresh.backend() as backend:
            await backend.forgotten.leave(Key(Kind.PERSON, who), CLOSE)
    else:
        place = "bridge.store.forgotten.Forgotten." + ("add" if step == "taken back" else "erase")
        with monkeypatch.context() as patched:
            patched.setattr(place, killed)
            assert (await fresh("forget", who, "--close", "--yes")).code != 0
    done = await fresh("forget", who, "--close", "--yes")
    assert done.code == 0, done.err
    assert await fresh.inactive() == [who]
    assert await references(fresh, account) == (0, 0)
    async with fresh.backend() as backend:
        assert await backend.forgotten.all() == {Key(Kind.PERSON, who)}
        assert await backend.forgotten.leaving() == set()
        assert await backend.records.get(Key(Kind.PERSON, who)) is None


async def killed(*_arguments: Any) -> None:
    raise RuntimeError


async def test_a_marked_person_is_given_to_nobody(fresh: Operator, who: str) -> None:
    """A kill after the mark, then a sync that reads everything back == out of all groups, and closed."""
    account = (await fresh.users())[who]["id"]
    async with fresh.backend() as backend:
        await backend.forgotten.leave(Key(Kind.PERSON, who), CLOSE)
    assert (await fresh.sync(verify=True)).exit_code == 0
    assert await references(fresh, account) == (0, 0)


async def test_a_damaged_mark_is_made_anew(fresh: Operator, who: str) -> None:
    """What says that somebody is forgotten cannot be read == exit 3, until `forget` says it once more."""
    assert (await fresh("forget", who, "--yes")).code == 0
    key = Key(Kind.PERSON, who)
    async with fresh.backend() as backend:
        for family in ("forgotten", "leaving"):
            await fresh.redis.hset(backend.keys.of(family), mapping={str(key): b"garbage"})
        refused = await fresh("sync")
        assert (refused.code, str(key) in refused.err) == (3, True), refused.err
        assert (await fresh("forget", who, "--yes")).code == 0
        assert (await fresh("sync")).code == 0
        assert (await backend.forgotten.all(), await backend.forgotten.leaving()) == ({key}, set())
        assert await backend.records.get(key) is None
