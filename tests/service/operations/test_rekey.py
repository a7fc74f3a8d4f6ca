"""Encryption keys are changed while everything stays readable to the bridge, and to nobody else."""

from __future__ import annotations

from bridge.codec import make_key
from bridge.store.keys import Keys
from tests.inside import contents, readable
from tests.service.operated import Operator


async def test_a_key_is_replaced(fresh: Operator) -> None:
    """New key with the old one beside it, `rekey`, the old one gone == all opens, nothing is sent again."""
    old, new = make_key(), make_key()
    fresh.here.config["encryption"] = {"key": old}
    assert (await fresh.sync()).exit_code == 0
    fresh.here.config["encryption"] = {"key": new, "old_keys": [old]}
    done = await fresh("rekey")
    records = len(fresh.here.sandbox.account.employees) + len(fresh.here.sandbox.account.tables["teams"])
    linked = len(await fresh.users()) + len(await fresh.here.groups())
    others = len(("pepper", "snapshot", "survey", "kenjo", "companies", "target:directory"))
    called = await fresh.redis.hlen(Keys().at("directory", "calls"))
    days = [day async for day in fresh.redis.scan_iter(match=Keys().at("directory", "former:*"))]
    called += sum([await fresh.redis.hlen(day) for day in days])
    assert done.out == f"{2 * records + linked + called + others} values were sealed with the current key\n"
    assert (await fresh("rekey")).out.startswith("0 values")
    fresh.here.config["encryption"] = {"key": new}
    fresh.here.proxy.seen.clear()
    result = await fresh.sync()
    assert (result.exit_code, result.changes, fresh.here.proxy.seen) == (0, 0, [])
    assert (await fresh("status")).code == 0


async def test_targets_that_are_configured_no_more_get_the_new_key_too(fresh: Operator) -> None:
    """A target is taken out, the key is replaced, the target is back == its ledger opens."""
    old, new = make_key(), make_key()
    fresh.here.config["encryption"] = {"key": old}
    await fresh.sync()
    target = fresh.here.config["targets"].pop("directory")
    fresh.here.config["encryption"] = {"key": new, "old_keys": [old]}
    assert (await fresh("rekey")).code == 0
    fresh.here.config |= {"targets": {"directory": target}, "encryption": {"key": new}}
    fresh.here.proxy.seen.clear()
    assert ((await fresh.sync()).exit_code, fresh.here.proxy.seen) == (0, [])


async def test_a_lost_key_is_said_in_a_sentence(fresh: Operator) -> None:
    """Another key, no `rekey`, the old one gone == exit 3, one sentence, nothing sent or changed."""
    fresh.here.config["encryption"] = {"key": make_key()}
    await fresh.sync()
    before = await lasting(fresh)
    fresh.here.proxy.seen.clear()
    fresh.here.config["encryption"] = {"key": make_key()}
    for done in (await fresh.here.run("sync"), await fresh("status"), await fresh("rekey")):
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith("kenjo-bridge: a value in Redis is encrypted with key ")
        assert "add it to encryption.old_keys" in done.err
        assert len(done.err.splitlines()) == 1
    assert fresh.here.proxy.seen == []
    assert await lasting(fresh) == before


async def lasting(operator: Operator) -> dict[bytes, str]:
    """What Redis holds, but for what ends by itself: the lease, and what paces requests."""
    found = await contents(operator.redis)
    return {key: value for key, value in found.items() if await operator.redis.pttl(key) < 0}


async def test_a_new_key_is_used_without_rekey_too(fresh: Operator) -> None:
    """New key with the old one beside it, and no `rekey` == all opens, nothing is sent again."""
    old = make_key()
    fresh.here.config["encryption"] = {"key": old}
    await fresh.sync()
    fresh.here.config["encryption"] = {"key": make_key(), "old_keys": [old]}
    fresh.here.proxy.seen.clear()
    assert (await fresh.sync()).exit_code == 0
    assert fresh.here.proxy.seen == []


async def test_encryption_comes_later(operator: Operator) -> None:
    """First without a key, then one and `rekey` == no name or address can be read in Redis any more."""
    texts = {text for text in operator.texts(operator.people()) if "@" in text}
    found = await readable(operator.redis)
    assert any(text in found for text in texts)
    operator.here.config["encryption"] = {"key": make_key()}
    refused = await operator("status")
    assert (refused.code, refused.out) == (3, "")
    assert "pepper is not encrypted, although encryption.key is set" in refused.err
    done = await operator("rekey")
    assert done.code == 0
    number = done.out.split()[0]
    assert f"; {number} of them were readable before, and were believed" in done.out
    found = await readable(operator.redis)
    assert not any(text in found for text in texts)
    operator.here.proxy.seen.clear()
    assert (await operator.sync()).exit_code == 0
    assert operator.here.proxy.seen == []


async def test_readable_records_are_warned_of(fresh: Operator) -> None:
    """No key at all == the log and `check` say what to do; with a key they do not."""
    for encryption, warned in (({}, True), ({"key": make_key()}, False)):
        fresh.here.config["encryption"] = encryption
        await fresh.here.run("rekey")
        done = await fresh.here.run("sync")
        assert done.code == 0
        assert ("personal data is readable in redis" in done.err) is warned
        shown = (await fresh.here.run("check")).out
        assert ("warning: records are readable" in shown) is warned
        assert ("records are encrypted" in shown) is not warned
