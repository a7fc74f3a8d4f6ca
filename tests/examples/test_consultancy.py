"""docs/examples/12-consultancy: names of many languages, reviews from the seventh month, hours as a share."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import File, scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

KESTREL = Shape(
    domain="kestrel.example",
    companies=["Kestrel & Partner mbB"],
    sites=[Site("Berlin", "DE"), Site("Madrid", "ES"), Site("London", "GB")],
    departments={
        "Strategy": ("Partner", "Manager", "Consultant"),
        "Digital": ("Partner", "Manager", "Consultant"),
        "Office": ("Head of Office", "Assistant"),
    },
    teams={"Strategy": ("Retail",), "Digital": ("Test: old pilots", "Cloud")},
)
GRADES = {"Partner": "1", "Manager": "2", "Consultant": "3"}


def spelled(name: str, office: str) -> str:
    """In letters of an address: in Berlin ü is ue, elsewhere u."""
    text = name.lower().replace("ß", "ss").replace("ı", "i")
    if office == "Berlin":
        text = text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]+", "-", plain.replace("'", "-")).strip("-")


def at_sso(one: Person) -> dict[str, Any]:
    name = (
        f"{spelled(one.first, one.office)}.{spelled(one.last, one.office)}.{one.number[-2:]}@kestrel.example"
    )
    return usual.without(usual.at_scim(one), "phoneNumbers.mobile", "manager") | {
        "userName": name,
        "displayName": f"{one.last}, {one.first}",
        "phoneNumbers.work": one.phone.replace(" ", "") if one.phone else None,
        "costCenter": f"G{GRADES.get(one.title, '9')}",
    }


def at_sso_in_groups(people: list[Person]) -> dict[str, list[Person]]:
    groups = {site.name: [one for one in people if one.office == site.name] for site in KESTREL.sites}
    return groups | {name: [one for one in people if name in one.teams] for name in ("Retail", "Cloud")}


def is_reviewed(one: Person) -> bool:
    years, month = divmod(one.start.month + 5, 12)
    year, month = one.start.year + years, month + 1
    day = min(one.start.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) <= date.today()  # noqa: DTZ011 - nobody's day is near


def at_reviews(one: Person) -> dict[str, Any]:
    share = {40: "1.00", 38.5: "0.96", 20: "0.50"}[one.hours]
    return usual.without(usual.at_scim(one), "phoneNumbers.work", "phoneNumbers.mobile") | {
        "title": f"{one.title} ({share})",
        "userType": "part time" if one.hours < 38.5 else "full time",
    }


def in_the_archive(one: Person) -> dict[str, Any]:
    return {"nummer": one.number, "name": one.name, "stufe": GRADES.get(one.title, "9"), "active": "true"}


@pytest.mark.long
async def test_a_consultancy(tmp_path: Path, redis_url: str) -> None:
    """Who marries signs in as before; reviews begin with the seventh month; leavers stay in the archive."""
    async with (
        on_stage("12-consultancy", tmp_path, redis_url, KESTREL, 75) as stage,
        scim() as sso,
        scim() as reviews,
    ):
        archive = File(stage.folder / "export" / "people-*.csv", stage.numbers(), key="nummer")
        stage.zones = {"London": "Europe/London"}
        stage.play(
            sso=(sso, Told(at_sso, groups=at_sso_in_groups, once=("userName",))),
            reviews=(reviews, Told(at_reviews, is_reviewed, boss="manager")),
            archive=(archive, Told(in_the_archive, removes=False)),
        )
        await stage.begin()
        who = await stage.a_year()
        assert "nandu" not in sso.accounts()[who["married"].id]["userName"]
        assert who["joined"].id not in reviews.accounts()
        created = [one.key.id for one in await stage.planned_in(190, "reviews") if one.action == "created"]
        assert who["joined"].id in created
