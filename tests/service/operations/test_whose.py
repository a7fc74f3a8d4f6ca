"""A state belongs to one Kenjo account and to its targets; whoever else takes it for theirs is stopped."""

from __future__ import annotations

from typing import Any

from sandbox.server import Sandbox
from tests.service.operated import Operator
from workers.testing.proxy import proxy_to


async def test_another_target_in_the_same_place_is_refused(operator: Operator) -> None:
    """The name stands for another server now == exit 3, a sentence, nothing sent, for each command."""
    operator.here.proxy.seen.clear()
    async with proxy_to(operator.target["base_url"].removesuffix("/v2")) as other:
        operator.target["base_url"] = f"{other.url}/other/v2"
        for command in ("sync", "plan", "status", "check", "serve", "work", "holds"):
            done = await operator.here.run(command)
            assert (done.code, done.out) == (3, ""), command
            assert "Redis holds what was done for target directory at another address" in done.err
            assert "redis.prefix of its own" in done.err
            assert "kenjo-bridge moved directory" in done.err
        assert other.seen == []
    assert operator.here.proxy.seen == []


async def test_a_target_that_has_moved_goes_on(operator: Operator) -> None:
    """The same directory at another address, and `moved` == everybody keeps their one account."""
    before = await operator.users()
    async with proxy_to(operator.here.proxy.url) as other:
        operator.target["base_url"] = f"{other.url}/v2"
        assert (await operator("sync")).code == 3
        assert (await operator("moved", "nobody")).code == 3
        assert (await operator("moved", "directory")).code == 0
        assert (await operator.sync()).exit_code == 0
    after = await operator.users()
    assert {id_: user["id"] for id_, user in after.items()} == {i: u["id"] for i, u in before.items()}


async def test_another_kenjo_account_at_the_same_address_is_noticed(operator: Operator) -> None:
    """The key of another account, whose companies and people are others == exit 3, nothing is changed."""
    await operator.redis.hdel("kenjo-bridge:2:default:whose", "kenjo")  # the address says nothing here
    async with Sandbox(people=20, seed=7) as other:
        for company in other.account.tables["companies"].values():
            company["_id"] = "f" * 24
        mine: dict[str, Any] = {**operator.here.config["kenjo"]}
        operator.here.config["kenjo"] |= {"base_url": other.url, "api_key": other.api_key}
        operator.here.proxy.seen.clear()
        for command in ("sync", "plan"):
            done = await operator(command)
            assert (done.code, done.out) == (3, "")
            assert "is of another Kenjo account than the one in Redis" in done.err
        assert [one for one in operator.here.proxy.seen if one.method != "GET"] == []
    operator.here.config["kenjo"] = mine
    await operator.redis.hdel("kenjo-bridge:2:default:whose", "kenjo")
    assert (await operator.sync()).exit_code == 0


async def test_two_bridges_share_a_redis(operator: Operator) -> None:
    """Two accounts, a prefix each == neither sees the other's people."""
    async with Sandbox(people=20, seed=7) as other:
        operator.here.config["kenjo"] |= {"base_url": other.url, "api_key": other.api_key}
        assert (await operator("sync")).code == 3
        operator.here.config["redis"]["prefix"] = "other"
        assert (await operator("status", "--json")).json["snapshot"] is None
        names = {name.split(b":")[2] async for name in operator.redis.scan_iter("kenjo-bridge:2:*")}
        assert names >= {b"default", b"other"}
