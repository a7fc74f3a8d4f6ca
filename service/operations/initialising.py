"""`init`: what is asked for a first bridge.yaml, and which answers can be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.config.settings import TargetSettings
from bridge.config.sources import Place
from bridge.config.words import defines, definition, every_setting, is_secret, variable, wrong_with
from bridge.errors import ConfigurationError
from bridge.printable import did_you_mean
from service.operations.first_file import TargetAnswers
from workers.targets import load

_ENOUGH = 3
"""Times that the same wrong answer is taken for a person's."""


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
    settings: dict[str, Any] | None = None,
) -> TargetAnswers:
    """Ask for what a target's kind marks as worth asking, then for what is missing.

    `given` has the kind, and what needs no question. An answer that cannot be is told to `say`, and asked for
    again. What stays without an answer is left, as `left` is. `settings` is filled with all of it while it
    comes. Raises ConfigurationError where there is no such kind, and as `Patience` does.
    """
    settings = {} if settings is None else settings
    settings.update(copy.deepcopy(dict(given)))
    asking = _Asking(name, settings, ask, say)
    model, unanswered = asking.model, list(left)
    fields = dict(every_setting(model))
    for setting in model.asked:
        if setting not in settings:
            asking.answered((setting,))
    while wanting := [p for p in missing(model, settings) if defines(fields, p) and p not in unanswered]:
        place = wanting[0]
        if place in fields and _is_group(fields[place]):
            _put(settings, place, {})  # what is missing in it is seen next
        elif not asking.answered(place):
            unanswered.append(place)
    lacking = missing(model, settings)
    return TargetAnswers(name, settings, [place for place in unanswered if place in lacking])


def ask_again(
    target: TargetAnswers, setting: str, ask: Callable[[Question], str], say: Callable[[str], None]
) -> TargetAnswers:
    """The same with another answer for one setting; everything else is kept. Says so where there is none."""
    model, place = load(target.settings["kind"]).settings, tuple(setting.split("."))
    fields = dict(every_setting(model))
    if not defines(fields, place) or (place in fields and _is_group(fields[place])):
        say(f"'{setting}' is not a setting of this kind{did_you_mean(setting, map('.'.join, fields))}")
        return target
    settings = copy.deepcopy(dict(target.settings))
    _Asking(target.name, settings, ask, say).answered(place)
    lacking = missing(model, settings)
    return TargetAnswers(target.name, settings, [one for one in target.left if one in lacking])


class Patience:
    """Ends a question to which the same wrong answer comes again and again: who repeats it is no person."""

    def __init__(self) -> None:
        self._given: list[str] = []

    def wrong(self, question: str, answer: str) -> None:
        """An answer was told to be wrong. Raises ConfigurationError when it is the same once too often."""
        self._given = [*self._given, answer] if answer in self._given[-1:] else [answer]
        if len(self._given) == _ENOUGH:
            raise ConfigurationError(f"{question}: the same wrong answer came {_ENOUGH} times")


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks for settings of the target `name`, and puts answers that can be into them."""

    name: str
    settings: dict[str, Any]
    ask: Callable[[Question], str]
    say: Callable[[str], None]

    @property
    def model(self) -> type[TargetSettings]:
        return load(self.settings["kind"]).settings

    def answered(self, place: Place) -> bool:
        """Put an answer into the settings. False when there is none."""
        meanings = dict(self.model.needed(self.settings))
        question = _question(place, dict(every_setting(self.model)), meanings.get(place, ""))
        patience = Patience()
        while answer := self.ask(question):
            tried = copy.deepcopy(self.settings)
            _put(tried, place, _value(answer))
            if not (wrong := self._wrong(tried, place)):
                self.settings.update(tried)
                return True
            self.say(wrong)
            patience.wrong(question.setting, answer)
        return False

    def _wrong(self, settings: Mapping[str, Any], place: Place) -> str:
        """What is wrong with a setting, or with all of them together; what is missing is asked for next."""
        judged = (place,) if self.model.needed(settings) else (place, ())  # the whole when all of it is there
        for one in wrong_with(self.model, settings, ("targets", self.name)):
            if one.place[: len(place)] in judged and not one.is_missing:
                return one.line
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


def secrets_of(options: Sequence[str]) -> dict[str, Any]:
    """The secrets of `NAME=FILE`. Raises ConfigurationError for a file that cannot be read."""
    found: dict[str, Any] = {}
    for option in options:
        name, equals, file = option.partition("=")
        if not (name and equals and file):
            raise ConfigurationError("--secret takes NAME=FILE, for example --secret token=token.txt")
        _put(found, tuple(name.split(".")), secret_in(Path(file)))
    return found


def secret_in(file: Path) -> str:
    """What a file holds, without the line end. Raises ConfigurationError."""
    try:
        return file.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"{file} cannot be read: {reason}") from None


def missing(model: type[TargetSettings], settings: Mapping[str, Any]) -> list[Place]:
    """Which settings have to be set still."""
    lacking = [one.place for one in wrong_with(model, settings) if one.is_missing]
    return lacking + [one.place for one in model.needed(settings) if one.place not in lacking]


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _question(place: Place, fields: Mapping[Place, FieldInfo], meaning: str = "") -> Question:
    """`meaning`: what is known of it besides its definition."""
    field = definition(fields, place)
    meaning = meaning or " ".join((field.description or "").split())
    is_needed = field.is_required() or place not in fields
    default = None if is_needed else str(field.get_default(call_default_factory=True)).lower()
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
