"""A target that publishes what it was given: only when it is whole, once, and not with too many rows less."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import TryLater
from bridge.exchange import Draft, Publication
from bridge.model import Key, Kind, Record
from bridge.store.backend import Backend
from bridge.store.gate import HALTED
from bridge.store.holds import PUBLICATION
from bridge.wire.permit import Permit
from tests.delivery import TARGET, person
from tests.workers.publishing import COLUMNS, Filing, filing

HOLD = f"{TARGET}-{PUBLICATION}"
ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


@pytest.fixture
async def file(backend: Backend, tmp_path: Path) -> AsyncIterator[Filing]:
    async with filing(backend, tmp_path) as ready:
        yield ready


def many(number: int) -> list[Record]:
    return [person(f"p{at:02}") for at in range(number)]


async def test_what_was_given_is_published_once(file: Filing) -> None:
    """Two people are given == their rows are in the file; nothing has changed == it is not written again."""
    await file.given(person("ana"), person("ben"))
    assert file.rows().keys() == {"ana", "ben"}
    before = file.path.stat()
    assert await file.publish() is None
    assert file.path.stat().st_ino == before.st_ino
    await file.given(person("ana", title="Boss"))
    assert file.rows()["ana"]["job_title"] == "Boss"


async def test_a_whole_life(file: Filing) -> None:
    """Hired, promoted, left, back == the row stays, and says each time what is true."""
    told = []
    for record in (
        person("ana"),
        person("ana", title="Boss"),
        person("ana", title="Boss", lifecycle="left"),
        person("ana", title="Boss"),
    ):
        await file.given(record)
        row = file.rows()["ana"]
        told.append((row["job_title"], row["active"]))
    assert told == [("Clerk", "true"), ("Boss", "true"), ("Boss", "false"), ("Boss", "true")]


async def test_leavers_are_followed(file: Filing) -> None:
    """What changes with the last day, or after it == is in the row; what is known no more stays there."""
    await file.given(person("ana"))
    await file.given(person("ana", title="Boss", lifecycle="left"))
    assert (file.rows()["ana"]["job_title"], file.rows()["ana"]["active"]) == ("Boss", "false")
    await file.given(person("ana", title="Chair", lifecycle="left"))
    assert (file.rows()["ana"]["job_title"], file.rows()["ana"]["active"]) == ("Chair", "false")
    await file.given(Record(ANA, {"id": "ana", "lifecycle": "left"}))
    assert file.rows()["ana"]["job_title"] == "Chair"


async def test_who_cannot_be_written_leaves_all_the_same(file: Filing) -> None:
    """A name that the encoding lacks comes with the last day == the row says that they have left."""
    await file.set(encoding="windows-1252")
    await file.given(person("ana"))
    await file.given(person("ana", name="Иван", lifecycle="left"))
    assert (file.rows()["ana"]["first_name"], file.rows()["ana"]["active"]) == ("Ana", "false")


async def test_nothing_is_published_while_records_wait(file: Filing) -> None:
    """One of two is delivered, the other pending or under way == no file; both are settled == a file."""
    await file.run.deliver(person("ana"))
    await file.run.know(person("ben"))
    ledger = file.run.deliverer.ledger
    await ledger.add_pending({BEN: 1})
    left = await file.publish()
    assert left is not None
    assert "still to be delivered" in left.reason
    claim = await ledger.claim(BEN, "token")
    assert claim is not None
    await ledger.drop_pending([BEN])
    assert await file.publish() is not None
    assert not file.path.exists()
    await ledger.release(claim)
    await file.run.deliverer.deliver(BEN)
    assert await file.publish() is None
    assert file.rows().keys() == {"ana", "ben"}


async def test_a_change_that_is_not_pending_yet_is_waited_for(file: Filing) -> None:
    """A poll dies between its commit and its word of what is pending == no file with half of what it saw."""
    await file.given(person("ana"), person("ben"))
    await file.run.know(person("ana", title="Boss"), person("eve"))
    await file.run.deliver(person("ben", title="Deputy"))
    left = await file.publish()
    assert left is not None
    assert "still to be delivered" in left.reason
    assert file.rows()["ben"]["job_title"] == "Clerk"
    for key in (ANA, Key(Kind.PERSON, "eve")):
        await file.run.deliverer.deliver(key)
    assert await file.publish() is None
    titles = {id_: row["job_title"] for id_, row in file.rows().items()}
    assert titles == {"ana": "Boss", "ben": "Deputy", "eve": "Clerk"}


async def test_nothing_is_published_before_the_first_delivery(file: Filing) -> None:
    """A worker starts before anything is known == no empty file."""
    assert await file.publish() is not None
    assert not file.path.exists()


async def test_nothing_is_published_while_the_target_is_paused(file: Filing) -> None:
    """Halted == no file; goes on == a file."""
    await file.run.deliver(person("ana"))
    await file.run.deliverer.gate.pause(HALTED, "no")
    assert await file.publish() is not None
    assert not file.path.exists()
    await file.run.deliverer.gate.resume()
    assert await file.publish() is None
    assert file.path.exists()


async def test_what_comes_before_the_rename_stops_it(file: Filing) -> None:
    """A record becomes pending while the file is written == the old file stays, and nothing beside it."""
    await file.given(person("ana"))
    before = file.path.read_bytes()
    await file.run.deliver(person("ana", title="Boss"))
    original = file.target.publish

    async def publish(draft: Draft, last: Publication, permit: Permit) -> Publication:
        class Late:
            async def ask(self, *, paced: bool = False) -> None:
                if asked:
                    await file.run.deliverer.ledger.add_pending({BEN: 1})
                asked.append(1)
                await permit.ask(paced=paced)

        asked: list[int] = []
        return await original(draft, last, Late())

    file.target.publish = publish  # type: ignore[method-assign]
    left = await file.publish()
    assert left is not None
    assert left.soon
    assert file.path.read_bytes() == before
    assert [one.name for one in file.path.parent.iterdir()] == [file.path.name]


async def test_two_workers_publish_once(file: Filing) -> None:
    """Two workers look at the same time == one file is written, and the other worker leaves it."""
    await file.run.deliver(person("ana"))
    written = []
    original = file.target.publish

    async def publish(*arguments: Any) -> Publication:
        written.append(1)
        await asyncio.sleep(0.05)
        return await original(*arguments)

    file.target.publish = publish  # type: ignore[method-assign, assignment]
    found = await asyncio.gather(*(file.publishing.publish_if_due() for _ in range(2)))
    assert (len(written), [left.reason for left in found if left]) == (1, ["another worker publishes"])


async def test_a_worker_that_lost_its_turn_renames_nothing(file: Filing) -> None:
    """Its turn passed to another worker before the rename == it stops."""
    await file.run.deliver(person("ana"))
    original, redis = file.target.publish, file.run.backend.redis
    lock = file.run.backend.keys.at(TARGET, "publishing")

    async def publish(*arguments: Any) -> Publication:
        assert await redis.set(lock, "another worker")
        return await original(*arguments)

    file.target.publish = publish  # type: ignore[method-assign, assignment]
    left = await file.publish()
    assert left is not None
    assert not file.path.exists()
    assert await redis.get(lock) == b"another worker"


async def test_what_was_renamed_too_late_is_written_anew(file: Filing) -> None:
    """A worker is stopped before its rename, and another one publishes == the newer file, once more."""
    await file.given(person("ana"))
    old = file.path.read_bytes()
    await file.given(person("ana", title="Boss"))
    await file.run.deliver(person("ana", title="Chair"))
    original = file.target.publish

    async def publish(*arguments: Any) -> Publication:
        found = await original(*arguments)
        await file.run.backend.redis.delete(file.run.backend.keys.at(TARGET, "publishing"))
        file.target.publish = original  # type: ignore[method-assign]
        assert await file.publish() is None
        file.path.write_bytes(old)
        return found

    file.target.publish = publish  # type: ignore[method-assign, assignment]
    left = await file.publish()
    assert left is not None
    assert left.soon
    assert file.rows()["ana"]["job_title"] == "Clerk"
    assert await file.publish() is None
    assert file.rows()["ana"]["job_title"] == "Chair"
    written = file.path.stat().st_ino
    assert await file.publish() is None
    assert file.path.stat().st_ino == written


async def test_a_failure_that_is_noted_too_late_is_not(file: Filing) -> None:
    """A worker is stopped, another one publishes, the first one fails == the file is not written again."""
    await file.run.deliver(person("ana"))
    original = file.target.draft

    async def draft(*_: Any) -> Draft:
        await file.run.backend.redis.delete(file.run.backend.keys.at(TARGET, "publishing"))
        file.target.draft = original  # type: ignore[method-assign]
        assert await file.publish() is None
        raise TryLater("no answer")

    file.target.draft = draft  # type: ignore[method-assign, assignment]
    assert await file.publish() is not None
    written = file.path.stat().st_ino
    assert await file.publish() is None
    assert file.path.stat().st_ino == written
    assert (await file.run.backend.publications(TARGET).last()).trouble == ""


async def forget(file: Filing, *names: str) -> None:
    """Redis loses keys of the target, or everything."""
    keys = file.run.backend.keys
    if names:
        await file.run.backend.redis.delete(*(keys.at(TARGET, name) for name in names))
    else:
        await file.run.forget_everything()


async def test_rows_that_redis_has_lost_are_given_again(file: Filing) -> None:
    """The notes are lost, and the ledger is not == no file without them: they are delivered first."""
    await file.given(person("ana"), person("ben"))
    await file.run.deliver(person("ana", title="Boss"))
    await forget(file, "notebook")
    left = await file.publish()
    assert left is not None
    assert left.soon
    assert set(await file.run.deliverer.ledger.pending()) == {ANA, BEN}
    assert file.rows()["ana"]["job_title"] == "Clerk"
    for key in (ANA, BEN):
        await file.run.deliverer.deliver(key)
    assert await file.publish() is None
    assert {id_: row["job_title"] for id_, row in file.rows().items()} == {"ana": "Boss", "ben": "Clerk"}


async def test_a_file_that_would_lose_rows_is_held(file: Filing) -> None:
    """Redis is emptied and Kenjo tells of 12 of 20 == the old file stays until a person approves."""
    await file.given(*many(20))
    await forget(file)
    await file.run.deliver(*many(12))
    left = await file.publish()
    assert left is not None
    assert left.held
    hold = await file.run.backend.holds.get(HOLD)
    assert hold is not None
    assert (hold.count, hold.state, len(file.rows())) == (8, "open", 20)
    await file.publish()
    assert len(file.rows()) == 20
    await file.run.backend.holds.approve(hold, "ana", 0.0)
    assert await file.publish() is None
    assert len(file.rows()) == 12
    assert await file.run.backend.holds.get(HOLD) is None


async def test_an_approval_is_for_as_much_as_was_seen(file: Filing) -> None:
    """Eight rows less were approved, and now it is ten == held anew."""
    await file.given(*many(20))
    await forget(file)
    await file.run.deliver(*many(12))
    await file.publish()
    hold = await file.run.backend.holds.get(HOLD)
    assert hold is not None
    await file.run.backend.holds.approve(hold, "ana", 0.0)
    keys = file.run.backend.keys
    redis: Any = file.run.backend.redis
    lost = [keys.at(TARGET, name) for name in ("notebook", "ledger", "links")]
    for name in (*lost, keys.of("records"), keys.of("revisions")):
        await redis.hdel(name, "person:p10", "person:p11")
    left = await file.publish()
    assert left is not None
    assert left.held
    assert len(file.rows()) == 20


async def test_a_hold_goes_with_its_cause(file: Filing) -> None:
    """The missing people are delivered after all == the hold is withdrawn, and the file is written."""
    await file.given(*many(20))
    await forget(file)
    await file.run.deliver(*many(12))
    await file.publish()
    await file.given(*many(20))
    assert await file.run.backend.holds.get(HOLD) is None
    assert len(file.rows()) == 20


async def test_rows_that_deliveries_took_away_are_no_loss(file: Filing) -> None:
    """Eight of twenty leave, were let go, and their rows are deleted == nobody is asked a second time."""
    deleting = {"removal": {"left": "delete", "after_days": 0}}
    await file.set(**deleting, limits={"remove": None, "delete": None})
    await file.given(*many(20))
    for leaver in (person(f"p{at:02}", lifecycle="left") for at in range(8)):
        await file.run.deliver(leaver)
    await file.set(**deleting)
    assert await file.publish() is None
    assert len(file.rows()) == 12


async def test_a_changed_mapping_waits_for_everybody(file: Filing) -> None:
    """A column more is configured == no file with an empty column: everybody is delivered first."""
    await file.given(person("ana"), person("ben"))
    await file.set(map={"language": "person.account.language"}, columns=[*COLUMNS, "language"])
    left = await file.publish()
    assert left is not None
    assert "configuration" in left.reason
    assert "language" not in file.rows()["ana"]
    for key in (ANA, BEN):
        await file.run.deliverer.deliver(key)
    assert await file.publish() is None
    assert {row["language"] for row in file.rows().values()} == {"de"}


async def test_another_delimiter_is_written_at_once(file: Filing) -> None:
    """What changes no row changes the file == it is written anew, and nobody is delivered."""
    await file.given(person("ana"))
    await file.set(delimiter=";")
    assert await file.publish() is None
    assert file.path.read_text().startswith("id;first_name;")


async def test_a_failure_is_told_and_mended(file: Filing) -> None:
    """The folder is gone == the target is halted with what to do, and a try later writes the file."""
    await file.run.deliver(person("ana"))
    file.path.parent.rmdir()
    left = await file.publish()
    assert left is not None
    assert left.failed
    paused = await file.run.deliverer.gate.paused()
    assert paused["state"] == HALTED
    assert "create it" in paused["reason"]
    assert (await file.run.backend.publications(TARGET).last()).trouble == left.reason
    file.path.parent.mkdir()
    await file.run.deliverer.gate.resume()
    assert await file.publish() is None
    assert file.rows().keys() == {"ana"}
    assert (await file.run.backend.publications(TARGET).last()).trouble == ""


async def test_who_is_forgotten_is_taken_out(file: Filing) -> None:
    """A person is erased from Redis == the next file has no row of them, and nobody is asked."""
    await file.given(person("ana"), person("ben"))
    await file.run.backend.forgotten.erase(ANA, [TARGET])
    assert "person:ana" not in await file.run.backend.publications(TARGET).written()
    assert await file.publish() is None
    assert file.rows().keys() == {"ben"}


async def test_a_damaged_note_is_made_anew(file: Filing) -> None:
    """One note cannot be read == it is discarded, its record delivered again, and the file is whole."""
    await file.given(person("ana"), person("ben"))
    await file.run.deliver(person("ben", title="Boss"))
    redis: Any = file.run.backend.redis
    await redis.hset(file.run.backend.keys.at(TARGET, "notebook"), str(ANA), b"rubbish")
    for _ in range(2):
        assert await file.publish() is not None
    assert set(await file.run.deliverer.ledger.pending()) == {ANA}
    await file.run.deliverer.deliver(ANA)
    assert await file.publish() is None
    assert file.rows().keys() == {"ana", "ben"}


async def test_a_killed_worker_publishes_again(file: Filing) -> None:
    """The file is written and that could not be noted == it is written once more, with nothing held."""
    await file.run.deliver(*many(20))
    original = file.target.publish

    async def publish(*arguments: Any) -> Publication:
        await original(*arguments)
        raise asyncio.CancelledError

    file.target.publish = publish  # type: ignore[method-assign, assignment]
    with pytest.raises(asyncio.CancelledError):
        await file.publish()
    file.target.publish = original  # type: ignore[method-assign]
    assert await file.publish() is None
    assert len(file.rows()) == 20
