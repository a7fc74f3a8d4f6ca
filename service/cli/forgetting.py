"""The command that erases somebody, lists who was erased, and takes that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.printable import counted
from service.cli.app import ConfigOption, JsonOption, app, out, print_json
from service.cli.visiting import visit
from service.operations import forgetting
from service.operations.assembly import Bridge
from service.operations.times import told

_WORDS = {"ledger entries": ("ledger entry", "ledger entries")}
"""Words for what was erased whose singular is not just without the -s."""


@app.command()
def forget(
    person: Annotated[
        str | None,
        typer.Argument(help="Who: Kenjo id, name, e-mail address, external id or employee number."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: what is erased is gone.")] = False,
    close: Annotated[
        bool, typer.Option("--close", help="Deactivate the accounts first; erase nothing if that fails.")
    ] = False,
    everybody: Annotated[
        bool, typer.Option("--list", help="Show who is forgotten, and what is left to do about them.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let them be read in again; with --yes also after a poll.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Erase everything that the bridge stores about somebody, and never read it in again.

    Memberships and managers that it gave are taken back first; with --close the accounts are closed, too.
    """
    unclear = sum((everybody, undo, close)) > 1 or everybody == (person is not None) or (everybody and yes)

    async def work(bridge: Bridge) -> int:
        if unclear:
            raise ConfigurationError(
                "say one thing: forget PERSON, forget PERSON --close, forget PERSON --undo, or forget --list"
            )
        if person is None:
            return await _list(bridge, json=json)
        if undo:
            return await _undo(bridge, person, late=yes, json=json)
        return await _forget(bridge, person, yes=yes, close=close, json=json)

    return visit(config, work)


async def _list(bridge: Bridge, *, json: bool) -> int:
    rows = await forgetting.forgotten(bridge)
    if json:
        print_json(rows)
        return 0
    if not rows:
        _say("Nobody is forgotten.")
        return 0
    _show(rows)
    for sentence in forgetting.reminders(rows):
        _say(sentence)
    return 0


def _show(rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for column in ("who", "since", "at Kenjo", "left open at"):
        table.add_column(column, overflow="fold")
    for row in rows:
        since = told(row["at"]) if row["at"] else ""
        table.add_row(row["record"], since, row["kenjo"], ", ".join(row["open"]))
    out.print(table)


async def _undo(bridge: Bridge, person: str, *, late: bool, json: bool) -> int:
    key = await forgetting.undo(bridge, person, late=late)
    if json:
        print_json({"record": str(key)})
        return 0
    _say(
        f"{key} is not forgotten any more: the next poll or sync reads them in if Kenjo has them, finds their"
        " accounts, and gives back memberships and managers."
    )
    _say(f"An account that is closed waits for your word: {command('failures')} names the command.")
    return 0


async def _forget(bridge: Bridge, person: str, *, yes: bool, close: bool, json: bool) -> int:
    key = await forgetting.find(bridge, person)
    if not yes:
        await forgetting.refuse_without_yes(bridge, key)
    found = await forgetting.forget(bridge, key, close=close)
    if json:
        print_json(found)
        return 0
    erased = ", ".join(
        counted(number, *_WORDS.get(what, (what.removesuffix("s"), what)))
        for what, number in found["erased"].items()
    )
    _say(f"{key} is forgotten. Erased: {erased}.")
    if found["accounts_left"]:
        word = "deactivated" if close else "as they were"
        _say(f"The accounts at {', '.join(found['accounts_left'])} are {word}.")
    if found["open"]:
        _say(f"Open, and not known to the bridge any more: {', '.join(found['open'])}. Close them there.")
    _say(f"Until the next poll they can be let in again: {command('forget', key, '--undo')}")
    return 0


def _say(text: str) -> None:
    out.print(text, soft_wrap=True)
