"""docs/examples/08-holding: three companies; two have their own directory, all stand in the common one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.directories import entra, google
from tests.examples.people import Person
from tests.examples.places import scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

OSTWIND = Shape(
    domain="ostwind.example",
    companies=["Ostwind Holding AG", "Ostwind Werke GmbH", "Ostwind Studio GmbH"],
    sites=[Site("Leipzig", "DE"), Site("Wien", "AT", 1), Site("Jena", "DE", 1), Site("London", "GB", 2)],
    departments={
        "Vorstand": ("Vorstandsvorsitzende", "Assistenz"),
        "Finanzen": ("CFO", "Controller"),
        "Produktion": ("Werksleiter", "Technikerin"),
        "Kreation": ("Creative Director", "Grafiker"),
    },
    teams={"Kreation": ("Privat: Band", "Print"), "": ("Betriebsrat",)},
    custom={"c_CostCentre": ("A-100", "A-200", "B-100")},
)


def in_common(one: Person) -> dict[str, Any]:
    return usual.at_scim(one) | {"division": one.company, "costCenter": one.custom["c_CostCentre"]}


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    groups = {name: [one for one in people if name in one.teams] for name in ("Print", "Betriebsrat")}
    for kind in ("department", "office", "company"):
        for name in {getattr(one, kind) for one in people}:
            groups[f"{name} ({kind})"] = [one for one in people if getattr(one, kind) == name]
    return groups


def at_entra(one: Person) -> dict[str, Any]:
    return usual.at_entra(one) | {"extensionAttribute1": one.custom["c_CostCentre"]}


def at_google(one: Person) -> dict[str, Any]:
    return usual.at_google(one) | {"costCenter": one.custom["c_CostCentre"]}


def stays(one: Person) -> bool:
    return "Betriebsrat" in one.teams


@pytest.mark.long
async def test_a_holding(tmp_path: Path, redis_url: str) -> None:
    """From one company to another == one account is closed and the other made; the common one stays."""
    async with (
        on_stage("08-holding", tmp_path, redis_url, OSTWIND, 2000) as stage,
        scim() as common,
        entra("ostwind.example") as werke,
        google(stage.folder, "ostwind.example", "it@ostwind.example") as studio,
    ):
        both: dict[str, Any] = {"keeps": False, "protected": stays}
        stage.zones = {"Wien": "Europe/Vienna", "London": "Europe/London"}
        stage.play(
            common=(common, Told(in_common, groups=in_groups, boss="manager", protected=stays)),
            werke=(
                werke,
                Told(
                    at_entra,
                    lambda one: one.company == "Ostwind Werke GmbH",
                    boss="manager",
                    once=("mail",),
                    closed={"accountEnabled": False},
                    **both,
                ),
            ),
            studio=(studio, Told(at_google, lambda one: one.company == "Ostwind Studio GmbH", **both)),
        )
        await stage.begin()
        await stage.a_year()
        mover = stage.someone(company="Ostwind Werke GmbH", teams=())
        london = {
            "officeId": stage.id_of("offices", "London"),
            "companyId": stage.id_of("companies", "Ostwind Studio GmbH"),
        }
        stage.change(mover, "work", **london)
        await stage.arrive()
        assert (werke.accounts()[mover.id]["accountEnabled"], studio.accounts()[mover.id]["active"]) == (
            False,
            True,
        )
