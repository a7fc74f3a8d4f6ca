"""The made-up directories of the examples: Google Workspace, Microsoft Entra ID, Active Directory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.examples.places import Accounts, Behind, Members, Place
from tests.workers.targets.entra_directory import EXTENSIONS
from tests.workers.targets.entra_server import CLIENT, SECRET, TENANT, EntraServer, entra_server
from tests.workers.targets.google_server import BASE, Workspace, google_server
from tests.workers.targets.ldap_ad_domain import KNOWN, Entry, dn_of
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from workers.testing.proxy import Proxy, proxy_to


class Google(Behind):
    """A Google Workspace account; the key is a file beside bridge.yaml."""

    def __init__(self, proxy: Proxy, workspace: Workspace) -> None:
        super().__init__(proxy)
        self.workspace = workspace
        self.settings = {"BASE_URL": proxy.url + BASE}

    def accounts(self) -> Accounts:
        users = [one for one in self.workspace.users.values() if not one["isAdmin"]]
        return {_kenjo_id(user): _google_user(user) for user in users}

    def groups(self) -> Members:
        ids = {one["id"]: _kenjo_id(one) for one in self.workspace.users.values() if not one["isAdmin"]}
        groups = self.workspace.groups.values()
        return {one["email"]: {ids[member] for member in self.workspace.members[one["id"]]} for one in groups}


def _kenjo_id(user: Mapping[str, Any]) -> str:
    (found,) = [str(one["value"]) for one in user["externalIds"] if one.get("customType") == "kenjo"]
    return found


def _google_user(user: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "primaryEmail": user["primaryEmail"],
        "orgUnitPath": user["orgUnitPath"],
        "active": not user["suspended"],
        "givenName": user["name"]["givenName"],
        "familyName": user["name"]["familyName"],
    }
    for one in user.get("organizations") or []:
        found |= {name: one[name] for name in ("title", "department", "name", "costCenter") if one.get(name)}
    for one in user.get("phones") or []:
        found[f"phone {one['type']}"] = one["value"]
    for one in user.get("externalIds") or []:
        if one["type"] == "organization":
            found["number"] = one["value"]
    for one in user.get("relations") or []:
        found[one["type"]] = one["value"]
    return found


@asynccontextmanager
async def google(folder: Path, domain: str, admin: str, *units: str) -> AsyncIterator[Google]:
    workspace = Workspace()
    workspace.domains |= {domain}
    workspace.units |= set(units)
    workspace.add_user(admin, "I", "T", isAdmin=True)
    async with google_server(workspace):
        key = folder / "google-key.json"
        key.write_text(json.dumps(workspace.sign_in.key()))
        key.chmod(0o600)
        async with proxy_to(workspace.url) as proxy:
            yield Google(proxy, workspace)


class Entra(Behind):
    """A Microsoft Entra tenant."""

    def __init__(self, proxy: Proxy, server: EntraServer) -> None:
        super().__init__(proxy)
        self.directory = server.directory
        self.settings = {
            "BASE_URL": f"{proxy.url}/v1.0",
            "LOGIN_URL": server.public,
            "TENANT": TENANT,
            "CLIENT_ID": CLIENT,
            "CLIENT_SECRET": SECRET,
        }
        server.public = proxy.url

    def _ids(self) -> dict[str, str]:
        users = self.directory.users.values()
        return {user["id"]: user[EXTENSIONS]["extensionAttribute15"] for user in users}

    def accounts(self) -> Accounts:
        ids, managers, found = self._ids(), self.directory.managers, {}
        left_out = (
            "id",
            EXTENSIONS,
            "businessPhones",
            "passwordProfile",
            "proxyAddresses",
            "onPremisesSyncEnabled",
        )
        for id_, user in self.directory.users.items():
            flat = {name: value for name, value in user.items() if name not in left_out and value is not None}
            extensions = {name: one for name, one in user[EXTENSIONS].items() if one and name[-2:] != "15"}
            flat |= extensions | ({"phone": user["businessPhones"][0]} if user.get("businessPhones") else {})
            found[ids[id_]] = {**flat, **({"manager": ids[managers[id_]]} if managers.get(id_) else {})}
        return found

    def groups(self) -> Members:
        ids = self._ids()
        groups = self.directory.groups.values()
        return {one["displayName"]: {ids[m] for m in self.directory.members[one["id"]]} for one in groups}


@asynccontextmanager
async def entra(*domains: str) -> AsyncIterator[Entra]:
    async with entra_server() as server, proxy_to(server.public) as proxy:
        server.directory.domains = frozenset(domains)
        yield Entra(proxy, server)


class Ad(Place):
    """A made-up Active Directory, over LDAPS."""

    def __init__(self, rig: AdRig) -> None:
        assert rig.server
        self.server, name = rig.server, rig.place.bridge
        self.settings = {
            "ADDRESS": f"ldaps://localhost:{rig.place.port}",
            "CA_FILE": str(rig.place.authority),
            "BIND_DN": name[0],
            "PASSWORD": name[1],
        }

    def _entries(self, kind: str) -> dict[bytes, Entry]:
        entries = self.server.domain.entries
        return {guid: one for guid, one in entries.items() if kind in one.classes}

    def _ids(self) -> dict[bytes, str]:
        return {
            guid: _text(one, "admindescription").removeprefix("kenjo:")
            for guid, one in self._entries("user").items()
        }

    def accounts(self) -> Accounts:
        ids, found = self._ids(), {}
        own = ("objectclass", "admindescription", "useraccountcontrol", "pwdlastset", "objectcategory", "cn")
        for guid, entry in self._entries("user").items():
            flat: dict[str, Any] = {
                KNOWN[name]: _text(entry, name) for name in entry.values if name not in own
            }
            flat |= {"active": not entry.flag("userAccountControl") & 2, "dn": dn_of(entry.steps)}
            manager = entry.links.get("manager")
            found[ids[guid]] = flat | ({"manager": ids[manager[0]]} if manager else {})
        return found

    def groups(self) -> Members:
        ids = self._ids()
        groups = self._entries("group").values()
        return {_text(one, "cn"): {ids[member] for member in one.links.get("member", ())} for one in groups}

    @property
    def requests(self) -> int:
        return len(self.server.searches)


def _text(entry: Entry, name: str) -> str:
    (value,) = entry.values[name]
    return value.decode()


@asynccontextmanager
async def ad(folder: Path, base: str, *units: str) -> AsyncIterator[Ad]:
    """A domain in which the bridge may write below OU=Kenjo, with units beside People and Groups."""
    async with made_up(folder, base) as rig:
        for unit in units:
            await rig.ask("add", f"OU={unit},{rig.place.ours}", ["top", "organizationalUnit"])
        yield Ad(rig)
