"""`init` tries what was answered at once, with the real thing; nothing is written there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from bridge.config.configuration import load_settings, target_settings
from bridge.config.settings import BridgeSettings
from bridge.config.words import variable, wrong_with
from bridge.errors import BridgeError, ConfigurationError, unforeseen
from bridge.exchange import Greeting
from bridge.printable import counted
from bridge.wire.http import open_session
from service.kenjo.fields import ACCOUNTS
from service.operations.assembly import kenjo
from service.operations.first_file import Answers, TargetAnswers, read_draft, text_of
from workers.targets import load
from workers.targets.base import Target, Tools

Environ = Mapping[str, str]


async def try_kenjo(environment: str, base_url: str, api_key: str) -> Greeting:
    """Sign in and read who is there: what a first request says, and a sentence for what is wrong."""
    given = {"environment": environment, "api_key": api_key, **({"base_url": base_url} if base_url else {})}
    if wrong := wrong_with(BridgeSettings, {"kenjo": given}):
        return Greeting(problems=tuple(one.line for one in wrong))
    values = BridgeSettings.model_validate({"kenjo": given})
    try:
        async with kenjo(values) as client:
            people = (await client.fetch([ACCOUNTS]))[ACCOUNTS]
    except BridgeError as error:
        return Greeting(problems=(str(error),))
    return Greeting((f"Kenjo answers: {counted(len(people), 'person', 'people')}.",))


async def try_target(answers: Answers, environ: Environ) -> Greeting:
    """What the target says of itself. Nothing is asked where a setting is left to be set elsewhere."""
    target = answers.target
    if any(not environ.get(variable(("targets", target.name, *place))) for place in target.left):
        return Greeting()
    try:
        values = _values(answers, environ)
        given = values.targets[target.name]
        adapter = load(given.kind)
        settings = target_settings(target.name, given, adapter.settings, Path.cwd())
        async with open_session() as session:
            there = adapter.fitted(settings).connect(settings, Tools(session, zone=values.zone))
            return await _greeting(there)
    except ConfigurationError as error:
        return Greeting(problems=tuple(str(error).splitlines()))
    except Exception as error:  # noqa: BLE001 - what a target raises is its problem, as in `check`
        return Greeting(problems=(str(unforeseen(error)),))


async def _greeting(target: Target) -> Greeting:
    async with target:
        return await target.check()


def wrong_scope(answers: Answers, scope: str, environ: Environ) -> str:
    """What is wrong with a scope, "" for nothing."""
    target = answers.target
    asked = TargetAnswers(target.name, {**target.settings, "scope": scope}, target.left)
    try:
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "bridge.yaml"
            draft.write_text(text_of(Answers(answers.environment, answers.base_url, answers.api_key, asked)))
            read_draft(draft, asked, environ)
    except ConfigurationError as error:
        where = f"targets.{target.name}.scope"
        return "\n".join(line for line in str(error).splitlines() if line.startswith(where))
    return ""


def _values(answers: Answers, environ: Environ) -> BridgeSettings:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "bridge.yaml"
        draft.touch(0o600)
        draft.write_text(text_of(answers))
        return load_settings(draft, environ)
