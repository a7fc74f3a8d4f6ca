"""Sees to it that a state is used for the Kenjo account and the targets that it is of, and for no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.commands import command
from bridge.config.addresses import host_of
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, SourceRefused
from bridge.mapping.route import Route
from bridge.store.backend import Backend
from bridge.store.whose import COMPANIES, KENJO, of_target
from service.kenjo.client import KenjoClient

APART = "give this bridge a redis.prefix of its own (or another Redis)"


async def recognise(
    backend: Backend, values: BridgeSettings, routes: Mapping[str, Route], *, notes: bool
) -> None:
    """Compare the configured addresses with those of the state; what is new there is noted if `notes`.

    Raises ConfigurationError where they differ.
    """
    known, now = await backend.whose.all(), addresses(values, routes)
    for what, address in now.items():
        if known.get(what, address) != address:
            raise ConfigurationError(_sentence(what, known[what], address))
    if notes and (new := {what: address for what, address in now.items() if what not in known}):
        await backend.whose.note(new)


def addresses(values: BridgeSettings, routes: Mapping[str, Route]) -> dict[str, str]:
    """Where Kenjo and the targets are, as the configuration says."""
    found = {of_target(name): _plain(route.settings.server) for name, route in routes.items()}
    if values.kenjo.api_key:  # a worker needs none, and then says nothing of Kenjo
        found[KENJO] = _plain(values.kenjo.url)
    return found


async def moved(backend: Backend, values: BridgeSettings, routes: Mapping[str, Route], name: str) -> None:
    """Believe that the same account, or the same target, is at its configured address now.

    Raises ConfigurationError for a name that is neither.
    """
    now = addresses(values, routes)
    what = KENJO if name == KENJO else of_target(name)
    if what not in now:
        there = ", ".join([KENJO, *sorted(routes)])
        raise ConfigurationError(f"there is no '{name}' in the configuration (there is: {there})")
    await backend.whose.note({what: now[what]})
    if what == KENJO:
        await backend.whose.forget([COMPANIES])


@dataclass(frozen=True, slots=True)
class Account:
    """The Kenjo account of a state, known by its companies: a key that was replaced changes nothing."""

    backend: Backend
    notes: bool

    async def recognise(self, client: KenjoClient) -> None:
        """Ask Kenjo for the companies. Raises SourceUnavailable, and ConfigurationError for another account.

        A key that may not read them says nothing of the account; then its people have to tell.
        """
        try:
            rows = (await client.fetch(["companies"]))["companies"]
        except SourceRefused:
            return
        ids = {str(row["_id"]) for row in rows if isinstance(row, dict) and row.get("_id")}
        known = set((await self.backend.whose.all()).get(COMPANIES, "").split())
        if known and ids and not known & ids:
            raise ConfigurationError(
                "kenjo.api_key is of another Kenjo account than the one in Redis (no company is the same):"
                f" {APART}; if it is the same account all the same, run {command('moved kenjo')}"
            )
        if self.notes and ids and ids != known:
            await self.backend.whose.note({COMPANIES: " ".join(sorted(ids))})


def _plain(server: str) -> str:
    """An address as others may spell it, too. What stands before it is the kind."""
    kind, _, address = server.rpartition(" ")
    parts = urlsplit(address)
    return f"{kind} {parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}".strip()


def _sentence(what: str, known: str, now: str) -> str:
    name = what.removeprefix("target:")
    subject = "the Kenjo account" if what == KENJO else f"target {name}"
    before, after = (host_of(text.rpartition(" ")[2]) for text in (known, now))
    where = f" at {before}, not {after}" if before != after else " at another address"
    return (
        f"Redis holds what was done for {subject}{where}: {APART}; if it has only moved,"
        f" run {command('moved', name)}"
    )
