"""docs/examples/03-manufacturer: Active Directory for those with a desk, a file for the gates for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.values import plain
from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.directories import ad
from tests.examples.people import Person
from tests.examples.places import File
from tests.examples.stage import on_stage
from tests.examples.told import Told

HEBEL = Shape(
    domain="hebel.example",
    companies=["Hebel Maschinenbau GmbH"],
    sites=[Site("Kassel", "DE"), Site("Linz", "AT"), Site("Ulm", "DE")],
    departments={
        "Geschäftsführung (1000)": ("Geschäftsführer", "Assistenz"),
        "IT (1300)": ("Leitung IT", "Systemadministrator"),
        "Montage (4210)": ("Werkleiter", "Monteur", "Schlosserin"),
        "Konstruktion (2100)": ("Leitung Konstruktion", "Konstrukteurin"),
    },
    teams={"": ("Betriebsrat",)},
    deskless=["Montage (4210)"],
)
OURS = "OU=Kenjo,DC=hebel,DC=example"


def of(one: Person) -> tuple[str, str]:
    """The department's name and its cost centre."""
    name, _, centre = one.department.partition(" (")
    return name, centre.removesuffix(")")


def in_ad(one: Person) -> dict[str, Any]:
    department, centre = of(one)
    local = (one.email or "").partition("@")[0]
    unit = f"OU={one.office}" if one.office in ("Kassel", "Linz") else "OU=People"
    return {
        "userPrincipalName": one.email,
        "mail": one.email,
        "givenName": one.first,
        "sn": one.last,
        "displayName": one.name,
        "title": one.title,
        "department": department,
        "company": one.company,
        "physicalDeliveryOfficeName": one.office,
        "telephoneNumber": one.phone,
        "mobile": one.mobile,
        "info": f"Kostenstelle {centre}",
        "employeeID": f"{int(one.number):06d}",
        "sAMAccountName": f"{(plain(one.first)[0] + plain(one.last).replace('-', ''))[:14]}.{one.number}",
        "active": True,
        "dn": f"CN={one.name} ({local}),{unit},{OURS}",
        "manager": one.boss.id if one.boss else None,
    }


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    departments = {f"Abt {of(one)[0]}": [other for other in people if of(other) == of(one)] for one in people}
    return departments | {
        f"Werk {one.name}": [o for o in people if o.office == one.name] for one in HEBEL.sites
    }


def at_the_gates(one: Person) -> dict[str, Any]:
    return {
        "ausweis": f"{int(one.number):06d}",
        "name": usual.in_western(f"{one.last.upper()}, {one.first}"),
        "werk": one.office,
        "kostenstelle": of(one)[1],
        "active": "frei",
        "bis": one.end.strftime("%d.%m.%Y") if one.end else None,
    }


def stays(one: Person) -> bool:
    return one.number == "1001" or one.title == "Leitung IT"


@pytest.mark.long
async def test_a_manufacturer(tmp_path: Path, redis_url: str) -> None:
    """The shop floor has no account, and passes the gates; another plant == another unit in the directory."""
    async with (
        on_stage("03-manufacturer", tmp_path, redis_url, HEBEL, 850) as stage,
        ad(stage.folder, "DC=hebel,DC=example", "Kassel", "Linz") as directory,
    ):
        gates = File(
            stage.folder / "export" / "gates.csv", stage.numbers(6), key="ausweis", encoding="windows-1252"
        )
        stage.play(
            directory=(
                directory,
                Told(
                    in_ad,
                    lambda one: bool(one.email),
                    in_groups,
                    boss="manager",
                    once=("sAMAccountName",),
                    keep=("mobile",),
                    protected=stays,
                ),
            ),
            gates=(gates, Told(at_the_gates, closed={"active": "gesperrt"}, follows=True, protected=stays)),
        )
        await stage.begin()
        assert any(one.email is None for one in stage.people.values())
        await stage.a_year()
        (head,) = [one for one in stage.people.values() if one.title == "Leitung IT"]
        stage.change(head, "work", contractEnd=stage.day(-1))
        await stage.arrive()
        assert directory.accounts()[head.id]["active"]
