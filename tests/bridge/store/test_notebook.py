"""What targets are told and give to remember, in a real Redis: notes of objects, tokens of a sign-in."""

from __future__ import annotations

import time
from typing import Any

from bridge.codec import Codec, make_key
from bridge.model import Key
from bridge.store.backend import Backend
from bridge.wire.tokens import Token
from tests.bridge.deliveries import ANA, BEN, BLUE, commit, deliver

OLD, NEW = make_key(), make_key()


def sealed(backend: Backend, *keys: str) -> Backend:
    """The same state, with keys."""
    return Backend(backend.redis, backend.keys, Codec(keys, b"p" * 32))


async def text(backend: Backend) -> bytes:
    """Every value of a target's strings and hashes."""
    redis: Any = backend.redis
    found = b""
    async for name in redis.scan_iter(match=backend.keys.at("hook", "*")):
        kind = await redis.type(name)
        found += await redis.get(name) if kind == b"string" else b""
        found += b"".join((await redis.hgetall(name)).values()) if kind == b"hash" else b""
    return found


async def test_notes_are_kept_and_struck_out(backend: Backend) -> None:
    """A note is found again by its name, alone and among all; a target does not see another's."""
    notebook = backend.notebook("hook")
    for key, name in ((ANA, "Ana"), (BEN, "Ben"), (ANA, "Anna")):
        await notebook.put(key, {"name": name})
    assert await notebook.get(ANA) == {"name": "Anna"}
    assert await notebook.all() == {ANA: {"name": "Anna"}, BEN: {"name": "Ben"}}
    assert await backend.notebook("other").all() == {}
    await notebook.put(ANA, None)
    assert (await notebook.get(ANA), await notebook.size()) == (None, 1)


async def test_another_mark_after_each_note(backend: Backend) -> None:
    """A note, the same again, and it is struck out == another mark each time, and of this target only."""
    notebook, marks = backend.notebook("hook"), [""]
    for note in ({"name": "Ana"}, {"name": "Ana"}, None):
        await notebook.put(ANA, note)
        marks.append(await notebook.mark())
    assert len(set(marks)) == 4
    assert await notebook.mark() == marks[-1]
    assert await backend.notebook("other").mark() == ""


async def test_with_a_key_nothing_can_be_read(backend: Backend) -> None:
    """Notes and tokens are sealed; `rekey` carries notes over, and a token of another key is fetched anew."""
    old, new = sealed(backend, OLD), sealed(backend, NEW)
    await old.notebook("hook").put(ANA, {"name": "Ana Maier"})
    token = Token("secret-token", time.time(), time.time() + 60)
    await old.vault("hook").put("app", token)
    assert await old.vault("hook").get("app") == token
    stored = await text(backend)
    assert stored
    assert b"Maier" not in stored
    assert b"secret" not in stored
    assert await new.vault("hook").get("app") is None
    await sealed(backend, NEW, OLD).rekey()
    assert await new.notebook("hook").get(ANA) == {"name": "Ana Maier"}


async def test_a_token_ends_in_redis_too(backend: Backend) -> None:
    """What has ended is not kept."""
    await backend.vault("hook").put("app", Token("t", time.time(), time.time() + 60))
    assert 50_000 < await backend.redis.pttl(backend.keys.at("hook", "token:app")) <= 60_000


async def test_who_is_forgotten_is_struck_out(backend: Backend) -> None:
    """Also from an object that was given to them by name of somebody else."""
    await commit(backend, ANA, BEN, BLUE)
    notebook = backend.notebook("hook")
    former = Key.parse("person:former")
    for key in (ANA, BEN, former):
        await notebook.put(key, {"name": str(key)})
    await deliver(backend.ledger("hook"), ANA, str(former))
    await backend.forgotten.erase(ANA, ["hook"])
    assert set(await notebook.all()) == {BEN}


async def test_a_damaged_note_is_discarded(backend: Backend) -> None:
    """One that cannot be read any more is taken out; the others stay."""
    old = sealed(backend, OLD)
    for key in (ANA, BEN):
        await old.notebook("hook").put(key, {"name": "x"})
    redis: Any = backend.redis
    await redis.hset(backend.keys.at("hook", "notebook"), str(ANA), b"rubbish")
    found = await old.discard_damaged(0.0)
    assert [one.field for one in found] == [str(ANA)]
    assert set(await old.notebook("hook").all()) == {BEN}
