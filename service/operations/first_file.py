"""The first bridge.yaml, with a comment at each line that somebody may want to change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from bridge.config.configuration import load_settings
from bridge.config.private_files import write_private
from bridge.config.sources import Place
from bridge.config.words import definition, every_setting, is_secret, variable
from bridge.errors import ConfigurationError
from workers.connect import routes
from workers.targets import load


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
        "# redis: {url: the address of your own}\n"
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
    write_private(file, text_of(answers).encode(), lambda draft: read_draft(draft, answers.target, environ))


def keep(answers: Answers, file: Path) -> None:
    """Write what was answered so far, so that nobody has to type it twice. Raises ConfigurationError."""
    write_private(file, text_of(answers).encode())


def read_draft(draft: Path, target: TargetAnswers, environ: Mapping[str, str]) -> None:
    """Read it as every command will: what is wrong is said before the file is there.

    For what is left anything stands, so that the rest is looked at; what is said of that is nothing that was
    answered. Raises ConfigurationError.
    """
    places = [("targets", target.name, *place) for place in target.left]
    fields = dict(every_setting(load(target.settings["kind"]).settings)) if places else {}
    anything = {
        variable(whole): _example(fields, place) for whole, place in zip(places, target.left, strict=True)
    }
    try:
        routes(load_settings(draft, {**anything, **environ}))
    except ConfigurationError as error:
        about = tuple(f"{'.'.join(place)} " for place in places)
        if wrong := [line for line in str(error).splitlines() if not line.startswith(about)]:
            raise ConfigurationError("\n".join(wrong)) from None


def _example(fields: Mapping[Place, FieldInfo], place: Place) -> str:
    examples = definition(fields, place).examples
    return str(examples[0]) if examples else "x"


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
        yield _left(whole, ".".join(place), secret=is_secret(definition(fields, place)))
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
