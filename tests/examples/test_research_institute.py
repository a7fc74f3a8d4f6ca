"""docs/examples/10-research-institute: projects decide who is in the cloud; guests have no account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

WEITBLICK = Shape(
    domain="weitblick.example",
    companies=["Institut Weitblick e.V."],
    sites=[Site("Bremen", "DE"), Site("Cádiz", "ES")],
    departments={
        "Direktorium": ("Direktorin", "Referentin"),
        "Ozeanographie": ("Abteilungsleiter", "Wissenschaftlerin", "Doktorand"),
        "Gäste": ("Gastkoordination", "Gastwissenschaftler"),
    },
    teams={},
    areas=["Tiefsee & Küste", "Eis 2030", "(closed) Lagune"],
    deskless=["Gäste"],
)
PROJECTS = {"Tiefsee & Küste": "prj-tiefsee-kueste", "Eis 2030": "prj-eis-2030"}


def has_address(one: Person) -> bool:
    return (one.email or "").endswith("@weitblick.example")


def at_okta(one: Person) -> dict[str, Any]:
    return usual.at_scim(one) | {"userType": "staff"}


def at_aws(one: Person) -> dict[str, Any]:
    return usual.without(usual.at_scim(one), "phoneNumbers.mobile", "phoneNumbers.work")


def of_projects(people: list[Person]) -> dict[str, list[Person]]:
    return {name: [one for one in people if area in one.areas] for area, name in PROJECTS.items()}


def at_the_institute(people: list[Person]) -> dict[str, list[Person]]:
    return of_projects(people) | {
        name: [one for one in people if one.department == name] for name in WEITBLICK.departments
    }


def stays(one: Person) -> bool:
    return one.email == "admin.cloud@weitblick.example"


async def test_an_institute(tmp_path: Path, redis_url: str) -> None:
    """Without a project nobody is in the cloud; whose contract ends soon is marked a month before."""
    async with (
        on_stage("10-research-institute", tmp_path, redis_url, WEITBLICK, 120) as stage,
        scim() as okta,
        scim(hides_members=True, takes_out=("value",)) as aws,
    ):
        stage.play(
            okta=(okta, Told(at_okta, has_address, at_the_institute, boss="manager", protected=stays)),
            aws=(
                aws,
                Told(
                    at_aws,
                    lambda one: has_address(one) and bool(one.areas),
                    of_projects,
                    boss="manager",
                    keeps=False,
                    protected=stays,
                ),
            ),
        )
        admin = stage.someone(5, department="Ozeanographie")
        stage.change(admin, "account", email="admin.cloud@weitblick.example")
        await stage.begin()
        await stage.a_year()
        without = stage.someone(department="Ozeanographie")
        stage.change(without, "work", areaIds=[])
        stage.change(admin, "account", isActive=False)
        ending = stage.someone(3, department="Ozeanographie")
        stage.change(ending, "work", contractEnd=stage.day(60)[:10])
        await stage.arrive()
        assert (aws.accounts()[without.id]["active"], okta.accounts()[without.id]["active"]) == (False, True)
        assert okta.accounts()[admin.id]["active"]
        for days, is_marked in ((30, False), (31, True)):
            changed = {one.key.id: one.changes for one in await stage.planned_in(days, "okta")}
            marks = [one.new for one in changed.get(ending.id, ()) if one.attribute == "userType"]
            assert marks == ["leaving"] * is_marked
