"""`init`: what is asked for a first bridge.yaml, and which answers can be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from bridge.config.configuration import every_setting, is_secret, variable
from bridge.config.settings import TargetSettings
from bridge.config.sources import Place
from bridge.errors import ConfigurationError
from bridge.printable import did_you_mean
from service.operations.first_file import TargetAnswers
from workers.targets import load


@dataclass(frozen=True, slots=True)
class Question:
    """What a target's setting is to be. `default`: what holds without an answer; None where one is needed."""

    setting: str
    meaning: str
    secret: bool
    default: str | None


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
    name: str,
    given: Mapping[str, Any],
    ask: Callable[[Question], str],
    left: Sequence[Place] = (),
    say: Callable[[str], None] = lambda _: None,
) -> TargetAnswers:
    """Ask for what a target's kind marks as worth asking, then for what is missing.

    `given` has the kind, and what needs no question. An answer that cannot be is told to `say`, and asked for
    again. What stays without an answer is left, as `left` is. Raises ConfigurationError where there is no
    such kind.
    """
    model = load(given["kind"]).settings
    fields = dict(every_setting(model))
    settings, unanswered = copy.deepcopy(dict(given)), list(left)
    for setting in model.asked:
        if setting not in settings:
            _answered(settings, (setting,), model, ask, say)
    while wanting := [p for p in _missing(model, settings) if p in fields and p not in unanswered]:
        place = wanting[0]
        if _is_group(fields[place]):
            _put(settings, place, {})  # what is missing in it is seen next
        elif not _answered(settings, place, model, ask, say):
            unanswered.append(place)
    missing = _missing(model, settings)
    return TargetAnswers(name, settings, [place for place in unanswered if place in missing])


def ask_again(
    target: TargetAnswers, setting: str, ask: Callable[[Question], str], say: Callable[[str], None]
) -> TargetAnswers:
    """The same with another answer for one setting; everything else is kept. Says so where there is none."""
    model, place = load(target.settings["kind"]).settings, tuple(setting.split("."))
    if place not in (fields := dict(every_setting(model))) or _is_group(fields[place]):
        say(f"'{setting}' is not a setting of this kind{did_you_mean(setting, map('.'.join, fields))}")
        return target
    settings = copy.deepcopy(dict(target.settings))
    _answered(settings, place, model, ask, say)
    missing = _missing(model, settings)
    return TargetAnswers(target.name, settings, [one for one in target.left if one in missing])


def _answered(
    settings: dict[str, Any],
    place: Place,
    model: type[TargetSettings],
    ask: Callable[[Question], str],
    say: Callable[[str], None],
) -> bool:
    """Put an answer that can be into the settings. False when there is none."""
    question = _question(place, dict(every_setting(model)))
    while answer := ask(question):
        tried = copy.deepcopy(settings)
        _put(tried, place, _value(answer))
        if not (wrong := _wrong(model, tried, place)):
            settings.clear()
            settings.update(tried)
            return True
        say(wrong)
    return False


def _wrong(model: type[TargetSettings], settings: Mapping[str, Any], place: Place) -> str:
    """What is wrong with one setting; what is missing beside it is asked for next."""
    try:
        model.model_validate(settings)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False, include_context=False):
            if tuple(map(str, one["loc"]))[: len(place)] == place and one["type"] != "missing":
                return f"{'.'.join(place)} {one['msg'].replace('Value error, ', '')}"
    return ""


def refuse_secrets(kind: str, name: str, settings: Mapping[str, Any]) -> None:
    """No secret on a command line, where others see it. Raises ConfigurationError."""
    for place, field in every_setting(load(kind).settings):
        if is_secret(field) and place[0] in settings and len(place) == 1 and settings[place[0]] != "":
            raise ConfigurationError(
                f"--set {place[0]}: a secret does not belong on a command line, where others see it. Leave it"
                f" out to be asked, or write --secret {place[0]}=FILE, or set"
                f" {variable(('targets', name, *place))}"
            )


def secrets_of(options: Sequence[str]) -> dict[str, str]:
    """The secrets of `NAME=FILE`. Raises ConfigurationError for a file that cannot be read."""
    found = {}
    for option in options:
        name, equals, file = option.partition("=")
        if not (name and equals and file):
            raise ConfigurationError("--secret takes NAME=FILE, for example --secret token=token.txt")
        found[name] = secret_in(Path(file))
    return found


def secret_in(file: Path) -> str:
    """What a file holds, without the line end. Raises ConfigurationError."""
    try:
        return file.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"{file} cannot be read: {reason}") from None


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
