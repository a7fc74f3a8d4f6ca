"""`init`: writes a first bridge.yaml, with a comment at each line that somebody may want to change."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from bridge.config.configuration import every_setting, is_secret, load_settings, variable
from bridge.config.private_files import write_private
from bridge.config.settings import TargetSettings
from bridge.config.sources import Place
from bridge.errors import ConfigurationError
from workers.connect import routes
from workers.targets import load


@dataclass(frozen=True, slots=True)
class Question:
    """What a target's setting is to be. `default`: what holds without an answer; None where one is needed."""

    setting: str
    meaning: str
    secret: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class TargetAnswers:
    """A target: its settings, as they stand in the file, and what is needed and left to be set elsewhere."""

    name: str
    settings: Mapping[str, Any]
    left: Sequence[Place] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What goes into the file. An empty secret is left to the environment or a secret file."""

    environment: str
    base_url: str
    api_key: str
    target: TargetAnswers


def settings_of(options: Sequence[str]) -> dict[str, Any]:
    """The settings of `NAME=VALUE`; a name in a group is `group.name`, a group or list as a whole is JSON.

    Raises ConfigurationError.
    """
    settings: dict[str, Any] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not (name and equals):
            raise ConfigurationError("--set takes NAME=VALUE, for example --set mode=upsert")
        _put(settings, tuple(name.split(".")), _value(text))
    return settings


def ask_for(
    name: str, given: Mapping[str, Any], ask: Callable[[Question], str], left: Sequence[Place] = ()
) -> TargetAnswers:
    """Ask for what a target's kind marks as worth asking, then for what is missing.

    `given` has the kind, and what needs no question. What stays without an answer is left, as `left` is.
    Raises ConfigurationError where there is no such kind.
    """
    model = load(given["kind"]).settings
    fields = dict(every_setting(model))
    settings, unanswered = copy.deepcopy(dict(given)), list(left)
    for setting in model.asked:
        if setting not in settings and (answer := ask(_question((setting,), fields))):
            settings[setting] = _value(answer)
    while wanting := [p for p in _missing(model, settings) if p in fields and p not in unanswered]:
        place = wanting[0]
        if _is_group(fields[place]):
            _put(settings, place, {})  # what is missing in it is seen next
        elif answer := ask(_question(place, fields)):
            _put(settings, place, _value(answer))
        else:
            unanswered.append(place)
    missing = _missing(model, settings)
    return TargetAnswers(name, settings, [place for place in unanswered if place in missing])


def text_of(answers: Answers) -> str:
    """The file. Every value is quoted as YAML wants it."""
    address = _line("base_url", answers.base_url) or "# base_url: an address to use instead\n"
    key = _line("api_key", answers.api_key) or _left(("kenjo", "api_key"), "api_key", secret=True)
    return (
        "# Kenjo Bridge. Every setting is explained in docs/settings.md; try it with: kenjo-bridge check\n"
        "kenjo:\n"
        "  # Which Kenjo to watch: sandbox or production; each has keys of its own.\n"
        f"  {_line('environment', answers.environment)}"
        f"  {address}"
        "  # Made in Kenjo under Settings > Integrations > API keys; reading is enough.\n"
        f"  {key}"
        "  # Seconds from one look at Kenjo to the next.\n"
        "  poll_interval: 60\n"
        "\n"
        "# Without redis.url the bridge starts a Redis of its own beside this file.\n"
        "# redis: {url: redis://localhost:6379/0}\n"
        "\n"
        "# Where people's first and last days begin and end.\n"
        "timezone: Europe/Berlin\n"
        "\n"
        "targets:\n"
        f"  {answers.target.name}:\n"
        f"{''.join(f'    {line}' for line in _target(answers.target))}"
    )


def refuse_to_overwrite(file: Path, *, force: bool) -> None:
    """Raises ConfigurationError where a file is there that is to be kept."""
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already; --force writes it anew")


def write(answers: Answers, file: Path, *, force: bool, environ: Mapping[str, str] = os.environ) -> None:
    """Write the file so that only its owner can read it, or nothing. Raises ConfigurationError."""
    refuse_to_overwrite(file, force=force)
    write_private(file, text_of(answers).encode(), lambda draft: _check(draft, answers, environ))


def _check(draft: Path, answers: Answers, environ: Mapping[str, str]) -> None:
    """Read it as every command will: what is wrong is said before the file is there.

    For what is left anything stands, so that the rest is looked at; what is said of that is nothing that was
    answered.
    """
    target = answers.target
    places = [("targets", target.name, *place) for place in target.left]
    try:
        routes(load_settings(draft, {**{variable(place): "x" for place in places}, **environ}))
    except ConfigurationError as error:
        about = tuple(f"{'.'.join(place)} " for place in places)
        if wrong := [line for line in str(error).splitlines() if not line.startswith(about)]:
            raise ConfigurationError("\n".join(wrong)) from None


def _missing(model: type[TargetSettings], settings: Mapping[str, Any]) -> list[Place]:
    """Which settings have to be set still."""
    try:
        model.model_validate(settings)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return [tuple(map(str, one["loc"])) for one in found if one["type"] == "missing"]
    return []


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _question(place: Place, fields: Mapping[Place, FieldInfo]) -> Question:
    field = fields[place]
    meaning = " ".join((field.description or "").split())
    default = None if field.is_required() else str(field.get_default(call_default_factory=True)).lower()
    return Question(".".join(place), meaning, is_secret(field), default)


def _put(settings: dict[str, Any], place: Place, value: Any) -> None:
    for part in place[:-1]:
        settings = settings.setdefault(part, {})
        if not isinstance(settings, dict):
            raise ConfigurationError(f"--set {'.'.join(place)}: {part} is set as a whole already")
    settings[place[-1]] = value


def _value(text: str) -> Any:
    """A group or list that was written as JSON; anything else is text until its setting reads it."""
    if text.lstrip().startswith(("{", "[")):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            pass  # its setting says what is wrong with it
    return text


def _target(target: TargetAnswers) -> Iterator[str]:
    """The lines of a target: what was answered, what is left, and what is worth a thought."""
    settings = dict(target.settings)
    own = {name: settings.pop(name, None) for name in ("mode", "scope", "limits")}
    for name, value in settings.items():
        yield _line(name, value)
    model = load(settings["kind"]).settings
    fields = dict(every_setting(model))
    for place in target.left:
        whole = ("targets", target.name, *place)
        yield _left(whole, ".".join(place), secret=place in fields and is_secret(fields[place]))
    yield "# create_only changes nothing that is there, upsert does, sync removes leavers too.\n"
    yield _line("mode", own["mode"] or "sync")
    yield "# Who belongs there: begin with a few people, and without this line it is everyone.\n"
    yield _line("scope", own["scope"]) or '# scope: person.work.department == "Sales"\n'
    yield "# More removals at once than both of these wait for somebody's approval.\n"
    yield _line("limits", own["limits"] or {"remove": {"count": 5, "percent": 10}})


def _line(name: str, value: Any) -> str:
    return f"{name}: {_quoted(value)}\n" if value not in (None, "") else ""


def _left(place: Place, name: str, *, secret: bool) -> str:
    where = "or a secret file" if secret else "or write it here"
    return f"# {name}: set {variable(place)}, {where}\n"


def _quoted(value: Any) -> str:
    """A value that YAML reads as this value, on one line."""
    text = yaml.safe_dump(value, width=10**6, allow_unicode=True, default_flow_style=True, sort_keys=False)
    return text.removesuffix("...\n").strip()
