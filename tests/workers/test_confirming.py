"""Deliveries to a target that takes changes, and does them later: tickets, and what came of them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.exchange import Accepted, Applied, Change, Receipt, Refused, Remote
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Kind, Outcome, State
from bridge.store.backend import Backend
from bridge.wire.permit import Permit
from tests.delivery import TARGET, Delivery, delivery, person
from tests.workers.targets.shelf import ADAPTER, Shelf, ShelfTarget
from workers.delivery.removing import LOOKS
from workers.targets.base import Abilities, one_by_one

HOUR = 3600.0


class SlowTarget(ShelfTarget):
    """A shelf to which changes come when somebody puts them there. `taken`: what was sent, by ticket."""

    can = Abilities(lists=True, later=frozenset(Kind))

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self.taken: dict[str, Change] = {}
        self.asked = 0
        self.stop: Callable[[], Awaitable[object]] | None = None  # what happens as soon as a change is taken
        self._came: dict[str, Receipt] = {}
        self._forgets = self._hides = False

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        return await one_by_one(changes, partial(self._take, permit=permit))

    async def _take(self, change: Change, permit: Permit) -> Receipt:
        await permit.ask()
        ticket = f"t{len(self.taken) + 1}"
        self.taken[ticket] = change
        if self._forgets:
            self._forgets = False
            raise TryLater("no answer")
        if stop := self.stop:
            self.stop = None
            await stop()
        return Accepted("is on its way", ticket, after=60.0)

    async def confirm(self, tickets: Sequence[str]) -> Sequence[Receipt]:
        self.asked += 1
        return [self._came.get(one, Accepted("is on its way", one, after=60.0)) for one in tickets]

    async def work(self) -> None:
        """Do what was taken and is not done yet."""
        for ticket, change in self.taken.items():
            if ticket not in self._came:
                (self._came[ticket],) = await super().send([change], _Any())

    async def _send(self, change: Change, permit: Permit) -> Receipt:
        others = (id_ for id_, one in self._shelf.things(change.key.kind).items() if id_ != change.remote_id)
        names = {self._shelf.things(change.key.kind)[id_].get("userName") for id_ in others}
        if change.remote_id and change.content and change.content.get("userName") in names:
            raise Conflict("the name is taken")
        return await super()._send(change, permit)

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        if self._hides:
            self._hides = False
            raise TryLater("no answer")
        return await super().read(key, remote_id)

    def hide(self) -> None:
        """Answer nothing when somebody is read next."""
        self._hides = True

    def forget_answer(self) -> None:
        """Take the next change, and lose the answer."""
        self._forgets = True

    def refuse(self, error: Exception) -> None:
        """Refuse what was taken last."""
        self._came[f"t{len(self.taken)}"] = Refused(error)


class _Killed(BaseException):
    """The worker ends."""


async def _killed(*_: object, **__: object) -> None:
    raise _Killed


class _Any:
    async def ask(self, *, paced: bool = False) -> None:
        """Whatever was taken may be written."""
        del paced


@dataclass(frozen=True)
class Slowly:
    """A delivery to a slow shelf."""

    run: Delivery
    shelf: Shelf
    target: SlowTarget

    async def again(self, *, after: float = 0.0) -> Entry:
        """Deliver Ana once more, as a retry does."""
        self.run.clock.now += after
        await self.run.deliverer.deliver(Key(Kind.PERSON, "ana"))
        return await self.run.entry("ana")

    @property
    def ana(self) -> dict[str, object]:
        (found,) = self.shelf.things(Kind.PERSON).values()
        return found


@pytest.fixture
async def slowly(backend: Backend, tmp_path: Path) -> AsyncIterator[Slowly]:
    shelf = Shelf()
    async with delivery(backend) as run:
        given = {"kind": "shelf", "path": tmp_path, "rate": 1000.0, "create_shows_within": HOUR}
        route = Route(TARGET, ADAPTER.settings.model_validate(given), ADAPTER.mapping)
        target = SlowTarget(shelf)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=target)
        yield Slowly(run, shelf, target)


async def test_a_whole_life(slowly: Slowly) -> None:
    """Hired, promoted, left, each done a while after it was taken == each sent once, and told as it was."""
    expected = [
        (person("ana"), Outcome.CREATED, State.APPLIED),
        (person("ana", title="Boss"), Outcome.UPDATED, State.APPLIED),
        (person("ana", lifecycle="left"), Outcome.DEACTIVATED, State.REMOVED),
    ]
    for number, (record, outcome, state) in enumerate(expected, 1):
        await slowly.run.deliver(record)
        for _ in range(20):
            entry = await slowly.again(after=60)
        assert (entry.state, entry.ticket, entry.attempts) == (State.RETRYING, f"t{number}", 0)
        assert entry.retry_at >= slowly.run.clock.now + 60
        await slowly.target.work()
        entry = await slowly.again(after=60)
        assert (entry.state, entry.outcome, entry.ticket, entry.accepted) == (state, outcome, "", 0.0)
        assert len(slowly.target.taken) == number
    assert slowly.ana["active"] is False


async def test_a_change_that_is_refused_later(slowly: Slowly) -> None:
    """What the target says of it hours later == parked for a person; the next change is sent."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.run.deliver(person("ana", title="Boss"))
    slowly.target.refuse(RecordRejected("a title like that is not taken"))
    entry = await slowly.again(after=60)
    assert (entry.state, entry.reason) == (State.FAILED, "a title like that is not taken")
    await slowly.run.deliver(person("ana", title="Chief"))
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert slowly.ana["title"] == "Chief"


async def test_addresses_that_go_round(slowly: Slowly) -> None:
    """Three people get each other's addresses, each refusal comes later == all arrive, and it ends."""
    people = ["ana", "ben", "eva"]
    for one in people:
        await slowly.run.deliver(person(one))
    await slowly.target.work()
    for one in people:
        slowly.run.clock.now += 60
        await slowly.run.deliverer.deliver(Key(Kind.PERSON, one))
    for one, other in zip(people, [*people[1:], people[0]], strict=True):
        await slowly.run.know(person(one, email=f"{other}@example.com"))
    sent = 0
    for _ in range(12):
        for one in people:
            slowly.run.clock.now += 30
            await slowly.run.deliverer.deliver(Key(Kind.PERSON, one))
        sent, before = len(slowly.target.taken), sent
        await slowly.target.work()
    assert sent == before
    found = {one["externalId"]: one["userName"] for one in slowly.shelf.things(Kind.PERSON).values()}
    assert found == {"ana": "ben@example.com", "ben": "eva@example.com", "eva": "ana@example.com"}


async def test_a_create_that_is_refused_later(slowly: Slowly) -> None:
    """There is no account == a later change creates it; nothing waits for one that will not come."""
    await slowly.run.deliver(person("ana"))
    slowly.target.refuse(RecordRejected("nobody of that name"))
    assert (await slowly.again(after=60)).state is State.FAILED
    await slowly.run.deliver(person("ana", title="Boss"))
    await slowly.target.work()
    assert (await slowly.again(after=60)).outcome is Outcome.CREATED
    assert len(slowly.shelf.things(Kind.PERSON)) == 1


async def test_a_riddle_ends(slowly: Slowly) -> None:
    """Each create is refused later for an account that nothing shows == tried a few times, then parked."""
    await slowly.run.deliver(person("ana"))
    for _ in range(12):
        slowly.target.refuse(Conflict("the address is taken"))
        entry = await slowly.again(after=60)
    assert entry.state is State.FAILED
    assert 1 < len(slowly.target.taken) < 8


async def test_a_change_that_is_a_riddle_ends(slowly: Slowly) -> None:
    """Each change is refused later, nobody has its value == tried a few times, then parked."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.run.deliver(person("ana", title="Boss"))
    for _ in range(12):
        slowly.target.refuse(Conflict("the title is taken"))
        entry = await slowly.again(after=60)
    assert entry.state is State.FAILED
    assert 2 < len(slowly.target.taken) < 9


async def test_a_create_that_was_taken_twice(slowly: Slowly) -> None:
    """The answer to the first one was lost, the second is refused as a duplicate == the account is found."""
    slowly.target.forget_answer()
    await slowly.run.deliver(person("ana"))
    await slowly.again(after=60)
    await slowly.target.work()
    entry = await slowly.again(after=60)
    await slowly.target.work()
    assert (entry.state, entry.outcome) == (State.APPLIED, Outcome.ADOPTED)
    assert len(slowly.shelf.things(Kind.PERSON)) == 1


async def test_a_create_that_was_taken_twice_and_differs(slowly: Slowly) -> None:
    """After many attempts the account is found that the first has made, and somebody has changed it since.

    The refusal is of the create, and says nothing of the change that is needed now == changed, not parked.
    """
    slowly.target.forget_answer()
    await slowly.run.deliver(person("ana"))
    for _ in range(LOOKS):
        slowly.target.forget_answer()
        await slowly.again(after=60)
    await slowly.again(after=60)
    await slowly.target.work()
    slowly.ana["title"] = "somebody else's word"
    entry = await slowly.again(after=60)
    assert entry.state is not State.FAILED, entry.reason
    await slowly.target.work()
    entry = await slowly.again(after=60)
    assert (entry.state, slowly.ana["title"]) == (State.APPLIED, "Clerk")


@pytest.mark.parametrize(
    ("how", "fails"),
    [("unanswered", False), ("killed", False), ("killed", True), ("stopped", False), ("doubted", False)],
)
async def test_a_change_whose_answer_was_lost(
    slowly: Slowly, monkeypatch: pytest.MonkeyPatch, how: str, *, fails: bool
) -> None:
    """It is taken back before it is done, so all seems right == looked at until it is done, and mended.

    Also where the worker ends, or is stopped for longer than its lock lasts, as soon as it has sent it; where
    all accounts are to be read back then; and where the first look after that `fails`.
    """
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    ledger = slowly.run.deliverer.ledger
    if how == "unanswered":
        slowly.target.forget_answer()
        await slowly.run.deliver(person("ana", title="Boss"))
    elif how == "stopped":
        slowly.target.stop = slowly.run.forget_locks
        await slowly.run.deliver(person("ana", title="Boss"))
    else:
        with monkeypatch.context() as patched:
            patched.setattr(ledger, "announce", _killed)
            with pytest.raises(_Killed):
                await slowly.run.deliver(person("ana", title="Boss"))
        slowly.run.clock.now += HOUR
    if how == "doubted":
        await ledger.doubt_everything()
    if fails:
        slowly.target.hide()
    await slowly.run.deliver(person("ana"))
    entry = await slowly.again(after=60)
    assert (entry.state, entry.reason) == (State.RETRYING, "may still do what it was sent without an answer")
    await slowly.target.work()
    assert str(slowly.ana["title"]) == "Boss"
    await slowly.again(after=60)
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert str(slowly.ana["title"]) == "Clerk"


async def test_a_change_that_was_sent_after_another_one_was_done(slowly: Slowly) -> None:
    """A worker is stopped before it sends, for longer than anybody waits == what it sent is waited for."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)

    async def another() -> None:
        await slowly.run.forget_locks()
        await slowly.run.deliver(person("ana"))
        assert (await slowly.again(after=HOUR)).state is State.APPLIED

    slowly.target.stop = another
    await slowly.run.deliver(person("ana", title="Boss"))
    assert (await slowly.again()).state is State.RETRYING
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert str(slowly.ana["title"]) == "Clerk"


async def test_a_change_whose_answer_was_lost_is_looked_at_in_time(slowly: Slowly) -> None:
    """What was sent without an answer may be done for ten seconds more == looked at then, not in a minute."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    slowly.target.forget_answer()
    await slowly.run.deliver(person("ana", title="Boss"))
    slowly.run.clock.now += HOUR - 10
    await slowly.run.deliver(person("ana"))
    entry = await slowly.run.entry("ana")
    assert entry.state is State.RETRYING
    assert entry.retry_at <= slowly.run.clock.now + 11
    assert (await slowly.again(after=11)).state is State.APPLIED


async def test_a_leaver_whose_create_is_still_to_be_done(
    slowly: Slowly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that sent the create is killed, and she leaves before it is done == closed when it is."""
    with monkeypatch.context() as patched:
        patched.setattr(slowly.run.deliverer.ledger, "announce", _killed)
        with pytest.raises(_Killed):
            await slowly.run.deliver(person("ana"))
    slowly.run.clock.now += HOUR
    await slowly.run.know(person("ana", lifecycle="left"))
    for _ in range(2 * LOOKS):
        entry = await slowly.again(after=30)
    assert (entry.state, entry.attempts) == (State.RETRYING, 0)
    await slowly.target.work()
    assert slowly.ana["active"] is True
    await slowly.again(after=60)
    await slowly.run.judge()
    await slowly.again()
    await slowly.target.work()
    assert slowly.ana["active"] is False


async def test_an_account_that_is_deleted_there(slowly: Slowly) -> None:
    """A change of it had no answer, and it is not there any more == made anew, and nobody is asked."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    slowly.target.forget_answer()
    await slowly.run.deliver(person("ana", title="Boss"))
    slowly.shelf.things(Kind.PERSON).clear()
    slowly.target.taken.pop("t2")
    for _ in range(3):
        entry = await slowly.again(after=60)
        await slowly.target.work()
    assert (entry.state, str(slowly.ana["title"])) == (State.APPLIED, "Boss")


async def test_a_change_that_never_came(slowly: Slowly) -> None:
    """Its answer was lost, it is taken back, and never done == in step after the setting, by itself."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    slowly.target.forget_answer()
    await slowly.run.deliver(person("ana", title="Boss"), person("ana"))
    entry = await slowly.again(after=HOUR + 1)
    assert (entry.state, entry.accepted) == (State.APPLIED, 0.0)


async def test_a_refusal_of_what_is_old(slowly: Slowly) -> None:
    """A change is refused when another one waits already == the other one is sent, not refused."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.run.deliver(person("ana", title="Boss"))
    await slowly.run.deliver(person("ana", title="Chief"))
    slowly.target.refuse(RecordRejected("a title like that is not taken"))
    assert (await slowly.again(after=60)).state is State.RETRYING
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert slowly.ana["title"] == "Chief"


async def test_a_leaver_who_is_to_be_opened(slowly: Slowly) -> None:
    """She leaves while her account is still to be opened again == closed after that, not called so before."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    slowly.ana["active"] = False
    await slowly.run.deliver(person("ana", title="Boss"))
    await slowly.run.deliver(person("ana", title="Boss", lifecycle="left"))
    assert (await slowly.again()).state is State.RETRYING
    await slowly.target.work()
    for _ in range(2):
        await slowly.again(after=60)
        await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.REMOVED
    assert slowly.ana["active"] is False


async def test_a_leaver_does_not_wait(slowly: Slowly) -> None:
    """An earlier change is on its way still when she leaves == her end is sent at once, and once."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.run.deliver(person("ana", title="Boss"))
    await slowly.run.deliver(person("ana", lifecycle="left"))
    assert [change.outcome for change in slowly.target.taken.values()][-1] is Outcome.DEACTIVATED
    for _ in range(3):
        await slowly.again(after=60)
    assert len(slowly.target.taken) == 3
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.REMOVED
    assert slowly.ana["active"] is False


async def test_another_change_waits_for_the_first(slowly: Slowly) -> None:
    """She changes while her account is on its way == nothing is sent before it is there; no second create."""
    await slowly.run.deliver(person("ana"), person("ana", title="Boss"))
    assert len(slowly.target.taken) == 1
    await slowly.target.work()
    await slowly.again(after=60)
    assert [change.outcome for change in slowly.target.taken.values()] == [Outcome.CREATED, Outcome.UPDATED]
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert slowly.ana["title"] == "Boss"


async def test_what_is_never_done(slowly: Slowly) -> None:
    """A change is accepted and not done for longer than the setting == sent again, as after any failure."""
    await slowly.run.deliver(person("ana"))
    await slowly.target.work()
    await slowly.again(after=60)
    await slowly.run.deliver(person("ana", title="Boss"))
    entry = await slowly.again(after=HOUR + 1)
    assert (entry.state, entry.attempts, entry.ticket) == (State.RETRYING, 1, "")
    assert entry.reason == "is on its way; that was not done within 3600 s"
    await slowly.again(after=60)
    assert len(slowly.target.taken) == 3


async def test_a_create_that_never_shows(slowly: Slowly) -> None:
    """A create is accepted and not done == parked for a person after the setting; never a second one."""
    await slowly.run.deliver(person("ana"))
    entry = await slowly.again(after=HOUR + 1)
    assert entry.state is State.FAILED
    assert "did not show it within 3600 s" in entry.reason
    assert len(slowly.target.taken) == 1


async def test_what_cannot_be_asked_after_now(slowly: Slowly, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target does not answer a question after a ticket == asked again, nothing is sent again."""
    await slowly.run.deliver(person("ana"))

    async def silent(tickets: Sequence[str]) -> Sequence[Applied]:
        raise TryLater(f"no answer to {len(tickets)}", unreachable=True)

    with monkeypatch.context() as patch:
        patch.setattr(slowly.target, "confirm", silent)
        entry = await slowly.again(after=60)
        assert (entry.state, entry.ticket) == (State.RETRYING, "t1")
    await slowly.run.deliverer.gate.resume()
    await slowly.target.work()
    assert (await slowly.again(after=60)).state is State.APPLIED
    assert len(slowly.target.taken) == 1
