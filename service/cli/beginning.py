"""The command to begin with: init."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.config.configuration import variable
from bridge.config.sources import Place
from service.cli.app import app, out
from service.operations.initialising import (
    Answers,
    Question,
    TargetAnswers,
    ask_for,
    refuse_to_overwrite,
    settings_of,
    write,
)
from workers.targets import kinds


@app.command()
def init(
    environment: Annotated[str | None, typer.Option(help="sandbox or production.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Kenjo's API key.")] = None,
    kind: Annotated[str | None, typer.Option(help="The target's kind; scim if nobody says.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of the target, as docs/settings.md has them; may be given several times.",
        ),
    ] = None,
    target_url: Annotated[str | None, typer.Option(help="The same as --set base_url=...")] = None,
    token: Annotated[str | None, typer.Option(help="The same as --set token=...")] = None,
    scope: Annotated[str | None, typer.Option(help="Who belongs there, a CEL expression.")] = None,
    base_url: Annotated[str, typer.Option(help="Kenjo's address, instead of the environment's.")] = "",
    target: Annotated[str, typer.Option(help="The target's name.")] = "directory",
    config: Annotated[Path, typer.Option("--config", "-c", help="The file to write.")] = Path("bridge.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    check: Annotated[bool, typer.Option(help="Try what was written, as `check` does.")] = True,
) -> int:
    """Write a first bridge.yaml from these options or from answers to questions, and try it."""
    refuse_to_overwrite(config, force=force)
    given = settings_of(settings or ())
    for name, value in (("base_url", target_url), ("token", token), ("scope", scope)):
        given |= {name: value} if value is not None else {}
    if environment is None:
        environment = "sandbox" if base_url else _ask("Which Kenjo, sandbox or production", "sandbox")
    if api_key is None:
        api_key = _ask("Kenjo API key (not shown; empty: from the environment)", hidden=True)
    answers = Answers(environment, base_url, api_key, _target(target, kind, given))
    write(answers, config, force=force)
    _say(f"{config} is written, for your eyes only.")
    left: list[Place] = [] if api_key else [("kenjo", "api_key")]
    left += [("targets", target, *place) for place in answers.target.left]
    return _tried(config, [name for name in map(variable, left) if not os.environ.get(name)], check=check)


def _target(name: str, kind: str | None, given: dict[str, Any]) -> TargetAnswers:
    """What is asked about the target. An option that is empty says that there is no answer."""
    if kind is None:
        asked = "base_url" not in given and len(kinds()) > 1
        kind = _ask(f"Which kind of target: {', '.join(kinds())}", "scim") if asked else "scim"
    known = {setting: value for setting, value in given.items() if value != ""}
    empty = [(setting,) for setting in given if setting not in known]
    found = ask_for(name, {"kind": kind, **known}, _answer, empty)
    if "scope" not in given:
        scope = _ask("Whom to begin with, a CEL expression (empty: everyone)")
        return TargetAnswers(name, {**found.settings, "scope": scope}, found.left)
    return found


def _tried(config: Path, left: list[str], *, check: bool) -> int:
    """Say what is left to be set, or try it all. Returns the exit code."""
    if left:
        _say(f"Still to be set, there or as variables: {', '.join(left)}")
    if left or not check:
        _say(f"Try it: kenjo-bridge check --config {config}")
        return 0
    from service.cli.operating import check as check_it  # here: the list of commands begins with this one

    return check_it(config)


def _answer(question: Question) -> str:
    """Ask about a setting; one that is needed and no secret is asked again until there is an answer."""
    if sys.stdin.isatty():
        out.print()
        _say(question.meaning)
    if question.secret:
        return _ask(f"{question.setting} (not shown; empty: from the environment)", hidden=True)
    if question.default is None:
        return _ask(question.setting, None)
    return _ask(f"{question.setting} (empty: {question.default})")


def _ask(question: str, default: str | None = "", *, hidden: bool = False) -> str:
    """The answer of whoever sits there; the default, or nothing, where nobody does."""
    if not sys.stdin.isatty():
        return default or ""
    answer: str = typer.prompt(question, default=default, hide_input=hidden, show_default=bool(default))
    return answer


def _say(text: str) -> None:
    out.print(text, soft_wrap=True, markup=False, highlight=False)
