"""Targets that come after others, end to end: two real directories, the second waits for the first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from tests.scim_server import scim_server
from tests.world import World, expected
from workers.connect import routes
from workers.testing.proxy import Proxy, answer, proxy_to


@dataclass
class Apps:
    """The second directory."""

    proxy: Proxy
    direct: aiohttp.ClientSession

    async def users(self) -> dict[str, dict[str, Any]]:
        """Its accounts by their userName."""
        async with self.direct.get("/v2/Users", params={"count": "1000"}) as found:
            listed = (await found.json(content_type=None)).get("Resources") or []
        return {user["userName"]: user for user in listed}


@pytest.fixture
async def apps(here: World) -> AsyncIterator[Apps]:
    async with scim_server() as (base_url, token):
        origin = base_url.removesuffix("/v2")
        headers = {"Authorization": f"Bearer {token}"}
        async with proxy_to(origin) as proxy, aiohttp.ClientSession(origin, headers=headers) as direct:
            target = {"kind": "scim", "base_url": f"{proxy.url}/v2", "token": token, "rate": 1000}
            here.config["targets"]["apps"] = {**target, "after": ["directory"], "groups": {"from": []}}
            yield Apps(proxy, direct)


async def test_each_person_waits_for_the_first(here: World, apps: Apps) -> None:
    """Refused for one at the directory == all but that one at the apps, which say why; then that one too."""
    refused = min(person["account"]["email"] for person in expected(here.sandbox).values())
    here.proxy.fail_always(_refusing(refused))
    done = await here.run("sync", "--json", "--patience", "5")
    assert done.code == 1, done.err
    assert (await apps.users()).keys() == _mails(here) - {refused}
    (waits,) = [one for one in (await here.run("failures", "--json")).json if one["target"] == "apps"]
    assert "waits for directory, which does not take this record" in waits["reason"]
    here.proxy.fail_always(None)
    await here.run("failures", "retry")
    assert (await here.run("sync")).code == 0
    assert (await apps.users()).keys() == _mails(here)


async def test_what_another_target_gave(here: World, apps: Apps) -> None:
    """`from` == the id of the account there, and what is mapped there; a new account there is followed."""
    here.config["targets"]["directory"]["map"] = {"nickName": "person.personal.lastName + '!'"}
    here.config["targets"]["apps"]["from"] = {"externalId": "directory.id", "title": "directory.nickName"}
    plan = (await here.run("plan", "--json", "--values")).json
    assert (await here.run("sync")).code == 0
    there = {user["userName"]: user for user in await here.users()}
    for name, user in (await apps.users()).items():
        assert (user["externalId"], user["title"]) == (there[name]["id"], there[name]["nickName"])
    assert plan["targets"]["apps"]["counts"]["create"] == len(there)
    one = min(there.values(), key=lambda user: str(user["userName"]))
    async with here.direct.delete(f"/v2/Users/{one['id']}") as deleted:
        assert deleted.status == 204
    assert (await here.run("sync", "--verify")).code == 0
    again = {user["userName"]: user for user in await here.users()}[one["userName"]]
    assert again["id"] != one["id"]
    assert (await apps.users())[one["userName"]]["externalId"] == again["id"]


async def test_a_leaver_waits_for_nobody(here: World, apps: Apps) -> None:
    """The directory rests, somebody leaves and somebody is renamed == closed at the apps; the other waits."""
    await here.run("sync")
    (leaver, renamed, *_) = sorted(expected(here.sandbox))
    await here.run("targets", "pause", "directory")
    here.sandbox.actions.leave(employee=leaver)
    here.sandbox.actions.rename(employee=renamed, last_name="Ñandú")
    apps.proxy.seen.clear()
    await here.run("sync", "--patience", "5")
    mails = {id_: here.sandbox.account.employees[id_]["account"]["email"] for id_ in (leaver, renamed)}
    users = await apps.users()
    assert users[mails[leaver]]["active"] is False
    assert users[mails[renamed]]["name"]["familyName"] != "Ñandú"
    await here.run("targets", "resume", "directory")
    assert (await here.run("sync")).code == 0
    assert (await apps.users())[mails[renamed]]["name"]["familyName"] == "Ñandú"


async def test_who_is_not_for_the_first(here: World, apps: Apps) -> None:
    """Out of the directory's scope == nothing to wait for; without an id there, the attribute is empty."""
    here.config["targets"]["directory"]["scope"] = 'person.account.email < "m"'
    here.config["targets"]["apps"]["from"] = {"title": "directory.id"}
    assert (await here.run("sync")).code == 0
    users = await apps.users()
    assert users.keys() == _mails(here)
    assert {name for name, user in users.items() if user.get("title")} == {n for n in users if n < "m"}


async def test_who_is_not_for_the_second(here: World, apps: Apps) -> None:
    """Out of the apps' scope, which closes accounts == nobody is searched for there, again and again."""
    here.config["targets"]["apps"] |= {
        "scope": 'person.account.email < "m"', "removal": {"out_of_scope": "deactivate"}
    }  # fmt: skip
    done = await here.run("sync", "--json")
    assert done.code == 0, done.err
    assert {name for name in _mails(here) if name < "m"} == (await apps.users()).keys()
    tried = [json.loads(line) for line in done.err.splitlines() if '"retrying"' in line]
    assert [line for line in tried if line["attempts"]] == []


SCIM = {"kind": "scim", "base_url": "https://a.example", "token": "t"}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"after": ["too"]}, {}, "no other target is called so; did you mean two?"),
        ({"after": ["one"]}, {}, "no other target is called so"),
        ({"after": ["two"]}, {"after": ["one"]}, "one after two after one"),
        ({"after": ["two"]}, {"from": {"title": "one.id"}}, "one after two after one"),
        ({"from": {"title": "two"}}, {}, "write the name of another target, a point"),
        ({"from": {"title": "two.userNam"}}, {}, "did you mean userName?"),
        ({"from": {"no such": "two.id"}}, {}, "targets.one.from.no such"),
    ],
)
def test_an_order_that_cannot_be(one: dict[str, Any], other: dict[str, Any], said: str) -> None:
    """An unknown target or attribute, a circle == one sentence that names the setting."""
    two = {**SCIM, "base_url": "https://b.example", **other}
    values = BridgeSettings.model_validate({"targets": {"one": {**SCIM, **one}, "two": two}})
    with pytest.raises(ConfigurationError) as error:
        routes(values)
    assert said in str(error.value)


def _mails(here: World) -> set[str]:
    return {person["account"]["email"] for person in expected(here.sandbox).values()}


def _refusing(address: str) -> Any:
    async def fault(proxy: Proxy, request: Any) -> Any:
        if request.method == "POST" and address.encode() in await request.read():
            return await answer(400, '{"detail": "no"}')(proxy, request)
        return await proxy.forward(request)

    return fault
