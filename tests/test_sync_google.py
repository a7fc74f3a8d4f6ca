"""`kenjo-bridge sync` to Google Workspace as an administrator runs it: a made-up Kenjo, and an account."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox
from tests.workers.targets.google_server import BASE, Workspace, google_server
from tests.world import World, expected
from workers.testing.proxy import Proxy, at, lost, proxy_to

DOMAIN = "nordlicht.example"


@dataclass
class Company:
    """A made-up company: its Kenjo, its Google Workspace, and the command between them."""

    world: World
    workspace: Workspace

    @property
    def sandbox(self) -> Sandbox:
        return self.world.sandbox

    @property
    def proxy(self) -> Proxy:
        return self.world.proxy

    async def sync(self) -> dict[str, Any]:
        """Synchronise, which has to go well; what was done, by outcome."""
        self.proxy.seen.clear()
        done = await self.world.run("sync", "--json")
        assert done.code == 0, done.err + done.out
        row: dict[str, Any] = done.json["targets"]["google"]
        return row

    def users(self) -> dict[str, dict[str, Any]]:
        """The users with an id of Kenjo's, by it."""
        return {
            entry["value"]: user
            for user in self.workspace.users.values()
            for entry in user.get("externalIds") or []
            if entry.get("customType") == "kenjo"
        }


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with company_in(tmp_path) as ready:
        yield ready


@asynccontextmanager
async def company_in(folder: Path) -> AsyncIterator[Company]:
    """Twelve people; the key is a file beside bridge.yaml."""
    workspace = Workspace()
    workspace.domains |= {DOMAIN}
    workspace.units |= {"/People"}
    admin = workspace.add_user(f"it@{DOMAIN}", "I", "T", isAdmin=True)
    async with Sandbox(people=12) as sandbox, google_server(workspace):
        key = folder / "key.json"
        key.write_text(json.dumps(workspace.sign_in.key()))
        key.chmod(0o600)
        async with proxy_to(workspace.url) as proxy, aiohttp.ClientSession() as session:
            target = {
                "kind": "google",
                "base_url": proxy.url + BASE,
                "credentials_file": "key.json",
                "admin": admin["primaryEmail"],
                "new_user_org_unit": "/People",
                "rate": 1000,
            }
            config = {
                "kenjo": {"base_url": sandbox.url, "api_key": sandbox.api_key, "poll_interval": 1},
                "targets": {"google": target},
                "web": {"port": 0},
                "log": {"format": "json"},
            }
            yield Company(World(sandbox, proxy, session, folder, config, set()), workspace)


async def test_a_company_arrives_and_nothing_is_sent_twice(company: Company) -> None:
    """A first sync == an account for each active person, a group for each team; a second one == nothing."""
    await company.sync()
    people, users = expected(company.sandbox), company.users()
    assert users.keys() == people.keys()
    for id_, person in people.items():
        user = users[id_]
        assert user["primaryEmail"] == person["account"]["email"]
        assert user["name"]["familyName"] == person["personal"]["lastName"]
        assert user["orgUnitPath"] == "/People"
        boss = company.sandbox.account.employees.get(person["work"].get("reportsToId") or "", {})
        managers = [one["value"] for one in user.get("relations") or [] if one["type"] == "manager"]
        assert managers == ([boss["account"]["email"]] if boss else [])
    groups = {group["externalIds"][0]["id"]: group for group in company.workspace.groups.values()}
    assert groups.keys() == company.sandbox.account.tables["teams"].keys()
    for id_, group in groups.items():
        wanted = {users[one]["id"] for one in people if id_ in (people[one]["work"].get("teamIds") or [])}
        assert company.workspace.members[group["id"]].keys() == wanted
    assert {group["email"] for group in groups.values()} >= {
        f"sales-iberica@{DOMAIN}",
        f"lager-sued@{DOMAIN}",
    }
    await company.sync()
    assert company.proxy.seen == []


async def test_joiner_mover_leaver_and_back(company: Company) -> None:
    """Each is seen: a new account, one changed value, a closed account, the same one opened again."""
    await company.sync()
    hired = company.sandbox.actions.hire(
        first_name="Zoë", last_name="O'Neil", email=f"zoe@{DOMAIN}", start="2020-01-01", active=True
    )["account"]["_id"]
    await company.sync()
    joiner = company.users()[hired]
    assert joiner["primaryEmail"] == f"zoe@{DOMAIN}"

    company.sandbox.actions.rename(employee=hired, last_name="Ñandú")
    row = await company.sync()
    assert (row["updated"], [seen.method for seen in company.proxy.writes]) == (1, ["PUT"])
    assert joiner["name"]["familyName"] == "Ñandú"

    leaver = next(id_ for id_, one in expected(company.sandbox).items() if one["work"].get("teamIds"))
    user = company.users()[leaver]
    company.workspace.tokens[user["id"]] = ["app"]
    company.sandbox.actions.leave(employee=leaver)
    row = await company.sync()
    assert row["deactivated"] == 1
    assert user["suspended"]
    assert company.workspace.signed_out == [user["id"]]
    assert not company.workspace.tokens[user["id"]]
    assert not any(user["id"] in members for members in company.workspace.members.values())

    company.sandbox.actions.activate(employee=leaver)
    work = company.sandbox.account.employees[leaver]["work"]
    work["contractEnd"] = None
    await company.sync()
    assert company.users()[leaver] is user
    assert not user["suspended"]
    assert any(user["id"] in members for members in company.workspace.members.values())


async def test_lost_answers_make_nobody_twice(company: Company) -> None:
    """Answers to creates get lost, and the search finds nothing yet == a further sync, and everybody once."""
    company.workspace.searchable = False
    company.proxy.fail(at("POST", lost), at("POST", lost), at("POST", lost))
    await company.world.run("sync", "--patience", "20")
    await company.sync()
    people = expected(company.sandbox)
    addresses = sorted(user["primaryEmail"] for user in company.workspace.users.values())
    assert len(addresses) == len(set(addresses)) == len(people) + 2  # two administrators
    names = sorted(group["name"] for group in company.workspace.groups.values())
    assert names == sorted(row["name"] for row in company.sandbox.account.tables["teams"].values())


async def test_an_account_that_was_there_is_taken(company: Company) -> None:
    """Somebody has an account already == it is adopted with what is its own, and gets Kenjo's id."""
    id_, person = next(iter(expected(company.sandbox).items()))
    there = company.workspace.add_user(
        person["account"]["email"], phones=[{"type": "home", "value": "1"}], orgUnitPath="/Staff"
    )
    await company.world.run("sync")
    await company.sync()
    assert company.users()[id_] is there
    assert {"type": "home", "value": "1"} in there["phones"]
    assert there["orgUnitPath"] == "/Staff"


async def test_a_sync_that_may_not(company: Company) -> None:
    """No delegation, or no key == exit 3 and what to do, without a traceback, and nobody is created."""
    company.workspace.sign_in.delegated = set()
    done = await company.world.run("sync")
    assert done.code == 3
    assert "Manage Domain Wide Delegation" in done.err + done.out
    company.world.config["targets"]["google"]["credentials_file"] = "no.json"
    done = await company.world.run("sync")
    assert done.code == 3, done.err
    assert "no.json cannot be read" in done.err + done.out
    assert "Traceback" not in done.err
    assert company.users() == {}
