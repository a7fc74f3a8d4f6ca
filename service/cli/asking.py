"""The questions of `init`: answers are tried at once, and kept; nobody is asked where nobody sits."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import typer

from bridge.config.settings import KenjoSettings
from bridge.config.words import variable, wrong_with
from bridge.exchange import Greeting
from service.cli.app import out
from service.operations.first_file import Answers, TargetAnswers
from service.operations.initialising import Patience, Question, ask_again, ask_for, missing
from service.operations.trying_answers import try_kenjo, try_target, wrong_scope
from workers.targets import kinds, load

_KEY = variable(("kenjo", "api_key"))
_USUAL = "scim"


@dataclass
class Draft:
    """What was answered so far, for the target `name`; a secret that is "" is left to be set elsewhere."""

    name: str
    environment: str = "sandbox"
    base_url: str = ""
    key: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    is_begun: bool = False

    @property
    def answers(self) -> Answers:
        """All of it, as it goes into the file."""
        settings = {"kind": _USUAL, **self.settings}
        left = missing(load(settings["kind"]).settings, settings)
        return Answers(self.environment, self.base_url, self.key, TargetAnswers(self.name, settings, left))


def kenjo(draft: Draft, environment: str | None, base_url: str, key: str | None, *, tries: bool) -> None:
    """Ask for Kenjo's environment, its address where that is another one, and its key."""
    draft.environment, draft.base_url, draft.key = environment or "sandbox", base_url, key or ""
    if environment is None and not base_url:
        _which(draft, "sandbox")
    if key is None:
        draft.key = _ask("Kenjo API key (not shown; empty: from the environment)", hidden=True)
    draft.is_begun, patience = _sits_there(), Patience()
    while tries and _sits_there() and (used := draft.key or os.environ.get(_KEY, "")):
        if not _tell(asyncio.run(try_kenjo(draft.environment, draft.base_url, used))):
            break
        patience.wrong("Kenjo", " ".join((draft.environment, draft.base_url, used)))
        match _ask("What to change: kenjo or key (empty: keep it all)"):
            case "kenjo":
                _which(draft, draft.base_url or draft.environment)
            case "key":
                draft.key = _ask("Kenjo API key (not shown)", hidden=True)
            case "":
                break


def target(draft: Draft, kind: str | None, given: Mapping[str, Any], *, tries: bool) -> Answers:
    """All answers, with what is asked about the target. An option that is empty says that there is none."""
    if kind is None:
        asked = "base_url" not in given and len(kinds()) > 1
        kind = _kind() if asked else _USUAL
    known = {setting: value for setting, value in given.items() if value != ""}
    empty = [(setting,) for setting in given if setting not in known]
    found = ask_for(draft.name, {"kind": kind, **known}, _answer, empty, say, draft.settings)
    answers = dataclasses.replace(draft.answers, target=found)
    patience = Patience()
    while tries and _sits_there() and _tell(asyncio.run(try_target(answers, os.environ))):
        setting = _ask("Which setting to change (empty: keep it all)")
        if not setting:
            break
        patience.wrong("the target", f"{answers} {setting}")
        answers = dataclasses.replace(answers, target=ask_again(answers.target, setting, _answer, say))
        draft.settings = dict(answers.target.settings)
    return answers if "scope" in given else _scoped(answers)


def _kind() -> str:
    """The target's kind, one that there is."""
    question, patience = f"Which kind of target: {', '.join(kinds())}", Patience()
    while (kind := _ask(question, _USUAL)) not in kinds() and _sits_there():
        say(f"There is no kind '{kind}'.")
        patience.wrong("the kind of target", kind)
    return kind


def _scoped(answers: Answers) -> Answers:
    """With whom to begin."""
    patience = Patience()
    while scope := _ask("Whom to begin with, a CEL expression (empty: everyone)"):
        if not (wrong := wrong_scope(answers, scope, os.environ)):
            break
        say(wrong)
        patience.wrong("scope", scope)
    settings = {**answers.target.settings, "scope": scope}
    return dataclasses.replace(answers, target=dataclasses.replace(answers.target, settings=settings))


def _which(draft: Draft, usual: str) -> None:
    """Ask for the environment, or the address of another Kenjo, until it can be."""
    question, patience = "Which Kenjo: sandbox, production, or the address of another one", Patience()
    while True:
        answer = _ask(question, usual).strip()
        given = {"base_url": answer} if "://" in answer else {"environment": answer}
        wrong = wrong_with(KenjoSettings, given, ("kenjo",))
        if not (lines := [one.line for one in wrong if not one.is_missing]):
            break
        for line in lines:
            say(line)
        patience.wrong("kenjo", answer)
    draft.environment, draft.base_url = given.get("environment", "sandbox"), given.get("base_url", "")
    draft.is_begun = _sits_there()


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
