"""Commands that are suggested in messages, on pages and in notices can be pasted: they name the company."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bridge.commands import command, of_company
from bridge.wire.redaction import redact
from service.cli import registered
from service.cli.app import app
from tests.companies import Companies, companies
from tests.world import ROOT

SPELLED = re.compile(r"kenjo-bridge ([a-z][a-z-]*)(?: ([a-z]+))?")

OF_ALL = {"run", "serve", "work"}
"""They serve all companies at once, and are started without one."""

ELSEWHERE = {
    "service/cli/app.py": "the version",
    "service/cli/beginning.py": "what `init` has just written, which it names with --config",
    "service/operations/first_file.py": "the first lines of that file",
    "service/cli/sandboxing.py": "a configuration that is printed there, of one company",
    "service/web/api/document.py": "the title of the API",
    "workers/targets/rest/profiles/starting.yaml": "the first lines of a profile, which is no company's",
}
"""Places that say something else, or name the one configuration that they mean."""


@cache
def commands() -> Any:
    """All that can be run."""
    assert registered.__all__
    return typer.main.get_command(app)


def meant(words: list[str]) -> Any:
    """The command that some words begin with; None where they name none."""
    found = commands()
    for word in words:
        if word not in getattr(found, "commands", {}):
            break
        found = found.commands[word]
    return None if found is commands() else found


def takes_a_company(found: Any) -> bool:
    return any("--company" in one.opts for one in found.params)


def files(*endings: str) -> Iterator[Path]:
    for package in ("bridge", "service", "workers"):
        yield from (path for path in (ROOT / package).rglob("*") if path.suffix in endings)


def texts(path: Path) -> Iterator[str]:
    """What a file may say: of code all strings but docstrings; `{}` stands for what is filled in."""
    if path.suffix != ".py":
        yield path.read_text("utf-8")
        return
    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    joined = [one for one in ast.walk(tree) if isinstance(one, ast.JoinedStr)]
    parts = {id(part) for one in joined for part in one.values}
    for whole in joined:
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in whole.values)
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs | parts:
            yield one.value


def spelled_otherwise(text: str) -> list[str]:
    """Commands in a text that `bridge.commands.command` should have spelled."""
    found = [match for match in SPELLED.finditer(text) if match[1] not in OF_ALL]
    named = [(match[0], meant([*filter(None, match.groups())])) for match in found]
    wrong = [words for words, one in named if one and takes_a_company(one)]
    return wrong + re.findall(r"kenjo-bridge \{\}", text)


def test_no_suggestion_is_spelled_otherwise() -> None:
    """Strings, templates and translations that name a command of one company == none; `command` spells it."""
    wrong = [
        (place, one)
        for path in files(".py", ".html", ".yaml")
        if (place := str(path.relative_to(ROOT))) not in ELSEWHERE and place != "bridge/commands.py"
        for text in texts(path)
        for one in spelled_otherwise(text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see kenjo-bridge holds show x", ["kenjo-bridge holds show"]),
        ("see kenjo-bridge failures", ["kenjo-bridge failures"]),
        ("kenjo-bridge {}", ["kenjo-bridge {}"]),
        ("another kenjo-bridge polls it; kenjo-bridge run; kenjo-bridge web password; kenjo-bridge init", []),
    ],
)
def test_what_is_looked_for(text: str, found: list[str]) -> None:
    """A command of one company is found; of all, of none, and the product's name are not."""
    assert spelled_otherwise(text) == found


def spelled() -> Iterator[tuple[str, str]]:
    """The first words of each call of `command`, by place."""
    for path in files(".py"):
        if path.name == "company_option.py":  # what is called so there is a command itself
            continue
        for one in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "command":
                yield str(path.relative_to(ROOT)), ast.unparse(one.args[0])
    for path in files(".html"):
        for words in re.findall(r"\bcommand\((\"[^\"]*\")", path.read_text("utf-8")):
            yield str(path.relative_to(ROOT)), words


def test_what_is_suggested_can_be_run() -> None:
    """Each suggestion == a command that there is, that takes --company, and has the options it is given."""
    there = list(spelled())
    assert len(there) > 40
    for place, source in there:
        if not source.startswith(("'", '"')):
            assert source == "f'holds {word} ID'", place
            continue
        words = ast.literal_eval(source).split()
        found = meant(words)
        assert found, (place, source)
        assert takes_a_company(found), (place, source)
        options = {option for one in found.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, (place, source)


def test_a_company_is_named_and_values_are_quoted() -> None:
    """One company == as ever; of several its name, also within a task; a value with blanks is one word."""
    assert command("holds") == "kenjo-bridge holds"
    assert command("failures adopt", "hr", "person:1", "cn=Ana Noll,o=x") == (
        "kenjo-bridge failures adopt hr person:1 'cn=Ana Noll,o=x'"
    )
    with of_company("acme"):
        assert command("holds show", "x-remove") == "kenjo-bridge holds show x-remove --company acme"
        assert command("check", company="beta") == "kenjo-bridge check --company beta"
    assert command("sync --verify") == "kenjo-bridge sync --verify"


def test_a_company_that_is_called_like_kenjos() -> None:
    """A reason of ours keeps the name in a command, and nothing else of it; a server's words keep nothing."""
    private = {"work": {"company": "acme"}}
    assert redact("acme; use kenjo-bridge failures --company acme", private) == (
        "[…]; use kenjo-bridge failures --company acme"
    )
    assert "acme" not in redact("kenjo-bridge failures --company acme", private, foreign=True)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Companies]:
    async with companies(tmp_path, "acme", "beta") as ready:
        yield ready


async def test_what_one_of_several_suggests_can_be_pasted(two: Companies) -> None:
    """Terminal, pages and API of a company, and what its worker has noted == commands that name it."""
    scim = two.worlds["acme"]
    ana = min(scim.sandbox.account.employees)
    email = scim.sandbox.account.employees[ana]["account"]["email"]
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "active": False}
    async with scim.direct.post("/v2/Users", json=body) as answer:
        account = (await answer.json(content_type=None))["id"]
    adopt = f"kenjo-bridge failures adopt directory person:{ana} {account} --company acme"
    async with two.running() as session:
        found = await _failing(two, "acme")
        assert adopt in found["reason"]
        async with session.get(f"/c/acme/people/{ana}") as answer:
            page = await answer.text()
        assert "--company acme</code>" in page
        async with session.get("/c/beta/decide") as answer:
            assert "acme" not in await answer.text()
    shown = await two.run("failures", "--company", "acme")
    assert adopt in shown.out
    wrong = await two.run("failures", "show", "nobody", "--company", "beta")
    assert "kenjo-bridge people --names --company beta" in wrong.err
    ended = await two.run(*adopt.split()[1:])
    assert ended.code == 0, ended.err
    directory = scim.config["targets"]["directory"]
    two.write("acme", targets={"directory": {**directory, "base_url": f"{directory['base_url']}/other"}})
    assert "kenjo-bridge moved directory --company acme" in (await two.run("check")).out


async def _failing(two: Companies, name: str) -> Any:
    for _ in range(100):
        rows = (await two.run("failures", "--company", name, "--json")).json
        if found := [one for one in rows if one["candidates"]]:
            return found[0]
        await asyncio.sleep(0.2)
    raise AssertionError("nobody fails")
