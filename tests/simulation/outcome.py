"""What every directory should hold in the end, and how what it holds differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.model import Key, Kind
from tests.simulation.company import FOREIGN_ALIAS, REFUSED
from tests.simulation.directory import Directory
from tests.simulation.kenjo import Kenjo
from tests.simulation.referee import Thing

Data = dict[str, Any]
Truth = dict[Key, Data]


def differences(kenjo: Kenjo, directory: Directory) -> list[str]:
    """Sentences on what is not as Kenjo says; empty when everything is."""
    truth = kenjo.truth()
    found: list[str] = []
    for key, data in truth.items():
        check = _person if key.kind is Kind.PERSON else _team
        found += check(key, data, truth, directory)
    for thing in directory.things.values():
        if thing.foreign or not thing.key or (key := Key.parse(thing.key)) in truth:
            continue
        if _stays_open(thing, directory):
            found.append(f"{key} has left Kenjo and is active as {thing.id}")
        if thing.kind is Kind.TEAM and (members := _surplus(thing, set(), directory)):
            found.append(f"{key} is no more and {thing.id} has members {members}")
    return found


def _person(key: Key, data: Data, truth: Truth, directory: Directory) -> Iterator[str]:
    accounts = directory.of(Kind.PERSON, key.id)
    if len(accounts) > 1:
        yield f"{key} has {len(accounts)} accounts"
    if data["lifecycle"] != "active":
        yield from (
            f"{key} is {data['lifecycle']} and active" for one in accounts if _stays_open(one, directory)
        )
        return
    if is_parked(data, directory):
        return
    if not accounts:
        yield f"{key} has no account"
        return
    has, work = accounts[0].attributes, data["work"]
    wanted = {
        "userName": data["account"]["email"],
        "title": work["jobTitle"],
        "displayName": data["personal"]["displayName"],
        "alias": work["employeeNumber"],
        "active": True,
    }
    for name, value in wanted.items():
        if has.get(name) != value:
            yield f"{key} has {name} {has.get(name)!r} and not {value!r}"
    managers = _managers(accounts[0], work["reportsToId"], truth, directory)
    if has.get("manager") not in managers:
        yield f"{key} has manager {has.get('manager')!r} and not {managers}"


def _managers(account: Thing, manager: str | None, truth: Truth, directory: Directory) -> set[str | None]:
    """Which accounts may stand as a person's manager: one, unless something was lost or is not known yet."""
    found: set[str | None] = {one.id for one in directory.of(Kind.PERSON, manager)} if manager else set()
    forgotten = directory.unknown.get(account.id, {}).get("manager")
    if not found:
        return {None, forgotten, *(directory.perhaps(Kind.PERSON, manager) if manager else ())}
    unlinked = _is_unlinked(Key(Kind.PERSON, str(manager)), truth, directory)
    return found | ({None, forgotten} if unlinked else set())


def is_parked(data: Data, directory: Directory) -> bool:
    """Whether no directory can take this person as Kenjo has them: that waits for somebody to change it."""
    email = data["account"]["email"]
    twins = [one for one in directory.things.values() if one.attributes.get("userName") == email]
    ambiguous = any(one.foreign for one in twins)
    return data["work"]["jobTitle"] == REFUSED or data["work"]["employeeNumber"] == FOREIGN_ALIAS or ambiguous


def _is_unlinked(key: Key, truth: Truth, directory: Directory) -> bool:
    """Whether Redis has lost whose account this is, and no delivery will find out."""
    lost = any(one.id in directory.unknown for one in directory.of(key.kind, key.id))
    return lost and (truth[key]["lifecycle"] != "active" or is_parked(truth[key], directory))


def _stays_open(account: Thing, directory: Directory) -> bool:
    """Whether an account that nobody should have is active, and the bridge can know of it."""
    return bool(account.attributes.get("active")) and account.id not in directory.unknown


def _team(key: Key, data: Data, truth: Truth, directory: Directory) -> Iterator[str]:
    groups = directory.of(Kind.TEAM, key.id)
    if len(groups) != 1:
        yield f"{key} has {len(groups)} groups"
        return
    has = groups[0].attributes
    accounts = {one.id for id_ in data["members"] for one in directory.of(Kind.PERSON, id_)}
    unlinked = {
        one.id
        for id_ in data["members"]
        if _is_unlinked(Key(Kind.PERSON, id_), truth, directory)
        for one in directory.of(Kind.PERSON, id_)
    }
    if has["displayName"] != data["name"]:
        yield f"{key} is called {has['displayName']!r} and not {data['name']!r}"
    if lacking := accounts - unlinked - set(has.get("members") or ()):
        yield f"{key} lacks members {sorted(lacking)}"
    perhaps = {id_ for person in data["members"] for id_ in directory.perhaps(Kind.PERSON, person)}
    if surplus := _surplus(groups[0], accounts | perhaps, directory):
        yield f"{key} has members {surplus} too many"


def _surplus(group: Thing, wanted: set[str], directory: Directory) -> list[str]:
    """Members that the bridge should have taken out, and can know of."""
    unknown = directory.unknown.get(group.id, {})
    return sorted(set(group.attributes.get("members") or ()) - wanted - set(unknown.get("members") or ()))
