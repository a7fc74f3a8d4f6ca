"""What every directory should hold in the end, and how what it holds differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.model import Key, Kind
from tests.simulation.company import FOREIGN_ALIAS, REFUSED
from tests.simulation.directory import Directory
from tests.simulation.kenjo import Kenjo
from tests.simulation.things import Thing

Data = dict[str, Any]
Truth = dict[Key, Data]


def differences(kenjo: Kenjo, directory: Directory) -> list[str]:
    """Sentences on what is not as Kenjo says; empty when everything is."""
    truth, unusable = kenjo.truth(), kenjo.unusable()
    found = [*directory.flaws()]
    if not directory.has_objects:
        return found
    for key, data in truth.items():
        if key.kind is Kind.TEAM:
            found += _team(key, data, truth, directory, unusable)
        elif key.id not in unusable:
            found += _person(key, data, truth, directory)
        elif not kenjo.people[key.id].is_active:
            found += _closed(key, "inactive", directory)
    for thing in directory.things.values():
        if thing.foreign or not thing.key or (key := Key.parse(thing.key)) in truth:
            continue
        if _stays_open(thing, directory):
            found.append(f"{key} has left Kenjo and is active as {thing.id}")
        meant = _of_its_heir(thing, truth, directory)
        if thing.kind is Kind.TEAM and (members := _surplus(thing, meant, directory)):
            found.append(f"{key} is no more and {thing.id} has members {members}")
    return found


def _person(key: Key, data: Data, truth: Truth, directory: Directory) -> Iterator[str]:
    if str(key) in directory.referee.doubled:
        return
    accounts = directory.of(Kind.PERSON, key.id)
    if len(accounts) > 1:
        yield f"{key} has {len(accounts)} accounts"
    if data["lifecycle"] != "active":
        yield from _closed(key, data["lifecycle"], directory)
        return
    if is_parked(key, truth, directory):
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


def _closed(key: Key, why: str, directory: Directory) -> Iterator[str]:
    """Whoever does not work here must have no open account, whatever else is wrong with their rows."""
    accounts = directory.of(Kind.PERSON, key.id)
    yield from (f"{key} is {why} and active" for one in accounts if _stays_open(one, directory))


def _managers(account: Thing, manager: str | None, truth: Truth, directory: Directory) -> set[str | None]:
    """Which accounts may stand as a person's manager: one, unless something was lost or is not known yet."""
    found: set[str | None] = {one.id for one in directory.of(Kind.PERSON, manager)} if manager else set()
    forgotten = directory.unknown.get(account.id, {}).get("manager")
    if not found:
        return {None, forgotten, *(directory.perhaps(Kind.PERSON, manager) if manager else ())}
    unlinked = _is_unlinked(Key(Kind.PERSON, str(manager)), truth, directory)
    return found | ({None, forgotten} if unlinked else set())


def is_parked(key: Key, truth: Truth, directory: Directory, passed: frozenset[Key] = frozenset()) -> bool:
    """Whether no directory can take this person as Kenjo has them: that waits for somebody to change it.

    The address may be that of an account which is not ours, or of somebody who waits in turn.
    """
    data = truth[key]
    if directory.first and is_parked(key, truth, directory.first):
        return True  # it waits for that one
    if data["work"]["jobTitle"] == REFUSED or data["work"]["employeeNumber"] == FOREIGN_ALIAS:
        return True
    holders = [
        one for one in directory.things.values() if one.attributes.get("userName") == data["account"]["email"]
    ]
    left = [one for one in holders if one.key and not _works_here(Key.parse(one.key), truth)]
    if len(left) > 1 and not directory.of(key.kind, key.id):
        return True  # several accounts of people who have left: nobody can say whose it is to be
    for one in holders:
        if one.foreign or _is_taken_unwritten(one, key, truth, directory, passed):
            return True
        owner = Key.parse(one.key) if one.key else key
        kept = not one.key or not _works_here(owner, truth)
        if kept and directory.perhaps(key.kind, key.id) - {one.id}:
            return True  # nobody gives up its address, and nobody can take over a second account
        if owner != key and owner not in passed and _waits(owner, truth, directory, passed | {key}):
            return True
    return False


def _is_taken_unwritten(
    one: Thing, key: Key, truth: Truth, directory: Directory, passed: frozenset[Key]
) -> bool:
    """Whether an account may be linked to somebody who had its address once, and be as it was."""
    if one.key:
        return False
    others = [
        other
        for other in truth
        if other.kind is Kind.PERSON and other not in passed | {key} and one.id in directory.perhaps(*other)
    ]
    return any(_waits(other, truth, directory, passed | {key}) for other in others)


def _waits(owner: Key, truth: Truth, directory: Directory, passed: frozenset[Key]) -> bool:
    """Whether somebody cannot give up an address because they are parked themselves.

    Whose rows cannot be read stays as they last were, also when their last day has passed.
    """
    if owner.id in directory.kenjo.unusable():
        return directory.kenjo.people[owner.id].is_active
    return _works_here(owner, truth) and is_parked(owner, truth, directory, passed)


def _works_here(key: Key, truth: Truth) -> bool:
    return key in truth and truth[key]["lifecycle"] == "active"


def _is_unlinked(key: Key, truth: Truth, directory: Directory) -> bool:
    """Whether Redis has lost whose account this is, and no delivery will find out.

    Whoever waits for another directory is not looked up, whatever came of a create that was cut short; with
    a row that cannot be read they wait as they last were.
    """
    unusable = key.id in directory.kenjo.unusable()
    if directory.first and key in truth and (unusable or is_parked(key, truth, directory.first)):
        return True
    unknown = directory.unlinked | directory.unfinished
    lost = any(one.id in unknown for one in directory.of(key.kind, key.id))
    served = truth[key]["lifecycle"] == "active" and not unusable
    return lost and (not served or is_parked(key, truth, directory))


def _stays_open(account: Thing, directory: Directory) -> bool:
    """Whether an account that nobody should have is active, and the bridge can know of it."""
    return bool(account.attributes.get("active")) and account.id not in directory.unlinked


def _team(
    key: Key, data: Data, truth: Truth, directory: Directory, unusable: frozenset[str]
) -> Iterator[str]:
    groups = directory.of(Kind.TEAM, key.id)
    waits = _is_name_taken(key, truth, directory)
    if len(groups) != 1:
        if groups or not waits:
            yield f"{key} has {len(groups)} groups"
        return
    has = groups[0].attributes
    doubled = {Key.parse(one).id for one in directory.referee.doubled}
    sure = [id_ for id_ in data["members"] if id_ not in unusable | doubled]
    accounts = {one.id for id_ in sure for one in directory.of(Kind.PERSON, id_)}
    unlinked = {
        one.id
        for id_ in sure
        if _is_unlinked(Key(Kind.PERSON, id_), truth, directory)
        for one in directory.of(Kind.PERSON, id_)
    }
    if has["displayName"] != data["name"] and not waits:
        yield f"{key} is called {has['displayName']!r} and not {data['name']!r}"
    lacking = accounts - unlinked - set(has.get("members") or ())
    if lacking and not waits:
        yield f"{key} lacks members {sorted(lacking)}"
    perhaps = {
        id_ for person in {*data["members"], *unusable} for id_ in directory.perhaps(Kind.PERSON, person)
    }
    if surplus := _surplus(groups[0], accounts | perhaps, directory):
        yield f"{key} has members {surplus} too many"


def _is_name_taken(
    key: Key, truth: Truth, directory: Directory, passed: frozenset[Key] = frozenset()
) -> bool:
    """Whether a team's name is another's, or that of a group which a team left behind: a person decides."""
    name = truth[key]["name"]
    if any(one != key and one.kind is Kind.TEAM and truth[one]["name"] == name for one in truth):
        return True
    bearers = [
        one
        for one in directory.things.values()
        if one.kind is Kind.TEAM and one.attributes["displayName"] == name and one.key != str(key)
    ]
    if len(bearers) > 1:
        return True  # teams that are no more have left two groups of this name
    for one in bearers:
        owner = Key.parse(one.key) if one.key else key
        has_one = any(other.owner == str(key) and other is not one for other in directory.things.values())
        if one.foreign or (owner not in truth and (has_one or directory.of(key.kind, key.id))):
            return True
        if owner in truth and owner not in passed and _is_name_taken(owner, truth, directory, passed | {key}):
            return True
    return False


def _of_its_heir(group: Thing, truth: Truth, directory: Directory) -> set[str]:
    """The accounts that may be in a group that was handed over, and whose new team waits for its name."""
    heir = Key.parse(group.owner) if group.owner else None
    if group.kind is not Kind.TEAM or heir not in truth or not _is_name_taken(heir, truth, directory):
        return set()
    return {one.id for id_ in truth[heir]["members"] for one in directory.of(Kind.PERSON, id_)}


def _surplus(group: Thing, wanted: set[str], directory: Directory) -> list[str]:
    """Members that the bridge should have taken out, and can know of."""
    unknown = directory.unknown.get(group.id, {})
    return sorted(set(group.attributes.get("members") or ()) - wanted - set(unknown.get("members") or ()))
