"""The command line: each command reads its options, calls one function and shows the result."""

from __future__ import annotations

import sys

import typer
from redis.exceptions import RedisError

from bridge.backend import trouble
from bridge.errors import BridgeError, SnapshotHeld
from service.cli import commands, deciding, inspecting, operating
from service.cli.app import app, err
from service.cli.sync import HELD, PROBLEM

__all__ = [
    "commands",
    "deciding",
    "inspecting",
    "main",
    "operating",
]  # importing them is what registers the commands


def main() -> None:
    """Run a command; what went wrong is one sentence on standard error and an exit code."""
    try:
        code = _run()
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        if message := error.format_message():  # none when the help was what was asked for
            _say(f"{message} (kenjo-bridge --help tells more)")
        code = PROBLEM
    except SnapshotHeld as error:
        _say(f"held: {error}; nothing was changed anywhere")
        code = HELD
    except BridgeError as error:
        _say(str(error))
        code = PROBLEM
    except RedisError as error:
        _say(trouble(error))
        code = PROBLEM
    sys.exit(code or 0)


def _run() -> int | None:
    """Run the command; of what several tasks raised, the first is what went wrong."""
    try:
        result: int | None = app(standalone_mode=False)
    except BaseExceptionGroup as group:
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
    return result


def _say(message: str) -> None:
    err.print(f"kenjo-bridge: {message}", style="red", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
