"""docs/examples/04-bakery-chain: Staffbase for everybody, also without an e-mail address, and DATEV LODAS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import File, scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

KRUME = Shape(
    domain="krume.example",
    companies=["Krume Bäckereien GmbH"],
    sites=[Site(name, "DE") for name in ("Zentrale", "Altona", "Eppendorf", "Ottensen")],
    departments={
        "Verwaltung": ("Geschäftsführerin", "Lohnbuchhalter"),
        "Verkauf": ("Verkaufsleiterin", "Verkäuferin", "Aushilfe"),
        "Backstube": ("Backmeister", "Bäckerin", "Azubi"),
    },
    teams={},
    deskless=["Verkauf", "Backstube"],
)
COLUMNS = ("satzart", "pnr", "nachname", "vorname", "eintritt", "austritt", "wochenstunden")


def in_the_app(one: Person) -> dict[str, Any]:
    named = usual.without(usual.at_scim(one), "phoneNumbers.work", "phoneNumbers.mobile", "manager")
    kind = "Verwaltung" if one.email else "Filiale"
    # Staffbase keeps the @ of a name as a word.
    name = one.email.replace("@", "[at]") if one.email else f"krume-{one.number}"
    return named | {"userName": name, "userType": kind}


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    shops = {
        f"Filiale {site.name}": [one for one in people if one.office == site.name] for site in KRUME.sites
    }
    return shops | {name: [one for one in people if one.department == name] for name in KRUME.departments}


def at_lodas(one: Person) -> dict[str, Any]:
    hours = f"{one.hours:g}".replace(".", ",")
    return {
        "satzart": "100",
        "pnr": one.number,
        "nachname": usual.in_western(one.last),
        "vorname": usual.in_western(one.first),
        "eintritt": one.start.strftime("%d.%m.%Y"),
        "austritt": one.end.strftime("%d.%m.%Y") if one.end else None,
        "wochenstunden": hours,
    }


async def test_bakeries(tmp_path: Path, redis_url: str) -> None:
    """Everybody is in the app by a name that never lacks; the payroll file begins as LODAS wants it."""
    async with (
        on_stage("04-bakery-chain", tmp_path, redis_url, KRUME, 640) as stage,
        scim(at_as_text=True) as app,
    ):
        path = stage.folder / "export" / "lodas.txt"
        lodas = File(path, stage.numbers(), key="pnr", names=COLUMNS, before=5, encoding="windows-1252")
        stage.play(
            app=(app, Told(in_the_app, groups=in_groups)),
            lodas=(lodas, Told(at_lodas, closed={}, follows=True)),
        )
        await stage.begin()
        await stage.a_year()
        assert lodas.lines()[:5] == [
            "[Allgemein]",
            "Ziel=LODAS",
            "BeraterNr=12345",
            "MandantenNr=1",
            "[Stammdaten]",
        ]
        assert lodas.lines()[5].startswith('100;"')
        app_user = stage.someone(email=None)
        stage.change(app_user, "account", email="now.with@krume.example")
        await stage.arrive()
