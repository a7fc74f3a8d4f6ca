"""`init`: writes a first bridge.yaml, with a comment at each line that somebody may want to change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bridge.config.configuration import load_settings
from bridge.config.private_files import write_private
from bridge.errors import ConfigurationError
from workers.connect import routes


@dataclass(frozen=True, slots=True)
class Answers:
    """What goes into the file. An empty secret is left to the environment or a secret file."""

    environment: str
    base_url: str
    api_key: str
    target: str
    kind: str
    target_url: str
    token: str
    scope: str


def text_of(answers: Answers) -> str:
    """The file. Every value is quoted as YAML wants it."""
    upper = answers.target.upper().replace("-", "_")
    scope = _line("scope", answers.scope) or '# scope: person.work.department == "Sales"\n'
    address = _line("base_url", answers.base_url) or "# base_url: an address to use instead\n"
    return (
        "# Kenjo Bridge. Every setting is explained in docs/settings.md; try it with: kenjo-bridge check\n"
        "kenjo:\n"
        "  # Which Kenjo to watch: sandbox or production; each has keys of its own.\n"
        f"  {_line('environment', answers.environment)}"
        f"  {address}"
        "  # Made in Kenjo under Settings > Integrations > API keys; reading is enough.\n"
        f"  {_secret('api_key', answers.api_key, 'KENJO_BRIDGE_KENJO__API_KEY')}"
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
        f"  {answers.target}:\n"
        f"    {_line('kind', answers.kind)}"
        f"    {_line('base_url', answers.target_url)}"
        f"    {_secret('token', answers.token, f'KENJO_BRIDGE_TARGETS__{upper}__TOKEN')}"
        "    # create_only changes nothing that is there, upsert does, sync removes leavers too.\n"
        "    mode: sync\n"
        "    # Who belongs there: begin with a few people, and without this line it is everyone.\n"
        f"    {scope}"
        "    # More removals at once than both of these wait for somebody's approval.\n"
        "    limits: {remove: {count: 5, percent: 10}}\n"
    )


def write(answers: Answers, file: Path, *, force: bool, environ: Mapping[str, str] = os.environ) -> None:
    """Write the file so that only its owner can read it, or nothing. Raises ConfigurationError."""
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already; --force writes it anew")
    text = text_of(answers).encode()
    write_private(file, text, lambda draft: _check(draft, answers, environ))


def _check(draft: Path, answers: Answers, environ: Mapping[str, str]) -> None:
    """Read it as every command will: what is wrong is said before the file is there."""
    upper = answers.target.upper().replace("-", "_")
    left_out = {f"KENJO_BRIDGE_TARGETS__{upper}__TOKEN": "x"} if not answers.token else {}
    routes(load_settings(draft, {**left_out, **environ}))


def _line(name: str, value: str) -> str:
    return f"{name}: {_quoted(value)}\n" if value else ""


def _secret(name: str, value: str, variable: str) -> str:
    return _line(name, value) or f"# {name}: set {variable}, or a secret file\n"


def _quoted(value: str) -> str:
    """A text that YAML reads as this text, on one line."""
    return yaml.safe_dump(value, width=10**6, allow_unicode=True).removesuffix("...\n").strip()
