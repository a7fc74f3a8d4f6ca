"""docs/examples/06-care-home: a duty roster by a profile of its own, and a list for the canteen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import File
from tests.examples.roster_server import duty_roster
from tests.examples.stage import on_stage
from tests.examples.told import Told

ABENDROT = Shape(
    domain="abendrot.example",
    companies=["Haus Abendrot gGmbH"],
    sites=[Site("Haus Nord", "DE"), Site("Haus Süd", "DE")],
    departments={
        "Leitung": ("Geschäftsführer", "Verwaltung"),
        "Pflege": ("Pflegedienstleitung", "Pflegefachkraft", "Pflegehelferin"),
        "Küche": ("Küchenleitung", "Köchin"),
    },
    teams={"Pflege": ("Station 1", "Station 2"), "": ("Qualitätszirkel",)},
    deskless=["Pflege", "Küche"],
    custom={"c_Qualification": ("Examen", "Helfer", None)},
)


def in_the_roster(one: Person) -> dict[str, Any]:
    return {
        "personalkey": one.id,
        "number": one.number,
        "given": one.first,
        "family": one.last,
        "house": one.office,
        "from": one.start.strftime("%d.%m.%Y"),
        "until": one.end.strftime("%d.%m.%Y") if one.end else None,
        "qualification": one.custom["c_Qualification"],
        "hours": one.hours,
        "mobile": one.mobile.replace(" ", "") if one.mobile else None,
        "state": "on",
    }


def on_stations(people: list[Person]) -> dict[str, list[Person]]:
    return {name: [one for one in people if name in one.teams] for name in ("Station 1", "Station 2")}


def in_the_canteen(one: Person) -> dict[str, Any]:
    return {"nummer": one.number, "name": one.name, "haus": one.office, "active": "ja"}


def works_in_shifts(one: Person) -> bool:
    return one.title not in ("Geschäftsführer", "Verwaltung")


async def test_a_care_home(tmp_path: Path, redis_url: str) -> None:
    """Nurses without an address are in the roster two weeks early, and leave it after 90 days."""
    async with (
        on_stage("06-care-home", tmp_path, redis_url, ABENDROT, 210) as stage,
        duty_roster() as roster,
    ):
        canteen = File(stage.folder / "export" / "canteen.csv", stage.numbers(), key="nummer")
        stage.play(
            roster=(roster, Told(in_the_roster, works_in_shifts, on_stations, closed={"state": "off"})),
            canteen=(canteen, Told(in_the_canteen, closed={"active": "nein"}, follows=True)),
        )
        stage.lead_days = 14
        await stage.begin()
        await stage.a_year()
        soon = stage.hire(stage.someone(department="Pflege"), "Ada", "Early", startDate=stage.day(10))
        leaver = stage.someone(1, department="Pflege")
        stage.change(leaver, "work", contractEnd=stage.day(-1))
        await stage.arrive()
        assert roster.accounts()[soon]["state"] == "on"
        for days, gone in ((89, []), (91, [leaver.id])):
            steps = await stage.planned_in(days, "roster")
            assert [one.key.id for one in steps if one.action == "deleted"] == gone
