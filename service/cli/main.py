"""The command line: each command reads its options, calls one function and shows the result."""

from __future__ import annotations

import sys

import typer
from redis.exceptions import RedisError

from bridge.errors import BridgeError, SnapshotHeld
from service.cli import commands, operating
from service.cli.app import app, err
from service.cli.sync import HELD, PROBLEM

__all__ = ["commands", "main", "operating"]  # importing them is what registers the commands


def main() -> None:
    """Run a command; what went wrong is one sentence on standard error and an exit code."""
    try:
        code = app(standalone_mode=False)
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
        trouble = "is full" if "OOM" in str(error) else f"stopped answering ({type(error).__name__})"
        _say(f"Redis {trouble}; nothing is lost, run it again when that is put right")
        code = PROBLEM
    sys.exit(code or 0)


def _say(message: str) -> None:
    err.print(f"kenjo-bridge: {message}", style="red", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
