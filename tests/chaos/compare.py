"""Compares everybody in Kenjo with their accounts, and judges every write that the directory has seen."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.company import Company, Row, is_served, kenjo, people
from tests.chaos.planted import Planted
from tests.chaos.stage import Stage
from tests.directory.server import ENTERPRISE

LATE = 60.0
"""Seconds: a write that fits nothing of what Kenjo has said for so long is wrong."""


@dataclass
class Findings:
    """Sentences, by what is wrong; `stepped_back` counts older values that a newer write followed."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrongly_removed: list[str] = field(default_factory=list)
    backwards: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    stepped_back: int = 0

    def all(self) -> dict[str, list[str]]:
        """By the words of the table; each has to be empty."""
        return {
            "lost": self.lost,
            "doubled": self.doubled,
            "wrongly removed": self.wrongly_removed,
            "backwards": self.backwards,
            "untrue": self.untrue,
            "foreign touched": self.foreign,
        }


async def lost(stage: Stage, planted: Planted) -> list[str]:
    """Whoever, and whichever team, is not at the directory as Kenjo says now."""
    lists = await kenjo(stage)
    record = await stage.record()
    users = {user["externalId"]: user for user in record["Users"] if user.get("externalId")}
    everybody = people(lists)
    ids = {id_: user["id"] for id_, user in users.items()}
    found = []
    for id_, person in everybody.items():
        found += _compare(id_, wanted(person, lists, ids) if is_served(person) else None, users.get(id_))
    found += [
        f"{id_}: gone from Kenjo, but active" for id_ in users.keys() - everybody if users[id_]["active"]
    ]
    return found + list(_teams(lists, everybody, ids, record["Groups"], planted))


def wanted(person: Row, lists: dict[str, list[Row]], ids: dict[str, str]) -> Row:
    """What an account should hold, blank values left out."""
    account, personal, work = person["account"], person["personal"], person["work"]
    names = {row["_id"]: row["name"] for name in ("departments", "companies") for row in lists[name]}
    values = {
        "userName": account["email"],
        "email": account["email"],
        "givenName": personal.get("firstName"),
        "familyName": personal.get("lastName"),
        "displayName": personal.get("displayName"),
        "title": work.get("jobTitle"),
        "active": True,
        "language": account.get("language"),
        "work phone": work.get("workPhone"),
        "mobile phone": work.get("workMobile"),
        "number": work.get("employeeNumber"),
        "department": names.get(work.get("departmentId")),
        "company": names.get(work.get("companyId")),
        "manager": ids.get(work.get("reportsToId")),  # who has left stays,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def held(user: Row) -> Row:
    """What an account holds, under the same names."""
    name, more = user.get("name") or {}, user.get(ENTERPRISE) or {}
    phones = {one.get("type"): one.get("value") for one in user.get("phoneNumbers") or ()}
    values = {
        "userName": user.get("userName"),
        "email": next(
            (one.get("value") for one in user.get("emails") or () if one.get("type") == "work"), None
        ),
        "givenName": name.get("givenName"),
        "familyName": name.get("familyName"),
        "displayName": user.get("displayName"),
        "title": user.get("title"),
        "active": user.get("active"),
        "language": user.get("preferredLanguage"),
        "work phone": phones.get("work"),
        "mobile phone": phones.get("mobile"),
        "number": more.get("employeeNumber"),
        "department": more.get("department"),
        "company": more.get("organization"),
        "manager": (more.get("manager") or {}).get("value"),
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def _compare(id_: str, want: Row | None, user: Row | None) -> list[str]:
    if want is None:
        return [f"{id_}: has left, but is active"] if user and user["active"] else []
    if user is None:
        return [f"{id_}: has no account"]
    have = held(user)
    wrong = [name for name in want.keys() | have.keys() if want.get(name) != have.get(name)]
    return [f"{id_}: {name} is {have.get(name)!r}, not {want.get(name)!r}" for name in sorted(wrong)]


def _teams(
    lists: dict[str, list[Row]], everybody: Row, ids: dict[str, str], groups: list[Row], planted: Planted
) -> Iterator[str]:
    by_id = {group["externalId"]: group for group in groups if group.get("externalId")}
    for team in lists["teams"]:
        group = by_id.get(team["_id"])
        if group is None:
            yield f"team {team['_id']}: has no group"
            continue
        if group["displayName"] != team["name"]:
            yield f"team {team['_id']}: has another name"
        inside = (i for i, p in everybody.items() if team["_id"] in (p["work"].get("teamIds") or ()))
        want = {ids[id_] for id_ in inside if is_served(everybody[id_]) and id_ in ids}
        want |= planted.guests if group["id"] in planted.adopted else set()
        have = [member["value"] for member in group.get("members") or ()]
        if set(have) != want or len(have) != len(want):
            yield f"team {team['_id']}: lacks {len(want - set(have))}, has {len(set(have) - want)} too many"


def judged(company: Company, record: dict[str, Any], planted: Planted) -> Findings:
    """Everything that can be said about what was written, but for `lost`."""
    found = Findings()
    ours = {*planted.foreign, *planted.adopted}
    planting = [event for event in record["events"] if event["verb"] == "create" and event["id"] in ours]
    events = [e for e in record["events"] if e["id"] not in planted.foreign and e not in planting]
    found.doubled = list(_doubled(events, record))
    owners = {user["id"]: user.get("externalId") for user in record["Users"]}
    for event in events:
        if event["type"] == "Users":
            _judge_user(company, event, found)
        else:
            _judge_group(company, event, owners, found)
    _judge_order(events, found)
    objects = {one["id"]: one for type_ in ("Users", "Groups") for one in record[type_]}
    touched = {event["id"] for event in record["events"] if event["verb"] != "create"}
    found.foreign = [
        f"{id_}: touched" for id_, was in planted.foreign.items() if id_ in touched or objects.get(id_) != was
    ]
    return found


def _doubled(events: list[Row], record: dict[str, Any]) -> Iterator[str]:
    creates = Counter(e["externalId"] for e in events if e["verb"] == "create" and e["externalId"])
    yield from (f"{id_}: created {number} times" for id_, number in creates.items() if number > 1)
    for type_, name in (("Users", "userName"), ("Groups", "displayName")):
        for attribute in ("externalId", name):
            there = Counter(one.get(attribute) for one in record[type_] if one.get(attribute))
            yield from (f"{value}: of {number} {type_}" for value, number in there.items() if number > 1)


def _judge_user(company: Company, event: Row, found: Findings) -> None:
    id_, at = event["externalId"] or f"account {event['id']}", event["at"]
    gone = event["deactivated"] or event["verb"] == "delete"
    if gone and not company.was(id_, lambda state: not state.served, at - LATE, at):
        found.wrongly_removed.append(f"{id_}: {event['verb']} at {at:.3f}, but was active for {LATE:g} s")
    name = event["department"]
    if event["active"] and not company.was(id_, lambda state: state.department == name, at - LATE, at):
        found.untrue.append(f"{id_}: department {name!r} at {at:.3f}")


def _judge_group(company: Company, event: Row, owners: dict[str, str | None], found: Findings) -> None:
    team, at = event["externalId"], event["at"]
    for member in event["left"]:
        id_ = owners.get(member)
        outside = id_ and company.was(id_, lambda s: not s.served or team not in s.teams, at - LATE, at)
        if not outside:
            found.wrongly_removed.append(f"{id_ or member}: taken out of team {team} at {at:.3f}")


def _judge_order(events: list[Row], found: Findings) -> None:
    """Job titles get numbers that grow (0: none yet): see whether an older one came last, or in between."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event["type"] == "Users":
            match = re.fullmatch(r"Clerk (\d+)", event["title"] or "")
            numbers[str(event["externalId"])].append(int(match[1]) if match else 0)
    for id_, written in numbers.items():
        found.stepped_back += sum(1 for i, number in enumerate(written[1:]) if number < written[i])
        if written[-1] != max(written):
            found.backwards.append(f"{id_}: has number {written[-1]}, and had {max(written)}")
