"""A real Redis in virtual time: expiry and Redis's own clock follow the simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from bridge.model import Key
from bridge.store.keys import Keys, script
from tests.simulation.kenjo import Kenjo
from tests.simulation.process import Known
from tests.simulation.world import EPOCH, World

# Stands before every script, so that whatever it does with time is done in virtual time. The last argument
# is the time in microseconds. Keys never really expire; what is due is deleted before the script begins.
_PRELUDE = """
local real, micros = redis, tonumber(table.remove(ARGV))
local now, book = micros / 1000, 'simulation:expiry'
for _, key in ipairs(real.call('ZRANGEBYSCORE', book, '-inf', now)) do
  real.call('DEL', key) real.call('ZREM', book, key)
end
local function expire(key, ms)
  if real.call('EXISTS', key) == 0 then return 0 end
  real.call('ZADD', book, string.format('%.3f', now + tonumber(ms)), key)
  return 1
end
local function set(key, ...)
  local arguments, ms = {}, nil
  local given, i = {...}, 1
  while i <= #given do
    if type(given[i]) == 'string' and string.upper(given[i]) == 'PX' then ms = given[i + 1] i = i + 1
    else arguments[#arguments + 1] = given[i] end
    i = i + 1
  end
  local answer = real.call('SET', key, unpack(arguments))
  if answer then real.call('ZREM', book, key) if ms then expire(key, ms) end end
  return answer
end
local function pttl(key)
  if real.call('EXISTS', key) == 0 then return -2 end
  local due = real.call('ZSCORE', book, key)
  return due and math.ceil(tonumber(due) - now) or -1
end
local function call(name, ...)
  name = string.upper(name)
  if name == 'TIME' then return {math.floor(micros / 1000000), micros % 1000000} end
  if name == 'PEXPIRE' then return expire(...) end
  if name == 'EXPIRE' then local key, s = ... return expire(key, s * 1000) end
  if name == 'SET' then return set(...) end
  if name == 'PTTL' then return pttl(...) end
  if name == 'SMEMBERS' then  -- in an order that every server gives
    local members = real.call(name, ...)
    table.sort(members)
    return members
  end
  return real.call(name, ...)
end
local redis = setmetatable({call = call}, {__index = real})
"""
_PLAIN = "return redis.call(unpack(ARGV))"

Saved = tuple[list[tuple[bytes, bytes]], dict[str, int]]


class Store:
    """The server.

    `versions`: which reading of Kenjo each record in it is from; `accepted`: the readings that polls have
    accepted; `losses`: how often data was lost; `enqueued`: how often somebody has put jobs on a queue;
    `committed`: each record that was, and the reading that it is from; `on_hand_over` hear a lock's key, from
    which record an object has passed there, and to which.
    """

    def __init__(self, client: redis.Redis, world: World) -> None:
        self.client: Any = client  # redis-py declares every answer as "maybe awaitable"
        self.versions: dict[str, int] = {}
        self.accepted: list[int] = []
        self.losses = 0
        self.enqueued = 0
        self.committed: list[tuple[str, int]] = []
        self._unsure_since = -1
        self.on_hand_over: list[Callable[[str, str, str], None]] = []
        self._loaded: dict[str, str] = {}
        self._world = world
        names = ("claim", "commit", "hand_over", "pace", "renew", "release", "settle")
        self._names = {_title(script(name)): name for name in names}
        client.flushdb()

    def known_people(self, kenjo: Kenjo) -> set[str]:
        """Those whom Redis knows and does not think gone."""
        readings = kenjo.readings
        return {key for key, number in self.versions.items() if Key.parse(key) in readings[number - 1].truth}

    def known(self) -> Known:
        """What it holds now."""
        sure = len(self.accepted) > self._unsure_since
        return Known(dict(self.versions), len(self.committed), sure)

    def turn(self, target: str) -> str:
        """The token of the publication whose turn it is at a target."""
        return (self.eval(_PLAIN, 0, "GET", Keys().at(target, "publishing")) or b"").decode()

    def doubt(self) -> None:
        """Until the next poll is accepted, what is not pending need not be as the records say."""
        self._unsure_since = len(self.accepted)

    def linked(self, target: str) -> set[str]:
        """The records that have a link at a target."""
        found = (self.client.hkeys(key) for key in self.client.keys(f"*:{target}:links"))
        return {name.decode() for names in found for name in names}

    def eval(self, text: str, numkeys: int, *args: Any) -> Any:
        """Run a script now."""
        micros = int((EPOCH + self._world.now) * 1_000_000)
        sha = self._loaded.get(text)
        if sha is None:
            sha = self._loaded[text] = str(self.client.script_load(_PRELUDE + text))
        return self.client.evalsha(sha, numkeys, *args, micros)

    def name_of(self, text: str) -> str:
        """The file name of a script of ours."""
        return self._names.get(_title(text), "script")

    def set(self, name: str, value: Any, *, nx: bool = False, px: int | None = None) -> bool | None:
        """SET in virtual time."""
        options = (["NX"] if nx else []) + (["PX", int(px)] if px is not None else [])
        return True if self.eval(_PLAIN, 0, "SET", name, value, *options) else None

    def pttl(self, name: str) -> int:
        """PTTL in virtual time."""
        return int(self.eval(_PLAIN, 0, "PTTL", name))

    def expire(self, name: str, seconds: int) -> bool:
        """EXPIRE in virtual time."""
        return bool(self.eval(_PLAIN, 0, "EXPIRE", name, seconds))

    def time(self) -> tuple[int, int]:
        """TIME: right, whatever the clocks of processes do."""
        seconds, microseconds = self.eval(_PLAIN, 0, "TIME")
        return seconds, microseconds

    def info(self, _section: str) -> dict[str, str]:
        """INFO: a server that was restored has been started anew."""
        return {"run_id": f"run {self.losses}"}

    def save(self) -> Saved:
        """What a snapshot on disk would hold."""
        keys: list[bytes] = sorted(self.client.keys("*"))
        pipe = self.client.pipeline(transaction=False)
        for key in keys:
            pipe.dump(key)
        return list(zip(keys, pipe.execute(), strict=True)), dict(self.versions)

    def lose_some(self, name: str, share: float) -> int:
        """Lose a share of the values of one key, or of the keys of this kind; returns how many."""
        found, random = 0, self._world.random
        for key in sorted(self.client.keys(f"*:{name}")):
            kind = self.client.type(key)
            fields = sorted(self.client.hkeys(key) if kind == b"hash" else self.client.zrange(key, 0, -1))
            gone = [one for one in fields if random.random() < share]
            if gone:
                (self.client.hdel if kind == b"hash" else self.client.zrem)(key, *gone)
            found += len(gone)
            if name in ("records", "revisions"):
                for one in gone:
                    self.versions.pop(one.decode(), None)
        self.losses += 1
        self.doubt()
        return found

    def restore(self, saved: Saved) -> None:
        """Start again from an earlier snapshot: what was written since is lost."""
        pipe = self.client.pipeline(transaction=False)
        pipe.flushdb()
        for key, value in saved[0]:
            pipe.restore(key, 0, value)
        pipe.execute()
        self.versions = dict(saved[1])
        self.losses += 1
        self.doubt()


def _title(text: str) -> str:
    """The first line of a script, which stays the same when its body is broken on purpose."""
    return text.partition("\n")[0]
