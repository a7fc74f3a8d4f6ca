"""What of the audit somebody sees: by person, target, kind of event and time, with local times."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.printable import counted
from bridge.store.backend import Backend
from service.operations.times import ago, local, told
from tests.service.operated import Operator

BEGIN = datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()  # the 25th begins in Berlin, a day of 25 hours
HOUR = 3600.0


@pytest.fixture
async def noted(fresh: Operator) -> Operator:
    """An event for each hour of two days and a half, of two people in turn."""
    fresh.here.config["timezone"] = "Europe/Berlin"
    async with fresh.backend() as backend:
        for hour in range(60):
            await note(backend, hour)
    return fresh


async def note(backend: Backend, hour: int) -> None:
    facts = {"record": f"person:{'ab'[hour % 2]}", "by": str(hour)}
    if hour % 3:
        await backend.audit.note("retried", BEGIN + hour * HOUR, target="directory", **facts)
    else:
        await backend.audit.note("paused", BEGIN + hour * HOUR, target="former", **facts)


@pytest.mark.parametrize(
    ("arguments", "hours"),
    [
        ("--since 2026-10-25 --until 2026-10-25", range(25)),
        ("--since 2026-10-26T01:30 --until 2026-10-26T04:00", [27, 28]),
        ("--since 2026-10-26T01:30:00+03:00 --until 2026-10-26", range(25, 49)),
        ("--kind paused --until 2026-10-25", range(0, 25, 3)),
        ("--target directory --kind retried --until 2026-10-25", [h for h in range(25) if h % 3]),
        ("b --target directory --until 2026-10-25", [h for h in range(25) if h % 6 in (1, 5)]),
        ("person:a b --count 2", [58, 59]),
    ],
)
async def test_filters(noted: Operator, arguments: str, hours: list[int]) -> None:
    """Events of days in the company's zone, of times, kinds, targets, people == those, the newest last."""
    done = await noted("audit", *arguments.split(), "--json")
    assert [int(event["by"]) for event in done.json_lines] == list(hours), done.err
    moments = [datetime.fromisoformat(event["at"]) for event in done.json_lines]
    assert [(moment.timestamp() - BEGIN) / HOUR for moment in moments] == list(hours)
    assert str(moments[0].utcoffset()) in ("1:00:00", "2:00:00")


async def test_ago_and_more(noted: Operator) -> None:
    """`--since 1w` and no number == 50 of what is so new, with a line that says that there are more."""
    async with noted.backend() as backend:
        for _ in range(51):
            await backend.audit.note("resumed", datetime.now(UTC).timestamp(), target="directory")
    done = await noted("audit", "--since", "1w")
    *shown, more = done.out.splitlines()
    assert (len(shown), all(" resumed " in line for line in shown)) == (50, True)
    assert "--count 100 shows more" in more
    done = await noted("audit", "--since", "1w", "--json")
    assert (len(done.json_lines), "--count 100 shows more" in done.err) == (50, True)
    assert len((await noted("audit", "--since", "1w", "--count", "51")).out.splitlines()) == 51


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--since yesterday", "--since 'yesterday' is no time: write how long ago it was, such as 30m"),
        ("--until 2026-13-01", "--until '2026-13-01' is no time"),
        ("--since 2x", "--since '2x' is no time"),
        ("--since 2026-11-02 --until 2026-11-01", "--since is not before --until"),
        ("--kind creatd", "there is no event 'creatd'; did you mean created? (there is: adopted, "),
        ("--target directori", "there is no target 'directori' (there is: directory)"),
        ("nobody", "nobody has this Kenjo id"),
    ],
)
async def test_what_is_wrong_gets_a_sentence(fresh: Operator, arguments: str, says: str) -> None:
    """A time, kind, target or person that is none == exit 3 and what to write instead."""
    done = await fresh("audit", *arguments.split())
    assert (done.code, done.out, says in done.err) == (3, "", True), done.err


def test_times_are_told_with_their_zone() -> None:
    """One moment in two zones, in summer and winter == local time with its zone; JSON has offsets."""
    berlin, lima = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Lima")
    assert told(local(1796074812.9, berlin)) == "2026-11-30 22:40:12 CET"
    assert told(local(1785542400.0, berlin)) == "2026-08-01 02:00:00 CEST"
    assert local(1785542400.0, lima).isoformat() == "2026-07-31T19:00:00-05:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 seconds ago"),
        (1, "1 second ago"),
        (119, "119 seconds ago"),
        (120, "2 minutes ago"),
        (7199, "119 minutes ago"),
        (7200, "2 hours ago"),
        (172800, "2 days ago"),
    ],
)
def test_ages(seconds: float, words: str) -> None:
    """Seconds, minutes, hours, days == the largest of which there are two."""
    assert ago(seconds) == words


def test_numbers_agree_with_words() -> None:
    """One, none and several, with a plural of its own == the words that go with the number."""
    assert [counted(number, "record") for number in (0, 1, 2)] == ["0 records", "1 record", "2 records"]
    assert counted(1, "person is", "people are") == "1 person is"
    assert counted(2, "person is", "people are") == "2 people are"
