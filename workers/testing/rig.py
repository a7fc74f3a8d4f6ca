"""What the contract suite needs to know of a kind of target, and how it connects to one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import pytest

from bridge.errors import NotFound
from bridge.exchange import Applied, FieldChange, Greeting, Remote, Removal, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import open_session
from bridge.wire.permit import Permit
from bridge.wire.timing import Measured, unheard
from workers.delivery.sending import bring, sent, shows
from workers.targets.base import Adapter, Target, Tools
from workers.targets.notebook import Notebook, Scratch
from workers.testing.permits import Always
from workers.testing.proxy import proxy_to, reads_by_method

NOBODY: frozenset[str] = frozenset()


class Line(Protocol):
    """What lies between a target and its server: it keeps count, and can fail."""

    @property
    def writes(self) -> Sequence[Any]:
        """What has come through that changes something."""

    def lose(self) -> None:
        """Let the next write be done, and its answer get lost."""

    def refuse(self) -> None:
        """Let the server refuse the next write for what is in it."""


class Rig(ABC):
    """A running server of one kind, and how to look into it past the adapter.

    Attributes are under the names that the kind's mapping uses.
    """

    adapter: Adapter
    has_teams = False
    deletes = True
    reopens = True
    """Whether somebody who was deactivated can be given access again; if not, that is rejected."""
    changes: Mapping[str, Any]
    """Attributes of a person, all of them different from what `person` gives."""
    wrong_name = "no.such attribute"
    """A name that no attribute has."""
    has_others = True
    """Whether somebody else can give a person anything there, beside what the bridge gives."""
    proves_members = True
    """Whether what is shown of a group proves who is out of it; if not, whoever leaves is taken out again."""
    clearable: str
    """An attribute that `person` gives and that may be cleared; "" when the target cannot clear any."""

    @abstractmethod
    def reached(self) -> AbstractAsyncContextManager[tuple[Allowed, Line]]:
        """The connected target, and what lies between it and the server."""

    @abstractmethod
    def person(self, number: int) -> dict[str, Any]:
        """All attributes of a person; different for each number."""

    def team(self, number: int) -> dict[str, Any]:
        """All attributes of a team but its members."""
        raise NotImplementedError

    @abstractmethod
    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        """The object as the server has it, by attribute, members as a set; None when it is gone."""

    @abstractmethod
    async def count(self, kind: Kind) -> int:
        """How many objects of a kind there are."""

    @abstractmethod
    async def is_active(self, remote_id: str) -> bool:
        """Whether a person may use the target."""

    async def add_foreign(self, remote_id: str) -> None:
        """Give a person something that no mapping knows, as the target's administrator would."""
        raise NotImplementedError

    async def has_foreign(self, remote_id: str) -> bool:
        """Whether what `add_foreign` gave is still there."""
        raise NotImplementedError

    async def can_be_members(self, count: int) -> list[str]:
        """Ids that a group takes as its members: people made past the adapter where a server wants that."""
        return [f"m{number:03d}" for number in range(count)]

    async def add_member(self, remote_id: str, member: str) -> None:
        """Put a member into a group, as the target's administrator would."""
        raise NotImplementedError

    def expected(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """What the server will store for these attributes; some change or drop values."""
        return dict(attributes)


class Allowed:
    """A target, and what deliveries do with it, with this permit."""

    def __init__(self, target: Target, permit: Permit | None = None) -> None:
        self.target = target
        self.permit = permit or Always()

    async def check(self) -> Greeting:
        """See `Target.check`."""
        return await self.target.check()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """See `Target.find`."""
        return await self.target.find(wanted, thorough=thorough)

    async def upsert(self, wanted: Wanted, remote_id: str | None) -> Applied:
        """Create it, or make what is there as wanted. Raises what was refused."""
        if remote_id is not None:
            return await bring(self.target, wanted, remote_id, self.permit)
        change = self.target.change(wanted, None)
        assert change
        return await sent(self.target, change, self.permit)

    async def remove(
        self, key: Key, remote_id: str, how: Removal = "deactivate", released: frozenset[str] = NOBODY
    ) -> Outcome:
        """Take it away. What is not there any more is unchanged."""
        wanted = Wanted(key, {}, released, removal=how)
        try:
            return (await bring(self.target, wanted, remote_id, self.permit)).outcome
        except NotFound:
            return Outcome.UNCHANGED  # what is not there needs no removal

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """Whether the target shows the account as open; None where it shows nothing of it."""
        return await shows(self.target, key, remote_id)

    async def preview(self, wanted: Wanted, remote_id: str | None) -> list[FieldChange]:
        """What an upsert would change."""
        there = await self.target.read(wanted.key, remote_id) if remote_id else None
        change = self.target.change(wanted, there)
        return list(change.fields) if change else []


@asynccontextmanager
async def connected(
    adapter: Adapter,
    settings: Mapping[str, Any],
    notebook: Notebook | None = None,
    measured: Measured = unheard,
) -> AsyncIterator[Allowed]:
    """Connect an adapter with settings as the configuration has them; by default its notebook is empty."""
    parsed = adapter.settings.model_validate({"timeout": 5, **settings})
    async with open_session() as session:
        tools = Tools(session, notebook=notebook or Scratch(), measured=measured)
        async with adapter.connect(parsed, tools) as target:
            yield Allowed(target)


def person(rig: Rig, number: int, **changes: Any) -> Wanted:
    """A person wanted at a rig's target; `changes` by attribute."""
    return Wanted(Key(Kind.PERSON, f"kenjo-p{number}"), {**rig.person(number), **changes})


def team(
    rig: Rig, number: int, members: list[str], released: frozenset[str] = NOBODY, **changes: Any
) -> Wanted:
    """A team wanted at a rig's target."""
    attributes = {**rig.team(number), **changes, "members": members}
    return Wanted(Key(Kind.TEAM, f"kenjo-t{number}"), attributes, released)


class HttpRig(Rig):
    """A rig of a server that speaks HTTP. `origin` is its scheme, host and port."""

    origin: str
    is_asked = True
    """Whether questions reach the server; False where it is only told, and notes answer in its place."""
    notebook: Notebook | None = None
    """What all connections note in; None: each has one of its own."""

    @abstractmethod
    def settings(self, origin: str) -> dict[str, Any]:
        """Settings that connect to the server when it is reached at `origin`."""

    @abstractmethod
    def wrong_credentials(self) -> dict[str, Any]:
        """Settings, laid over the others, that the server refuses."""

    def reads(self, method: str, path: str) -> bool:
        """Whether a request changes nothing; some APIs search and sign in by POST."""
        return reads_by_method(method, path)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        """Through a proxy."""
        async with (
            proxy_to(self.origin, self.reads) as proxy,
            connected(self.adapter, self.settings(proxy.url), self.notebook) as target,
        ):
            yield target, proxy


class Through:
    """The fixtures of the suites: `target` reaches the rig's server through `line`."""

    @pytest.fixture
    async def reached(self, rig: Rig) -> AsyncIterator[tuple[Allowed, Line]]:
        """The connected target and its line, for the time of a test."""
        async with rig.reached() as reached:
            yield reached

    @pytest.fixture
    def target(self, reached: tuple[Allowed, Line]) -> Allowed:
        """The connected target."""
        return reached[0]

    @pytest.fixture
    def line(self, reached: tuple[Allowed, Line]) -> Line:
        """What lies between it and the server."""
        return reached[1]


async def holds(rig: Rig, kind: Kind, remote_id: str, attributes: dict[str, Any]) -> None:
    """Assert that the server has these attributes, and nothing for those that are None."""
    stored = await rig.stored(kind, remote_id)
    assert stored is not None
    wanted = rig.expected(attributes)
    assert {name: stored.get(name) for name in wanted} == wanted
