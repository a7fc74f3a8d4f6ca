"""The page of a plan: how much of what, alike steps together, names by the rule, and what to do next."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest

from bridge.exchange import FieldChange
from bridge.model import Entry, Key, Kind, Outcome, Snapshot, Stored
from service.cli.plan_view import Shows, next_steps, show_plan
from service.cli.terminal import Terminal
from service.operations.plans import Plan, TargetPlan, Waits
from service.operations.steps import RETRYING, Step
from service.operations.telling import COUNTED, counts
from tests.delivery import person

PEOPLE = [f"p{number:02}" for number in range(12)]
KNOWN = {Key(Kind.PERSON, id_): Stored(person(id_, name=f"Ana{id_}"), 1) for id_ in PEOPLE}


def step(id_: str, action: str = Outcome.UPDATED, *changed: str, **more: Any) -> Step:
    """One person's step; `changed` are attributes."""
    changes = tuple(FieldChange(name, "old", "new") for name in changed)
    return Step(Key(Kind.PERSON, id_), action, changes=changes, **more)


def plan(*steps: Step, **more: Any) -> Plan:
    """A plan of one target."""
    held, day = more.pop("held", ""), more.pop("day", None)
    return Plan(Snapshot({}), (), KNOWN, {"directory": TargetPlan(steps, **more)}, held, day)


def page(found: Plan, width: int = 60, **shows: Any) -> list[str]:
    """The lines as they come out of a terminal so wide."""
    console = Terminal()
    console.file, console.width = io.StringIO(), width
    show_plan(console, found, Shows(**shows, records=found.records), then=next_steps(found))
    return console.file.getvalue().splitlines()


def test_alike_steps_stand_together() -> None:
    """Twelve get a title, another one a name == a heading each, five of the twelve; with --all all."""
    found = plan(*(step(id_, Outcome.UPDATED, "title") for id_ in PEOPLE), step("x", Outcome.UPDATED, "name"))
    lines = page(found)
    assert [line for line in lines if line.startswith("  ~")] == [
        "  ~ update 1 person: name",
        "  ~ update 12 people: title",
    ]
    assert sum("person:p" in line for line in lines) == 5
    assert "      and 7 more: --all shows all" in lines
    assert sum("person:p" in line for line in page(found, all=True)) == 12


def test_the_summary_comes_first_and_the_command_last() -> None:
    """Steps of many kinds == each one counted once on the first lines; the last one says what to do."""
    found = plan(
        step("a", Outcome.CREATED),
        step("b", Outcome.DEACTIVATED, hold="directory-remove"),
        step("c", Outcome.FAILED, reason="has no name"),
        step("d", RETRYING),
        step("e", Outcome.SKIPPED, reason="out of scope"),
        parked=((Key(Kind.TEAM, "t"), Entry(reason="refused")),),
        holds=(Waits("directory-remove", "would remove 1 people", 1),),
    )
    lines = page(found)
    told = ["to create", "to skip", "to wait", "to fail", "held"]
    assert lines[1] == f"directory: {', '.join(f'1 person {what}' for what in told)}, 1 group parked"
    number = counts(found.targets["directory"])
    assert sum(number[name] for name in COUNTED) == 6
    assert lines[-3:] == [
        "next: kenjo-bridge sync does this",
        "next: what is held waits for a person: kenjo-bridge holds, after a sync",
        "next: put right what fails, in Kenjo or the mapping; kenjo-bridge failures, after a sync",
    ]


def test_names_and_values_only_where_they_may_be_shown() -> None:
    """Nothing asked for, names, values too == keys alone, names beside them, old and new below."""
    found = plan(step("p00", Outcome.UPDATED, "title"))
    assert "      person:p00" in page(found)
    assert "      Anap00 Muster  person:p00" in page(found, names=True)
    assert "        title                old -> new" in page(found, names=True, values=True)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (plan(held="too few people"), "kenjo-bridge sync holds this; kenjo-bridge holds then shows it"),
        (plan(trouble="no answer"), "kenjo-bridge check says what is wrong"),
        (
            plan(step("a", Outcome.CREATED), day=date(2030, 1, 2)),
            "nothing now: a sync on 2030-01-02 does this",
        ),
        (
            plan(*(step(id_, Outcome.CREATED) for id_ in PEOPLE)),
            "kenjo-bridge sync does this; with --canary 5 it begins with five people",
        ),
        (plan(), "nothing"),
    ],
)
def test_what_comes_next(found: Plan, line: str) -> None:
    """Each kind of plan == the one line that helps; no `next` before anything is wrong."""
    assert list(next_steps(found)) == [line]


def test_a_file_is_carried_out_as_it_is() -> None:
    """A plan that was saved == the command that does just that."""
    found = plan(step("a", Outcome.CREATED))
    assert list(next_steps(found, "plan.json")) == ["kenjo-bridge sync --plan plan.json does just this"]
