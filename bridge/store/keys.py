"""The names of all Redis keys, under one prefix with a schema version and the account's name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from bridge.codec import reading
from bridge.model import Key

SCHEMA = 2
"""Goes up when stored data can be read no more; only who is forgotten is carried over."""

ACCOUNT = "default"
"""The account's name in every key, unless `redis.prefix` gives another."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names of one Kenjo account. `{t}` below is a target's name.

    | key | type | holds |
    | --- | --- | --- |
    | `lease` | string | the token of the service that polls |
    | `pepper` | string | sealed: the key of all fingerprints |
    | `run`, `closed` | string | the server's run that was seen last, that was closed in order |
    | `marks` | hash | what workers find there again as long as Redis has forgotten nothing |
    | `format` | string | in which format all this stands (`bridge/store/migrations.py`) |
    | `processes` | sorted set | by time: until when a process, by the format that it knows, counts as alive |
    | `whose` | hash | sealed: the addresses and companies that all this is of |
    | `holds` | hash | by id: what waits for a person |
    | `told` | hash | by condition: when people were told of what lasts still |
    | `audit` | stream | who did what when |
    | `given:{day}` | hash | by quarter of an hour of that day: how many changes targets were given |
    | `forgotten` | hash | by record, sealed: when it was erased for good, and what is left to do |
    | `leaving` | hash | by record: who is being forgotten, and whether the accounts are to be closed first |
    | `snapshot` | string | when and what the last accepted snapshot was |
    | `absent` | hash | by record: since when Kenjo's lists lack it, where Kenjo tells no more |
    | `asked`, `asked-recently` | string | there while somebody wants a poll now, and a while after that |
    | `sign-in:{digest}` | string | there for a while after a provider's answer was used to sign in |
    | `quiet` | string | there while Kenjo has asked to be left alone |
    | `revisions`, `records` | hash | by record: its revision, its sealed value |
    | `{t}:ledger`, `{t}:links` | hash | by record: its sealed entry, its sealed remote id |
    | `{t}:owners` | hash | by fingerprint of a kind and remote id: the record that it belongs to |
    | `{t}:unique` | hash | by fingerprint of an attribute and a value that nobody else has: whose it is |
    | `{t}:claims` | hash | by record: a delivery that has begun and not settled |
    | `{t}:pending` | sorted set | records that the target is behind with, most urgent first |
    | `{t}:due` | sorted set | records that somebody has asked for, most urgent first |
    | `{t}:later` | sorted set | by time: records that become due then |
    | `{t}:lock:{record}` | string | the token of the worker that delivers it |
    | `{t}:waiting:{record}` | set | records that refer to it and wait for its link |
    | `{t}:awaiting:{record}` | set | records that need a value which it has |
    | `{t}:held`, `{t}:approved` | hash | by record: the hold that holds it back, what a person has let go |
    | `{t}:counted` | hash | by record, sealed: what the last poll has counted and lets take away |
    | `{t}:calls` | hash | by record, sealed: the last calls of the target that were made for it |
    | `{t}:former:{day}` | hash | by record and time, sealed: what there was before a change of that day |
    | `{t}:done` | sorted set | by time: what was done to whom, as far as limits look back |
    | `{t}:survey` | string | what first contact found |
    | `{t}:notebook` | hash | by record, sealed: what a target that shows nothing was given last |
    | `{t}:notebook-mark` | string | another word after each note |
    | `{t}:publication`, `{t}:written` | string | sealed: what was published last, and what of each object |
    | `{t}:publication-doubt` | string | there while something else may have been published |
    | `{t}:publishing` | string | the token of the worker that publishes |
    | `{t}:token:{name}` | string | sealed: what the target has given to sign in with, until it ends |
    | `{t}:drift`, `{t}:drift-look` | string | what the last look at all objects found, there during one |
    | `{t}:looked-up:{configuration}` | hash | by record: what its matches make of it, during a survey |
    | `{t}:state` | hash | why the target is paused, since when |
    | `{t}:throttle` | string | there while the target has asked to wait |
    | `{t}:faults`, `{t}:probe` | string | how often in a row it did not answer, that a worker probes it |
    | `{t}:pace` | string | the token bucket of its rate; with a name behind it, of that of some requests |
    | `{t}:budget` | sorted set | by time: calls of the last 24 hours, of a sort of which it takes few |
    | `{t}:queue` | sorted set | arq's queue |
    | `{t}:wake` | list | there while a worker that waits is to look at the queue |

    arq keeps its own keys (`arq:job:`, `arq:in-progress:`, `arq:retry:`, `arq:result:`) before a job id, and
    every job id begins with the prefix.
    """

    account: str = ACCOUNT

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        return f"kenjo-bridge:{SCHEMA}:{self.account}:"

    def of(self, name: str) -> str:
        """A key of the account: `lease`, `snapshot`, `revisions`, `records`."""
        return self.prefix + name

    def former(self, name: str) -> str:
        """The same key of the schema before, of which nothing but who is forgotten is read."""
        return f"kenjo-bridge:{SCHEMA - 1}:{self.account}:{name}"

    def at(self, target: str, name: str) -> str:
        """A key of a target: `ledger`, `links`, `owners`, `claims`, `pending`, `state`, `pace`, `queue`."""
        return f"{self.prefix}target:{target}:{name}"

    def target_of(self, key: str) -> str:
        """The target's name in a key that `at` made."""
        return key.removeprefix(f"{self.prefix}target:").partition(":")[0]

    def locks(self, target: str) -> str:
        """What the locks of a target begin with; the record's key follows."""
        return self.at(target, "lock:")

    def lock(self, target: str, key: Key) -> str:
        """The lock of one record at one target."""
        return f"{self.locks(target)}{key}"


def place(name: str, field: str = "") -> str:
    """Where a value stands: the whole name of its key, with account and target, and its field in a hash.

    It is part of what is authenticated, so that no value opens anywhere else.
    """
    return f"{name} {field}" if field else name


def named(field: bytes) -> Key:
    """The record whose key a field is. Raises Damaged."""
    try:
        return Key.parse(field.decode())
    except ValueError:
        with reading(f"a field named {field[:40]!r}"):
            raise


def legible(text: bytes) -> str:
    """What is no more than shown or compared: one that is damaged is another text."""
    return text.decode(errors="backslashreplace")


def number(text: bytes) -> int:
    """A whole number as it stands in Redis. Raises Damaged."""
    with reading("a revision"):
        return int(text)


def moment(text: bytes) -> float:
    """A time as it stands in Redis, in epoch seconds. Raises Damaged."""
    with reading("a time"):
        return float(text)


def script(name: str) -> str:
    """The text of `lua/<name>.lua`."""
    return resources.files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")
