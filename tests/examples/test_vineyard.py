"""docs/examples/11-vineyard: pickers come back each autumn, some with a new file in Kenjo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.operations.adopting import adopt
from service.operations.failures import failures
from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import File, scim
from tests.examples.stage import Stage, on_stage
from tests.examples.told import Told

ALCOR = Shape(
    domain="alcor.example",
    companies=["Bodegas Alcor S.A."],
    sites=[Site("Bodega", "ES"), Site("El Pinar", "ES"), Site("La Solana", "ES")],
    departments={
        "Dirección": ("Director", "Contable"),
        "Viña": ("Capataz", "Vendimiador", "Tractorista"),
        "Enología": ("Enóloga", "Técnico de Laboratorio"),
    },
    teams={"Viña": ("Norte", "Sur")},
    deskless=["Viña"],
)


def in_the_directory(one: Person) -> dict[str, Any]:
    name = one.email or f"{int(one.number):06d}@cosecha.alcor.example"
    kind = "Temporada" if one.end else "Plantilla"
    return usual.at_scim(one) | {"userName": name, "nickName": one.first, "userType": kind}


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    crews = {f"Cuadrilla {name}": [one for one in people if name in one.teams] for name in ("Norte", "Sur")}
    return crews | {
        f"Finca {site.name}": [one for one in people if one.office == site.name] for site in ALCOR.sites
    }


def on_the_list(one: Person) -> dict[str, Any]:
    until = one.end.isoformat() if one.end else None
    return {"numero": one.number, "nombre": one.name, "finca": one.office, "hasta": until, "active": True}


def in_the_fields(one: Person) -> bool:
    return one.office != "Bodega"


async def test_a_vineyard(tmp_path: Path, redis_url: str) -> None:
    """Whoever comes back with a new file waits for a word, and gets the old account with what was in it."""
    async with on_stage("11-vineyard", tmp_path, redis_url, ALCOR, 380) as stage, scim() as directory:
        gates = File(stage.folder / "export" / "accesos.jsonl", stage.numbers(), key="numero")
        stage.play(
            directory=(
                directory,
                Told(in_the_directory, groups=in_groups, boss="manager", once=("nickName",)),
            ),
            accesos=(gates, Told(on_the_list, in_the_fields, closed=None, follows=True)),
        )
        await stage.begin()
        await stage.a_year()
        picker = stage.someone(department="Viña", office="El Pinar", end=None)
        stage.change(picker, "work", contractEnd=stage.day(-3)[:10])
        await stage.arrive()
        again = stage.hire(
            picker,
            picker.first,
            "Recién-Llegado",
            employeeNumber=picker.number,
            contractEnd=stage.day(40)[:10],
        )
        told = stage.told["directory"]
        told.belongs = lambda one: one.id != again
        done = await stage.arrive(code=1)
        assert done["directory"]["failed"] == 1
        told.accounts[again] = await _adopted(stage, picker.id, again)
        told.belongs = lambda one: one.id != picker.id
        await stage.arrive()
        assert directory.accounts()[again]["active"]


async def _adopted(stage: Stage, old: str, new: str) -> dict[str, Any]:
    """The operator says that it is the same person; what is told of the old account."""
    async with stage.bridge() as bridge:
        (failure,) = await failures(bridge)
        assert f"belongs to person:{old}" in failure["reason"]
        await adopt(bridge, "directory", f"person:{new}", failure["candidates"][0])
    return stage.told["directory"].accounts.pop(old)
