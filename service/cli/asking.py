"""The questions of `init`: answers are tried at once, and kept; nobody is asked where nobody sits."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import Coroutine, Mapping
from typing import Any

import typer

from bridge.config.configuration import variable
from bridge.exchange import Greeting
from service.cli.app import out
from service.operations.first_file import Answers, TargetAnswers
from service.operations.initialising import Question, ask_again, ask_for
from service.operations.trying_answers import try_kenjo, try_target, wrong_scope
from workers.targets import kinds

_KEY = variable(("kenjo", "api_key"))


def nothing(name: str) -> TargetAnswers:
    """A target of which nothing is known yet."""
    return TargetAnswers(name, {})


def kenjo(environment: str | None, base_url: str, key: str | None, *, tries: bool) -> tuple[str, str, str]:
    """Kenjo's environment, its address where that is another one, and its key; "" for one that is left."""
    if environment is None and not base_url:
        environment, base_url = _which("sandbox")
    environment = environment or "sandbox"
    if key is None:
        key = _ask("Kenjo API key (not shown; empty: from the environment)", hidden=True)
    while tries and _sits_there() and (used := key or os.environ.get(_KEY, "")):
        if not _tell(_tried(try_kenjo(environment, base_url, used))):
            break
        match _ask("What to change: kenjo or key (empty: keep it all)"):
            case "kenjo":
                environment, base_url = _which(base_url or environment)
            case "key":
                key = _ask("Kenjo API key (not shown)", hidden=True)
            case "":
                break
    return environment, base_url, key


def target(answers: Answers, kind: str | None, given: Mapping[str, Any], *, tries: bool) -> Answers:
    """All answers, with what is asked about the target. An option that is empty says that there is none."""
    if kind is None:
        asked = "base_url" not in given and len(kinds()) > 1
        kind = _ask(f"Which kind of target: {', '.join(kinds())}", "scim") if asked else "scim"
    known = {setting: value for setting, value in given.items() if value != ""}
    empty = [(setting,) for setting in given if setting not in known]
    found = ask_for(answers.target.name, {"kind": kind, **known}, _answer, empty, say)
    answers = dataclasses.replace(answers, target=found)
    while tries and _sits_there() and _tell(_tried(try_target(answers, os.environ))):
        setting = _ask("Which setting to change (empty: keep it all)")
        if not setting:
            break
        answers = dataclasses.replace(answers, target=ask_again(answers.target, setting, _answer, say))
    return answers if "scope" in given else _scoped(answers)


def _scoped(answers: Answers) -> Answers:
    """With whom to begin."""
    while scope := _ask("Whom to begin with, a CEL expression (empty: everyone)"):
        if not (wrong := wrong_scope(answers, scope, os.environ)):
            break
        say(wrong)
    settings = {**answers.target.settings, "scope": scope}
    return dataclasses.replace(answers, target=dataclasses.replace(answers.target, settings=settings))


def _which(usual: str) -> tuple[str, str]:
    """The environment, and an address where one was answered."""
    answer = _ask("Which Kenjo: sandbox, production, or the address of another one", usual).strip()
    return ("sandbox", answer) if "://" in answer else (answer, "")


def _tried(work: Coroutine[Any, Any, Greeting]) -> Greeting:
    return asyncio.run(work)


def _tell(found: Greeting) -> bool:
    """Say what came of a try. Returns whether something is wrong."""
    for sentence in (*found.facts, *found.problems):
        say(sentence)
    return bool(found.problems)


def _answer(question: Question) -> str:
    """Ask about a setting; one that is needed and no secret is asked again until there is an answer."""
    if _sits_there():
        out.print()
        say(question.meaning)
    if question.secret:
        return _ask(f"{question.setting} (not shown; empty: from the environment)", hidden=True)
    if question.default is None:
        return _ask(question.setting, None)
    return _ask(f"{question.setting} (empty: {question.default})")


def _ask(question: str, default: str | None = "", *, hidden: bool = False) -> str:
    """The answer of whoever sits there; the default, or nothing, where nobody does."""
    if not _sits_there():
        return default or ""
    answer: str = typer.prompt(question, default=default, hide_input=hidden, show_default=bool(default))
    return answer


def _sits_there() -> bool:
    return sys.stdin.isatty()


def say(text: str) -> None:
    """A line for whoever sits there."""
    for line in text.splitlines():
        out.print(line, soft_wrap=True, markup=False, highlight=False)
