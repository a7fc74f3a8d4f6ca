"""`make companies`: lets many companies run in one deployment, and shows what was seen."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

import tests.many
from tests.many.deployment import deployed
from tests.many.playing import Play
from tests.many.stage import staged
from tests.noting import commit
from tests.running import own_redis
from tests.world import ROOT

PAGE = ROOT / "docs/companies.md"


Figures = Mapping[str, tuple[float, str]]


async def play(number: int, people: int, poll: float, idle: float, kills: int = 5) -> Figures:
    """So many companies with so many people each. Gives what was seen. Raises AssertionError."""
    with tempfile.TemporaryDirectory(prefix="many-") as folder:
        async with (
            own_redis() as url,
            Redis.from_url(url) as redis,
            staged(Path(folder), number, people, poll) as stage,
        ):
            stage.common(url)
            async with deployed(Path(folder)) as there:
                played = Play(stage, there, redis, kills)
                await played.everything(idle)
                await played.ends()
    return played.figures


def shown(figures: Figures) -> Iterator[tuple[str, str]]:
    """What was seen, as text."""
    for name, (value, unit) in figures.items():
        yield name, f"{value:,.{1 if value < 10 else 0}f} {unit}".rstrip()


def note(what: str, figures: Figures, page: Path = PAGE) -> None:
    """Put the figures into the page, in place of those of the run before."""
    said = f"{what}, on {os.cpu_count()} cores, {date.today().isoformat()}, {commit()}"  # noqa: DTZ011 - who runs it
    rows = [f"| {name} | {one} |" for name, one in shown(figures)]
    table = "\n".join([f"| {said} | |", "| --- | --- |", *rows])
    text, found = re.subn(
        r"^\| \d+ companies (?:.+\n)+", lambda _: f"{table}\n", page.read_text("utf-8"), flags=re.MULTILINE
    )
    if not found:
        raise ValueError(f"{page} has no table that begins with | N companies")
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.many", description=tests.many.__doc__)
    parser.add_argument("--companies", type=int, default=50)
    parser.add_argument("--people", type=int, default=200, help="of each company")
    parser.add_argument("--poll", type=float, default=60, help="seconds between two polls of each")
    parser.add_argument("--idle", type=float, default=60, help="seconds in which nothing happens")
    parser.add_argument("--note", action="store_true", help="write the figures into docs/companies.md")
    options = parser.parse_args()
    what = f"{options.companies} companies of {options.people} people, a poll every {options.poll:g} s"
    figures = asyncio.run(play(options.companies, options.people, options.poll, options.idle))
    table = Table("", what)
    for row in shown(figures):
        table.add_row(*row)
    Console().print(table)
    if options.note:
        note(what, figures)


if __name__ == "__main__":
    main()
