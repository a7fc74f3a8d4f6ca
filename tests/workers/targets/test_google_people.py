"""People at Google Workspace: new accounts, addresses and aliases, lists that others use too, odd values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected
from bridge.exchange import Wanted
from bridge.model import Key, Kind, Outcome
from tests.workers.targets.google_rig import ana, google_target
from tests.workers.targets.google_server import Workspace, google_server
from workers.testing.rig import Allowed

ANA = Key(Kind.PERSON, "kenjo-ana")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with google_server() as workspace:
        yield workspace


@pytest.fixture
async def target(workspace: Workspace) -> AsyncIterator[Allowed]:
    async with google_target(workspace) as target:
        yield target


def bodies(workspace: Workspace, method: str) -> list[Any]:
    return [body for sent, _, body in workspace.bodies if sent == method]


# New accounts


async def test_nobody_knows_a_new_password(workspace: Workspace, target: Allowed) -> None:
    """A password of its own for each account, which is in nothing that is shown, and is changed at once."""
    change = target.target.change(ana(), None)
    for number in (1, 2):
        wanted = ana(externalId=f"k{number}", primaryEmail=f"ana{number}@example.com")
        await target.upsert(wanted, None)
    first, second = bodies(workspace, "POST")
    assert len({first["password"], second["password"]}) == 2
    assert all(len(body["password"]) >= 40 and body["changePasswordAtNextLogin"] for body in (first, second))
    assert "password" not in repr(change)
    assert change
    assert "password" not in {field.attribute for field in change.fields}


async def test_the_unit_of_new_accounts(workspace: Workspace) -> None:
    """A new account gets the unit of the settings, unless the mapping names one; moved there, it stays."""
    async with google_target(workspace, new_user_org_unit="/Staff") as target:
        remote_id = (await target.upsert(ana(), None)).remote_id
        assert workspace.users[remote_id]["orgUnitPath"] == "/Staff"
        assert "orgUnitPath" in {field.attribute for field in await target.preview(ana(), None)}
        workspace.users[remote_id]["orgUnitPath"] = "/"
        assert (await target.upsert(ana(), remote_id)).outcome is Outcome.UNCHANGED
        mapped = ana(externalId="k2", primaryEmail="ben@example.com", orgUnitPath="/Staff/Süd")
        assert workspace.users[(await target.upsert(mapped, None)).remote_id]["orgUnitPath"] == "/Staff/Süd"


async def test_a_unit_that_is_not_there(target: Allowed) -> None:
    """Named by its path with the settings that say so, for a new account and for one that moves."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    newcomer = ana(externalId="k9", primaryEmail="z@example.com", orgUnitPath="/Nowhere")
    for wanted, known in ((newcomer, None), (ana(orgUnitPath="/Nowhere"), remote_id)):
        with pytest.raises(RecordRejected, match=r"no organizational unit /Nowhere.*new_user_org_unit"):
            await target.upsert(wanted, known)


async def test_a_unit_in_other_letters(target: Allowed) -> None:
    """`/staff` is `/Staff`: nothing is sent."""
    remote_id = (await target.upsert(ana(orgUnitPath="/Staff"), None)).remote_id
    assert (await target.upsert(ana(orgUnitPath="/staff"), remote_id)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"primaryEmail": "ana@elsewhere.test"}, "Domain not found.*domain of the primaryEmail"),
        ({"primaryEmail": "jürgen@example.com"}, "transliterate"),
        ({"primaryEmail": "ana"}, "is no address"),
        ({"name.familyName": "x" * 61}, "name.familyName is longer than the 60 characters"),
        ({"active": "perhaps"}, "active must be true or false"),
        ({"organizations.title": ["a"]}, "organizations.title must be text"),
        ({"nickname": "x"}, "no attribute 'nickname'"),
    ],
)
async def test_what_google_never_takes(target: Allowed, changes: dict[str, Any], says: str) -> None:
    """A value that Google takes from nobody == the record is rejected in a sentence without the value."""
    with pytest.raises(RecordRejected, match=says) as caught:
        await target.upsert(ana(**changes), None)
    assert not any(str(value) in str(caught.value) for value in changes.values() if len(str(value)) > 3)


# Addresses


async def test_a_new_address_and_back_again(workspace: Workspace, target: Allowed) -> None:
    """The former address stays as an alias; when it comes back, that alias, and only that, is taken away."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    workspace.users[remote_id]["aliases"] = ["a.mueller@example.com"]
    await target.upsert(ana(primaryEmail="ana@example.org"), remote_id)
    assert workspace.users[remote_id]["aliases"] == ["a.mueller@example.com", "ana@example.com"]
    assert (await target.upsert(ana(primaryEmail="Ana@Example.com"), remote_id)).outcome is Outcome.UPDATED
    user = workspace.users[remote_id]
    assert user["primaryEmail"] == "ana@example.com"
    assert user["aliases"] == ["a.mueller@example.com", "ana@example.org"]
    deleted = [path for method, path, _ in workspace.bodies if method == "DELETE"]
    assert deleted == [f"/users/{remote_id}/aliases/ana@example.com"]


async def test_an_address_that_is_anothers_alias(workspace: Workspace, target: Allowed) -> None:
    """Nobody's account is taken for a newcomer whose address it has as an alias; who has it is said."""
    other = workspace.add_user("successor@example.com", aliases=["ana@example.com"])
    assert await target.find(ana()) == []
    with pytest.raises(Conflict):
        await target.upsert(ana(), None)
    with pytest.raises(
        RecordRejected, match=f"an alias of the user {other['id']}: take the alias away there"
    ):
        await target.find(ana(), thorough=True)
    remote_id = (await target.upsert(ana(primaryEmail="ana@example.org"), None)).remote_id
    with pytest.raises(RecordRejected, match=f"an alias of the user {other['id']}"):
        await target.upsert(ana(), remote_id)
    assert other["aliases"] == ["ana@example.com"]


async def test_who_has_an_address(workspace: Workspace, target: Allowed) -> None:
    """An address, an alias, a group's == taken, by whom; another id's value and a free address are not."""
    user = workspace.add_user("a@example.com", aliases=["b@example.com"])
    group = workspace.add_group("c@example.com")
    for address, there in (("A@example.com", [user]), ("b@example.com", [user]), ("c@example.com", [group])):
        found = await target.target.having(ANA, "primaryEmail", address)
        assert [one.id for one in found] == [one["id"] for one in there]
    for attribute, value in (("primaryEmail", "d@example.com"), ("externalId", "kenjo-ana")):
        assert await target.target.having(ANA, attribute, value) == []


async def test_an_address_that_is_a_groups(workspace: Workspace, target: Allowed) -> None:
    """A group has the address == that is said, for a newcomer and for somebody who is renamed."""
    group = workspace.add_group("ana@example.com")
    with pytest.raises(Conflict):
        await target.upsert(ana(), None)
    with pytest.raises(RecordRejected, match=f"that of the group {group['id']}"):
        await target.find(ana(), thorough=True)
    remote_id = (await target.upsert(ana(primaryEmail="ana@example.org"), None)).remote_id
    with pytest.raises(RecordRejected, match=f"that of the group {group['id']}"):
        await target.upsert(ana(), remote_id)


async def test_an_alias_of_their_own_that_stays(workspace: Workspace, target: Allowed) -> None:
    """Google refuses an address that only they themselves have == a conflict, and nobody else is named."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    workspace.users[remote_id]["nonEditableAliases"] = ["ana@example.org"]
    with pytest.raises(Conflict):
        await target.upsert(ana(primaryEmail="ana@example.org"), remote_id)


async def test_an_address_that_another_user_has(workspace: Workspace, target: Allowed) -> None:
    """It is somebody's primary one == a conflict, so that whoever gives it up is waited for."""
    workspace.add_user("ben@example.com")
    remote_id = (await target.upsert(ana(), None)).remote_id
    with pytest.raises(Conflict):
        await target.upsert(ana(primaryEmail="ben@example.com"), remote_id)


async def test_their_own_account_under_another_address(workspace: Workspace, target: Allowed) -> None:
    """Found by Kenjo's id, and also by an address that is its alias by now, while the search lags behind."""
    remote_id = (await target.upsert(ana(primaryEmail="ana@example.org"), None)).remote_id
    workspace.users[remote_id]["aliases"] = ["ana@example.com"]
    (found,) = await target.find(ana())
    assert (found.id, found.ours, found.by) == (remote_id, True, "externalId")
    workspace.searchable = False
    (found,) = await target.find(ana())
    assert (found.id, found.ours, found.by) == (remote_id, True, "primaryEmail")


async def test_an_account_that_is_there_already(workspace: Workspace, target: Allowed) -> None:
    """Found by its address, with what it tells: nobody's, another record's, suspended."""
    user = workspace.add_user("ana@example.com")
    (found,) = await target.find(ana())
    assert (found.id, found.ours, found.other_id, found.open) == (user["id"], False, False, True)
    user |= {"suspended": True, "externalIds": [{"type": "custom", "customType": "Kenjo", "value": "other"}]}
    (found,) = await target.find(ana())
    assert (found.other_id, found.external_id, found.open) == (True, "other", False)


async def test_found_by_an_employee_number(workspace: Workspace) -> None:
    """`match` may name another id; one of another type with the same value is no hit."""
    workspace.add_user("x@example.com", externalIds=[{"type": "login_id", "value": "E'7"}])
    user = workspace.add_user("y@example.com", externalIds=[{"type": "organization", "value": "E'7"}])
    async with google_target(workspace, match=["externalId", "externalIds.organization"]) as target:
        (found,) = await target.find(ana(**{"externalIds.organization": "E'7"}))
        assert (found.id, found.by) == (user["id"], "externalIds.organization")


async def test_two_accounts_with_one_id(workspace: Workspace, target: Allowed) -> None:
    """Both are told, and nobody chooses."""
    entry = {"type": "custom", "customType": "kenjo", "value": "kenjo-ana"}
    users = [workspace.add_user(f"{name}@example.com", externalIds=[entry]) for name in ("ana", "anna")]
    assert [match.id for match in await target.find(ana())] == [user["id"] for user in users]


async def test_nothing_to_look_up_by(target: Allowed) -> None:
    """Neither id nor address == rejected: a create would risk a second account."""
    with pytest.raises(RecordRejected, match="has no externalId and no primaryEmail"):
        await target.find(Wanted(ANA, {"name.givenName": "Ana"}))


# Lists


async def test_entries_of_others_stay(workspace: Workspace, target: Allowed) -> None:
    """Each of our entries comes, changes and goes; the others in the same lists stay as they are."""
    foreign: dict[str, list[Any]] = {
        "externalIds": [
            {"type": "custom", "customType": "badge", "value": "B"},
            {"type": "network", "value": "n"},
        ],
        "phones": [{"type": "home", "value": "1", "primary": True}],
        "relations": [{"type": "custom", "customType": "mentor", "value": "m@example.com"}],
        "organizations": [{"type": "school", "name": "Uni", "fullTimeEquivalent": 50000}],
        "addresses": [{"type": "home", "formatted": "x"}],
    }
    copied: dict[str, Any] = {name: list(entries) for name, entries in foreign.items()}
    user = workspace.add_user("ana@example.com", **copied)
    ours = {
        "externalIds.organization": 7,
        "phones.work": "+49 30 1",
        "relations.manager": "boss@example.com",
        "organizations.title": "Buyer",
        "addresses.work.locality": "Köln",
    }
    await target.upsert(ana(**ours), user["id"])
    for name, entries in foreign.items():
        assert [entry for entry in user[name] if entry in entries] == entries, name
        assert len(user[name]) == len(entries) + (2 if name == "externalIds" else 1)
    assert {"type": "organization", "value": "7"} in user["externalIds"]
    assert {"type": "work", "primary": True, "title": "Buyer"} in user["organizations"]
    await target.upsert(ana(**dict.fromkeys(ours)), user["id"])
    assert {name: user[name] for name in foreign if name != "externalIds"} == {
        name: entries for name, entries in foreign.items() if name != "externalIds"
    }
    assert (await target.upsert(ana(**dict.fromkeys(ours)), user["id"])).outcome is Outcome.UNCHANGED


async def test_the_primary_organization_is_ours(workspace: Workspace, target: Allowed) -> None:
    """What the Admin console made has no type, and is primary == that one is changed, its rest stays."""
    made = {"primary": True, "customType": "", "title": "Old", "costCenter": "12"}
    user = workspace.add_user("ana@example.com", organizations=[made])
    await target.upsert(ana(**{"organizations.title": "Buyer"}), user["id"])
    assert user["organizations"] == [{**made, "title": "Buyer"}]


async def test_the_last_entry_goes(workspace: Workspace, target: Allowed) -> None:
    """A list without entries is emptied by null, which alone Google takes for that."""
    remote_id = (await target.upsert(ana(**{"phones.work": "1"}), None)).remote_id
    await target.upsert(ana(**{"phones.work": None}), remote_id)
    assert "phones" not in workspace.users[remote_id]
    assert bodies(workspace, "PUT")[-1] == {"phones": None}


async def test_only_what_differs_is_sent(workspace: Workspace, target: Allowed) -> None:
    """One value differs == a body with its field alone; a name is sent with both its parts."""
    remote_id = (await target.upsert(ana(**{"phones.work": "1"}), None)).remote_id
    await target.upsert(ana(**{"phones.work": "1", "name.givenName": "Anna"}), remote_id)
    assert bodies(workspace, "PUT") == [{"name": {"givenName": "Anna", "familyName": "Müller"}}]


async def test_a_name_is_not_emptied(target: Allowed) -> None:
    """What Google requires is left as it is where Kenjo has nothing."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    empty = ana(**{"name.givenName": None, "orgUnitPath": "", "includeInGlobalAddressList": None})
    assert (await target.upsert(empty, remote_id)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    "odd", ["Zoë “Z” 😀", 'O\'Neil \\ "x"', "Ünï\u0308code", " blanks ", "<b>&amp;</b>", "名前", "a" * 60]
)
async def test_odd_values(workspace: Workspace, target: Allowed, odd: str) -> None:
    """Whatever stands in a name or an id arrives as it is, is found by it, and is equal afterwards."""
    wanted = ana(**{"externalId": odd, "name.familyName": odd, "organizations.department": odd})
    remote_id = (await target.upsert(wanted, None)).remote_id
    assert workspace.users[remote_id]["name"]["familyName"] == odd
    assert [match.id for match in await target.find(wanted)] == [remote_id]
    assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED


async def test_what_only_google_says_stays(workspace: Workspace, target: Allowed) -> None:
    """Nothing that is Google's own or read-only is sent back."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    workspace.users[remote_id] |= {"isMailboxSetup": True, "thumbnailPhotoUrl": "https://example.com/p"}
    await target.upsert(ana(includeInGlobalAddressList=False, recoveryEmail="x@example.net"), remote_id)
    assert bodies(workspace, "PUT") == [
        {"includeInGlobalAddressList": False, "recoveryEmail": "x@example.net"}
    ]
