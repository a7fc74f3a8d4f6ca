"""The command to begin with: init."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from bridge.config.sources import Place
from bridge.config.words import variable
from bridge.errors import ConfigurationError
from service.cli import asking, stopping
from service.cli.app import app, out
from service.operations.first_file import Answers, keep, refuse_to_overwrite, write
from service.operations.initialising import refuse_secrets, secret_in, secrets_of, settings_of


@app.command()
def init(
    environment: Annotated[str | None, typer.Option(help="sandbox or production.")] = None,
    api_key_file: Annotated[Path | None, typer.Option(help="A file with Kenjo's API key.")] = None,
    kind: Annotated[str | None, typer.Option(help="The target's kind; scim if nobody says.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of the target, as docs/settings.md has them; may be given several times.",
        ),
    ] = None,
    secrets: Annotated[
        list[str] | None,
        typer.Option(
            "--secret",
            metavar="NAME=FILE",
            help="A secret of the target, such as token=token.txt; may be given several times.",
        ),
    ] = None,
    target_url: Annotated[str | None, typer.Option(help="The same as --set base_url=...")] = None,
    scope: Annotated[str | None, typer.Option(help="Who belongs there, a CEL expression.")] = None,
    base_url: Annotated[str, typer.Option(help="Kenjo's address, instead of the environment's.")] = "",
    target: Annotated[str, typer.Option(help="The target's name.")] = "directory",
    config: Annotated[Path, typer.Option("--config", "-c", help="The file to write.")] = Path("bridge.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    check: Annotated[bool, typer.Option(help="Try answers at once, and the file as `check` does.")] = True,
) -> int:
    """Write a first bridge.yaml from these options or from answers to questions, and try it."""
    refuse_to_overwrite(config, force=force)
    given = settings_of(settings or ())
    for name, value in (("base_url", target_url), ("scope", scope)):
        given |= {name: value} if value is not None else {}
    refuse_secrets(kind or "scim", target, given)
    given |= secrets_of(secrets or ())
    key = secret_in(api_key_file) if api_key_file else None
    draft = asking.Draft(target)
    try:
        asking.kenjo(draft, environment, base_url, key, tries=check)
        answers = asking.target(draft, kind, given, tries=check)
        write(answers, config, force=force)
    except (stopping.Ended, typer.Abort):
        out.print()
        _keep(draft, config)
        return 128 + (stopping.heard() or signal.SIGINT)
    except ConfigurationError:
        _keep(draft, config)
        raise
    asking.say(f"{config} is written, for your eyes only.")
    return _tried(config, _left(answers), check=check)


def _keep(draft: asking.Draft, config: Path) -> None:
    """Nothing that somebody has typed is lost, whatever ends the questions."""
    if not draft.is_begun:
        return
    answers = draft.answers
    keep(answers, config)
    left = f" It lacks {', '.join(names)}." if (names := _left(answers)) else ""
    asking.say(
        f"{config} keeps what was answered.{left} Complete it there and try it with kenjo-bridge check"
        f" --config {config}, or begin anew with kenjo-bridge init --force."
    )


def _left(answers: Answers) -> list[str]:
    """The variables of what is needed, and set neither in the file nor as such."""
    left: list[Place] = [] if answers.api_key else [("kenjo", "api_key")]
    left += [("targets", answers.target.name, *place) for place in answers.target.left]
    return [name for name in map(variable, left) if not os.environ.get(name)]


def _tried(config: Path, left: list[str], *, check: bool) -> int:
    """Say what is left to be set, or try it all. Returns the exit code."""
    if left:
        asking.say(f"Still to be set, there or as variables: {', '.join(left)}")
    if left or not check:
        asking.say(f"Try it: kenjo-bridge check --config {config}")
        return 0
    from service.cli.operating import check as check_it  # here: the list of commands begins with this one

    return check_it(config)
