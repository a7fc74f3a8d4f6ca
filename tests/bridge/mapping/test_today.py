"""`today` in expressions: what changes with the day, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.config.target_settings import TargetSettings
from bridge.effects import Verb, verb_of
from bridge.mapping.environment import Environment
from bridge.mapping.protected import Protected
from bridge.mapping.route import Action, Route
from bridge.model import Entry, Kind, State, Stored
from tests.bridge.routes import MAPPING, person

STARTED = "person.work.startDate <= today"


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def set(self, moment: str) -> None:
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))


def route(
    clock: Callable[[], datetime], zone: str = "Europe/Berlin", protected: str = "", **settings: Any
) -> Route:
    environment = Environment({"a": {"x": "y"}}, ZoneInfo(zone), clock)
    given = TargetSettings.model_validate({"kind": "scim", **settings})
    return Route("d", given, MAPPING, Protected([protected] if protected else [], environment), environment)


def test_today_is_text_like_kenjos_dates(clock: Clock) -> None:
    """`today` == the date in the configured zone, from its midnight on, in scope, map and protected."""
    dated = route(clock, scope=STARTED, map={"title": "today"}, protected='today == "2026-03-02"')
    record = person(startDate="2026-03-02")
    for moment, day, there in (
        ("2026-03-01T22:59", "2026-03-01", False),
        ("2026-03-01T23:00", "2026-03-02", True),
    ):
        clock.set(moment)
        assert dated.map(record)["title"] == day
        assert (dated.intend(Stored(record, 1), linked=False).action is Action.UPSERT) is there
    assert "protected" in dated.intend(Stored(person("left"), 1), linked=True).reason
    clock.set("2026-03-01T22:59")
    assert dated.intend(Stored(person("left"), 1), linked=True).action is Action.DEACTIVATE


@pytest.mark.parametrize(
    "settings", [{"scope": STARTED}, {"map": {"title": "today"}}, {"protected": "today > person.id"}]
)
def test_a_new_day_is_another_fingerprint(clock: Clock, settings: dict[str, Any]) -> None:
    """Where an expression uses `today`, the fingerprint is another one each day, the configuration is not."""
    dated = route(clock, **settings)
    before, configuration = dated.fingerprint, dated.configuration
    clock.set("2026-03-01T22:59")
    assert dated.fingerprint == before
    clock.set("2026-03-01T23:00")
    assert dated.fingerprint != before
    assert dated.configuration == configuration


def test_without_today_the_day_is_nothing(clock: Clock) -> None:
    """No expression uses `today`, a text that says so included == the same fingerprint for ever."""
    plain = route(clock, map={"title": '"today"'})
    before = plain.fingerprint
    clock.set("2027-01-01T00:00")
    assert plain.fingerprint == before


def test_lookup_tables_belong_to_the_configuration() -> None:
    """A changed table == another configuration where `lookup` is used, the same one elsewhere."""

    def hashed(expression: str, city: str) -> str:
        environment = Environment({"cities": {"B": city}})
        given = TargetSettings.model_validate({"kind": "scim", "map": {"title": expression}})
        return Route("d", given, MAPPING, environment=environment).configuration

    used, unused = 'lookup("cities", person.id)', "person.id"
    assert hashed(used, "Berlin") != hashed(used, "Bonn")
    assert hashed(unused, "Berlin") == hashed(unused, "Bonn")


def test_the_day_alone_counts_as_no_change(clock: Clock) -> None:
    """A new day: who is mapped as before is no update for the limits, who is not is one."""
    dated = route(clock, map={"title": 'daysBetween(person.work.startDate, today) < 90 ? "New" : "Old"'})
    entries = {}
    records = {"stays": person(startDate="2026-02-01"), "turns": person(startDate="2025-12-02")}
    for name in records:
        entries[name] = Entry(revision=1, config=dated.fingerprint, state=State.APPLIED)
    clock.set("2026-03-02T12:00")
    verbs = {
        name: verb_of(dated, Stored(one, 1), entries[name], linked=True) for name, one in records.items()
    }
    assert verbs == {"stays": None, "turns": Verb.UPDATE}
    changed = verb_of(dated, Stored(records["stays"], 2), entries["stays"], linked=True)
    assert changed is Verb.UPDATE
    other = route(clock, map={"title": "today"})
    assert verb_of(other, Stored(records["stays"], 1), entries["stays"], linked=True) is Verb.UPDATE
    today = Entry(revision=1, config=dated.fingerprint, state=State.APPLIED)
    assert verb_of(dated, Stored(records["stays"], 1), today, linked=True) is None  # only to be read back
    assert dated.serves(Kind.PERSON)
