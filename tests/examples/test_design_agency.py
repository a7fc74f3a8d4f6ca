"""docs/examples/01-design-agency: Google Workspace for everybody, and Slack after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.directories import google
from tests.examples.people import Person
from tests.examples.places import scim
from tests.examples.stage import on_stage
from tests.examples.told import Told

LUMEN = Shape(
    domain="lumen.example",
    companies=["Lumen Studio GmbH"],
    sites=[Site("Berlin", "DE"), Site("Wien", "AT")],
    departments={
        "Management": ("Founder", "Office Manager"),
        "Design": ("Design Director", "Designer", "Illustratorin"),
        "Strategy": ("Head of Strategy", "Strategist"),
        "Production": ("Head of Production", "Producer", "Werkstudent"),
    },
    teams={"Design": ("Brand", "Motion & Film"), "Production": ("Print",), "": ("Sommerfest",)},
)
ADDRESSES = {"Brand": "brand", "Motion & Film": "motion-film", "Print": "print", "Sommerfest": "sommerfest"}


def at_slack(one: Person) -> dict[str, Any]:
    return usual.without(usual.at_scim(one), "phoneNumbers.mobile", "employeeNumber", "manager")


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    return {
        f"team-{address}@lumen.example": [one for one in people if team in one.teams]
        for team, address in ADDRESSES.items()
    }


def stays(one: Person) -> bool:
    return one.department == "Management"


async def test_an_agency(tmp_path: Path, redis_url: str) -> None:
    """Mailboxes first, Slack by their addresses, three days early; whatever Kenjo says, founders stay."""
    async with (
        on_stage("01-design-agency", tmp_path, redis_url, LUMEN, 55) as stage,
        google(stage.folder, "lumen.example", "it@lumen.example", "/Staff") as mail,
        scim() as slack,
    ):
        stage.play(
            google=(
                mail,
                Told(
                    lambda one: usual.at_google(one) | {"orgUnitPath": "/Staff"},
                    groups=in_groups,
                    protected=stays,
                ),
            ),
            slack=(slack, Told(at_slack, protected=stays)),
        )
        stage.lead_days = 3
        await stage.begin()
        await stage.a_year()
        early = stage.hire(stage.someone(), "Ada", "Early", startDate=stage.day(3))
        late = stage.hire(stage.someone(), "Lia", "Later", startDate=stage.day(5))
        founder = stage.someone(department="Management")
        stage.change(founder, "account", isActive=False)
        await stage.arrive()
        assert early in mail.accounts()
        assert late not in mail.accounts()
        assert mail.accounts()[founder.id]["active"]
