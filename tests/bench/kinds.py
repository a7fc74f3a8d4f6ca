"""`python -m tests.bench.kinds`: requests of a first sync, by kind of target, at servers like the vendors'.

Counted on the line between the bridge and the server, its sign-in included; a second sync is to send nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.workers.targets import slapd
from tests.workers.targets.bamboohr_server import BambooHR
from tests.workers.targets.entra_batches import reads
from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import entra_server
from tests.workers.targets.factorial_server import Factorial
from tests.workers.targets.google_server import BASE, Workspace, google_server
from tests.workers.targets.hibob_server import HiBob
from tests.workers.targets.ldap_ad_rig import made_up
from tests.workers.targets.ldap_line import LdapLine, line_to
from tests.workers.targets.oddhr_rig import oddhr_rig
from tests.workers.targets.personio_server import Personio
from tests.workers.targets.rest_rig import serving
from tests.workers.targets.test_bamboohr import BambooHRRig
from tests.workers.targets.test_factorial import FactorialRig
from tests.workers.targets.test_hibob import HiBobRig
from tests.workers.targets.test_ldap_slapd import SlapdRig
from tests.workers.targets.test_personio import PersonioRig
from tests.workers.targets.webhook_server import PATH, SECRET, Receiver, webhook_server
from tests.world import World, expected, world
from workers.testing.proxy import Proxy, Seen, proxy_to

Counts = Callable[[], tuple[int, int]]
"""How many requests have read, and how many have written, since the last call."""


@dataclass(frozen=True)
class Told:
    """What a first sync cost: accounts and groups made, requests that read, and that wrote."""

    people: int
    made: int
    reads: int
    writes: int
    again: int


def over_http(proxy: Proxy, reads: Callable[[Seen], bool] | None = None) -> Counts:
    """Requests on a line that speaks HTTP; `reads`: which change nothing, where their bodies say it."""

    def counts() -> tuple[int, int]:
        seen, writes = len(proxy.seen), len(proxy.writes)
        if reads:
            writes = sum(not reads(one) for one in proxy.seen)
        proxy.seen.clear()
        return seen - writes, writes

    return counts


def over_ldap(line: LdapLine) -> Counts:
    """Searches and changes on a line that speaks LDAP."""

    def counts() -> tuple[int, int]:
        found = line.searches, len(line.writes)
        line.searches = 0
        line.writes.clear()
        return found

    return counts


Kind = Callable[[World, AsyncExitStack], Any]


async def scim(here: World, _stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The real SCIM server of the tests."""
    return here.config["targets"]["directory"], over_http(here.proxy)


async def entra(here: World, stack: AsyncExitStack, **own: Any) -> tuple[dict[str, Any], Counts]:
    """Microsoft Graph."""
    server = await stack.enter_async_context(entra_server())
    employees = here.sandbox.account.employees.values()
    addresses = (one["account"].get("email") or "" for one in employees)
    server.directory.domains = frozenset(one.partition("@")[2] for one in addresses)
    proxy = await stack.enter_async_context(proxy_to(server.public))
    return EntraRig(server, **own).settings(proxy.url), over_http(proxy, reads)


async def entra_one_by_one(here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """Microsoft Graph, each request by itself: what `rate` counts."""
    return await entra(here, stack, batch=1)


async def google(here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """Google Workspace."""
    workspace = Workspace()
    workspace.domains |= {"nordlicht.example"}
    admin = workspace.add_user("it@nordlicht.example", "I", "T", isAdmin=True)
    await stack.enter_async_context(google_server(workspace))
    (here.folder / "key.json").write_text(json.dumps(workspace.sign_in.key()))
    (here.folder / "key.json").chmod(0o600)
    proxy = await stack.enter_async_context(proxy_to(workspace.url))
    settings = {"kind": "google", "base_url": proxy.url + BASE, "credentials_file": "key.json"}
    return {**settings, "admin": admin["primaryEmail"]}, over_http(proxy)


async def active_directory(here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """A made-up Active Directory."""
    folder = here.folder / "ad"
    folder.mkdir()
    rig = await stack.enter_async_context(made_up(folder))
    certificates = rig.certificates
    line = await stack.enter_async_context(
        line_to(rig.place.port, certificates.client(), certificates.server())
    )
    return rig.settings(line.own_port), over_ldap(line)


async def openldap(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """A real slapd."""
    rig = SlapdRig(stack.enter_context(slapd.slapd()))
    stack.callback(rig.admin.unbind)
    line = await stack.enter_async_context(line_to(rig.slapd.port))
    return rig.settings(line.own_port), over_ldap(line)


async def personio(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The profile for Personio."""
    server = Personio()
    origin = await stack.enter_async_context(serving(server.application()))
    settings, counts = await _rest(PersonioRig(origin, server), stack)
    return {**settings, "map": {"department": None, "office": None}}, counts  # it has others than Kenjo


async def bamboohr(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The profile for BambooHR."""
    server = BambooHR()
    origin = await stack.enter_async_context(serving(server.application()))
    return await _rest(BambooHRRig(origin, server), stack)


async def hibob(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The profile for HiBob."""
    server = HiBob()
    origin = await stack.enter_async_context(serving(server.application()))
    settings, counts = await _rest(HiBobRig(origin, server), stack)
    return {**settings, "map": {"work.department": None, "work.site": '"Berlin"'}}, counts


async def factorial(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The profile for Factorial."""
    server = Factorial()
    origin = await stack.enter_async_context(serving(server.application()))
    settings, counts = await _rest(FactorialRig(origin, server), stack)
    return {**settings, "map": {"location_id": '"Berlin"'}}, counts


async def own_profile(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """The worked example of a profile."""
    return await _rest(await stack.enter_async_context(oddhr_rig()), stack)


async def _rest(rig: Any, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    proxy = await stack.enter_async_context(proxy_to(rig.origin, rig.reads))
    return rig.settings(proxy.url), over_http(proxy)


async def webhook(_here: World, stack: AsyncExitStack) -> tuple[dict[str, Any], Counts]:
    """A receiver of events, one in each request."""
    origin = await stack.enter_async_context(webhook_server(Receiver()))
    proxy = await stack.enter_async_context(proxy_to(origin))
    return {"kind": "webhook", "url": proxy.url + PATH, "secret": SECRET}, over_http(proxy)


KINDS: Mapping[str, Kind] = {
    "scim": scim,
    "entra": entra,
    "entra-one-by-one": entra_one_by_one,
    "google": google,
    "active-directory": active_directory,
    "openldap": openldap,
    "personio": personio,
    "bamboohr": bamboohr,
    "hibob": hibob,
    "factorial": factorial,
    "own-profile": own_profile,
    "webhook": webhook,
}


async def _run(here: World, *arguments: str) -> str:
    """Run the command, however long it takes."""
    out, err = await (await here.start(*arguments)).communicate()
    if not out:
        raise SystemExit(err.decode())
    return out.decode()


async def measure(kind: Kind, people: int) -> Told:
    """One first sync, and another one after it."""
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder), people) as here, AsyncExitStack() as stack:
            settings, counts = await kind(here, stack)
            here.config["targets"] = {"target": {**settings, "rate": 100000}}
            row = json.loads(await _run(here, "sync", "--json"))["targets"]["target"]
            if row["failed"]:
                raise SystemExit(await _run(here, "failures"))
            reads, writes = counts()
            await _run(here, "sync")
            return Told(len(expected(here.sandbox)), row["created"], reads, writes, sum(counts()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    table = Table(
        title=f"first sync of {options.people:,} people in requests", box=None, title_justify="left"
    )
    for column in ("kind", "people", "made with groups", "read", "written", "for each person", "second sync"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for name in options.kinds:
        told = asyncio.run(measure(KINDS[name], options.people))
        each = (told.reads + told.writes) / max(told.people, 1)
        cells = (told.people, told.made, told.reads, told.writes, f"{each:.2f}", told.again)
        table.add_row(name, *map(str, cells))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
