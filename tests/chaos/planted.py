"""What is at the directory before the bridge comes: accounts of others, and accounts to be adopted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.company import Company, kenjo, people
from tests.chaos.stage import Stage

Row = dict[str, Any]

FOREIGN, ADOPTED, GUESTS = 8, 5, 2


@dataclass
class Planted:
    """Objects by their id there. `guests`: foreign accounts in the group that is to be adopted."""

    foreign: dict[str, Row] = field(default_factory=dict)
    adopted: dict[str, Row] = field(default_factory=dict)
    guests: set[str] = field(default_factory=set)


async def plant(stage: Stage, company: Company) -> Planted:
    """Put them there; adopted are those whom the bridge finds by userName, and a group by its name."""
    planted = Planted()
    for number in range(FOREIGN):
        name = {"userName": f"robot{number}@elsewhere.example", "displayName": f"Robot {number}"}
        made = await stage.plant("Users", {**name, "active": True})
        planted.foreign[made["id"]] = made
    planted.guests = set(list(planted.foreign)[:GUESTS])
    members = [{"value": id_} for id_ in sorted(planted.guests)]
    made = await stage.plant("Groups", {"displayName": "Robots", "members": members})
    planted.foreign[made["id"]] = made
    lists = await kenjo(stage)
    everybody = people(lists)
    served = [id_ for id_, states in company.people.items() if states[-1].served]
    for id_ in served[:: max(1, len(served) // ADOPTED)]:
        account = {"userName": everybody[id_]["account"]["email"], "active": True}
        made = await stage.plant("Users", account)
        planted.adopted[made["id"]] = made
    made = await stage.plant("Groups", {"displayName": lists["teams"][0]["name"], "members": members})
    planted.adopted[made["id"]] = made
    return planted
