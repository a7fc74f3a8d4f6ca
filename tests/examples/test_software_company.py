"""docs/examples/02-software-company: Entra ID, then Atlassian for all, and GitHub for who writes software."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.directories import entra
from tests.examples.people import Person
from tests.examples.places import scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

NIMBUS = Shape(
    domain="nimbus.example",
    companies=["Nimbus GmbH", "Nimbus Ltd", "Nimbus Lda"],
    sites=[Site("Berlin", "DE"), Site("London", "GB", 1), Site("Lisboa", "PT", 2)],
    departments={
        "Engineering": ("CTO", "Software Engineer", "Working Student Engineering"),
        "Product": ("CPO", "Product Manager", "Designer"),
        "Sales": ("CRO", "Account Executive"),
        "People & Finance": ("CFO", "Recruiter"),
    },
    teams={
        "Engineering": ("eng-platform", "eng-data"),
        "Sales": ("Sales EMEA",),
        "": ("Security Champions",),
    },
)
COUNTRIES = {"Berlin": "DE", "London": "GB", "Lisboa": "PT"}
CENTRES = {"Engineering": "4100", "Product": "4200", "Sales": "5100", "People & Finance": "6000"}


def at_entra(one: Person) -> dict[str, Any]:
    kind = "Student" if "student" in one.title.lower() else "Employee"
    return usual.at_entra(one) | {"usageLocation": COUNTRIES[one.office], "employeeType": kind}


def at_github(one: Person) -> dict[str, Any]:
    handle = (one.email or "").partition("@")[0].replace(".", "-")
    named = usual.without(
        usual.at_scim(one), "phoneNumbers.work", "phoneNumbers.mobile", "manager", "employeeNumber"
    )
    return usual.without(named, "preferredLanguage", "title", "department", "organization") | {
        "userName": handle
    }


def at_atlassian(one: Person) -> dict[str, Any]:
    return usual.without(usual.at_scim(one), "phoneNumbers.mobile") | {"costCenter": CENTRES[one.department]}


def in_entra(people: list[Person]) -> dict[str, list[Person]]:
    groups = {
        team: [one for one in people if team in one.teams]
        for found in NIMBUS.teams.values()
        for team in found
    }
    return groups | {
        f"All {name}": [one for one in people if one.department == name] for name in NIMBUS.departments
    }


def in_github(people: list[Person]) -> dict[str, list[Person]]:
    return {team: [one for one in people if team in one.teams] for team in ("eng-platform", "eng-data")}


@pytest.mark.long
async def test_a_software_company(tmp_path: Path, redis_url: str) -> None:
    """Entra first; out of Engineering is out of GitHub; who left is deleted at Entra after 30 days."""
    async with (
        on_stage("02-software-company", tmp_path, redis_url, NIMBUS, 180) as stage,
        entra("nimbus.example") as directory,
        scim() as atlassian,
        scim() as github,
    ):
        closed = {"accountEnabled": False}
        stage.play(
            entra=(directory, Told(at_entra, boss="manager", groups=in_entra, closed=closed, once=("mail",))),
            atlassian=(atlassian, Told(at_atlassian, boss="manager")),
            github=(
                github,
                Told(
                    at_github,
                    lambda one: one.department == "Engineering",
                    in_github,
                    keeps=False,
                    once=("userName",),
                ),
            ),
        )
        stage.zones = {"London": "Europe/London", "Lisboa": "Europe/Lisbon"}
        stage.lead_days = 7
        await stage.begin()
        who = await stage.a_year()
        other = stage.someone(department="Engineering")
        stage.change(other, "work", departmentId=stage.id_of("departments", "Sales"), teamIds=[])
        stage.change(who["left"], "account", isActive=False)
        await stage.arrive()
        assert not github.accounts()[other.id]["active"]
        assert directory.accounts()[other.id]["accountEnabled"]
        deleted = [one.key.id for one in await stage.planned_in(31, "entra") if one.action == "deleted"]
        assert deleted == [who["left"].id]
