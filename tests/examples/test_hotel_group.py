"""docs/examples/05-hotel-group: one directory for three companies, and a file for the payroll office."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import File, scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

MAREA = Shape(
    domain="marea.example",
    companies=["Marea Hoteles S.L.", "Marea Baleares S.L.", "Marea Canarias S.L."],
    sites=[Site("Central", "ES"), Site("Palma", "ES", 1), Site("Las Palmas", "ES", 2)],
    departments={
        "Dirección": ("Directora General", "Asistente"),
        "Recepción": ("Jefe de Recepción", "Recepcionista"),
        "Cocina": ("Jefa de Cocina", "Cocinero", "Ayudante de Cocina"),
        "Pisos": ("Gobernanta", "Camarera de Pisos"),
    },
    teams={"Recepción": ("Turno Noche",), "Cocina": ("Bodas y Eventos",)},
    deskless=["Pisos"],
)
SEASONS = {"Palma": "Temporada Verano", "Las Palmas": "Temporada Invierno", "Central": "Temporada "}


def title_case(text: str) -> str:
    """Spanish and German names as these people have them; what is small, such as "de la", stays."""
    small = ("de", "la", "von", "der")
    words = [word if word != word.upper() else word.title() for word in text.split()]
    return " ".join(word.lower() if word.lower() in small else word for word in words)


def first_name_of_family(last: str) -> str:
    """Up to the first word that is neither "de" nor "la"; of a double name the first one."""
    words = last.partition("-")[0].split()
    number = next(number for number, word in enumerate(words) if word.lower() not in ("de", "la"))
    return " ".join(words[: number + 1])


def at_okta(one: Person) -> dict[str, Any]:
    first, last = title_case(one.first), title_case(one.last)
    return usual.at_scim(one) | {
        "name.givenName": first,
        "name.familyName": last,
        "displayName": f"{title_case(first_name_of_family(one.last))}, {first}",
        "userType": SEASONS[one.office] if one.end else "Fijo",
        "division": one.company,
    }


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    hotels = {
        f"Hotel {name}": [one for one in people if one.office == name] for name in ("Palma", "Las Palmas")
    }
    return hotels | {
        team: [one for one in people if team in one.teams] for team in ("Turno Noche", "Bodas y Eventos")
    }


def in_payroll(one: Person) -> dict[str, Any]:
    share = {40: "1", 38.5: "0,96", 20: "0,5"}[one.hours]
    return {
        "empresa": one.company,
        "numero": one.number,
        "apellidos": one.last,
        "nombre": one.first,
        "active": "S",
        "alta": one.start.strftime("%d/%m/%Y"),
        "baja": one.end.strftime("%d/%m/%Y") if one.end else None,
        "jornada": share,
    }


@pytest.mark.long
async def test_hotels(tmp_path: Path, redis_url: str) -> None:
    """Names in capitals are written as names; in Las Palmas the last day ends an hour after Madrid's."""
    async with on_stage("05-hotel-group", tmp_path, redis_url, MAREA, 420) as stage, scim() as okta:
        payroll = File(
            stage.folder / "export" / "nominas.csv", stage.numbers(), key="numero", encoding="utf-8-sig"
        )
        stage.zones = {"Las Palmas": "Atlantic/Canary"}
        stage.play(
            okta=(okta, Told(at_okta, lambda one: bool(one.email), in_groups, boss="manager")),
            nominas=(payroll, Told(in_payroll, closed={"active": "N"}, follows=True)),
        )
        shouted = stage.someone(department="Cocina")
        stage.change(shouted, "personal", firstName="JOSÉ", lastName="DE LA CRUZ PEÑA")
        await stage.begin()
        assert okta.accounts()[shouted.id]["displayName"] == "de la Cruz, José"
        await stage.a_year()
        last = stage.sandbox.account.today + timedelta(days=9)
        leaver = stage.someone(office="Las Palmas", department="Recepción")
        stage.change(leaver, "work", contractEnd=last.isoformat())
        await stage.arrive()
        night = datetime.combine(last + timedelta(days=1), time(0, 30), ZoneInfo("Europe/Madrid"))
        for moment, closes in ((night, []), (night + timedelta(hours=1), [leaver.id])):
            steps = (await stage.plan(moment)).targets["okta"].steps
            assert [one.key.id for one in steps if one.action == "deactivated"] == closes
