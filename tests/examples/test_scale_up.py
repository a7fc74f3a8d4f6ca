"""docs/examples/07-scale-up: every change is told to n8n, and Leapsome knows employees only."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import hook, scim
from tests.examples.stage import on_stage
from tests.examples.told import Told
from tests.workers.targets.webhook_server import Receiver

FENNEK = Shape(
    domain="fennek.example",
    companies=["Fennek SE"],
    sites=[Site("Berlin", "DE"), Site("New York", "US")],
    departments={
        "Leadership": ("CEO", "Chief of Staff"),
        "Engineering": ("VP Engineering", "Engineer", "Data Scientist"),
        "Operations": ("COO", "Operations Manager"),
    },
    teams={"Engineering": ("Core", "Mobile"), "": ("Culture Club",)},
    areas=["Growth", "Retention"],
    custom={"c_Contract": ("Employee", "Employee", "Contractor"), "c_Seniority": ("Junior", "Senior", None)},
)


def told_to_n8n(one: Person) -> dict[str, Any]:
    is_new = date.today() - one.start < timedelta(days=90)  # noqa: DTZ011 - days apart, in any zone
    boss = one.boss.id if one.boss else None
    return {
        "email": one.email,
        "firstName": one.first,
        "lastName": one.last,
        "displayName": one.name,
        "jobTitle": one.title,
        "department": one.department,
        "office": one.office,
        "company": one.company,
        "managerId": boss,
        "employeeNumber": one.number,
        "startDate": one.start.isoformat(),
        "language": one.language,
        "workPhone": one.phone,
        "active": True,
        "contract": one.custom["c_Contract"],
        "seniority": one.custom["c_Seniority"],
        "contractEnd": one.end.isoformat() if one.end else None,
        "buddy": boss if is_new else None,
    }


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    teams = {
        f"team {name}": [one for one in people if name in one.teams]
        for name in ("Core", "Mobile", "Culture Club")
    }
    return teams | {f"area {name}": [one for one in people if name in one.areas] for name in FENNEK.areas}


def at_leapsome(one: Person) -> dict[str, Any]:
    named = usual.without(usual.at_scim(one), "phoneNumbers.work", "phoneNumbers.mobile")
    return named | {"userType": one.custom["c_Seniority"]}


def employed(one: Person) -> bool:
    return bool(one.custom["c_Contract"] == "Employee")


@pytest.mark.long
async def test_a_scale_up(tmp_path: Path, redis_url: str) -> None:
    """n8n is told of everybody, each change once; who becomes a contractor is out of Leapsome."""
    async with (
        on_stage("07-scale-up", tmp_path, redis_url, FENNEK, 300) as stage,
        hook(Receiver()) as n8n,
        scim(patch="flat", manager="text", hides_members=True) as leapsome,
    ):
        stage.play(
            automation=(n8n, Told(told_to_n8n, groups=in_groups, follows=True)),
            leapsome=(leapsome, Told(at_leapsome, employed, boss="manager", keeps=False)),
        )
        await stage.begin()
        who = await stage.a_year()
        assert n8n.receiver.types(who["left"].id)[-2:] == ["person.deactivated", "person.reactivated"]
        contractor = next(
            one for one in stage.people.values() if employed(one) and stage.works(one) and one.boss
        )
        stage.change(contractor, "work", c_Contract="Contractor")
        await stage.arrive()
        assert not leapsome.accounts()[contractor.id]["active"]
        assert n8n.receiver.repeated == []
