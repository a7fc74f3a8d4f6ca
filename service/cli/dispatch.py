"""The command line: each command reads its options, calls one function and shows the result."""

from __future__ import annotations

import typer
from redis.exceptions import RedisError

from bridge.errors import BridgeError, SnapshotHeld, unforeseen
from bridge.store.trouble import trouble
from service.cli import commands, deciding, inspecting, operating, stopping
from service.cli.app import app, err
from service.operations.sync import HELD, PROBLEM

__all__ = [
    "commands",
    "deciding",
    "dispatch",
    "inspecting",
    "operating",
]  # importing them is what registers the commands


def dispatch() -> int:
    """Run the command that was asked for. Returns the exit code; what went wrong was said in a sentence."""
    try:
        with stopping.first(stopping.give_up):
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
    except stopping.Ended:
        _say(stopping.sentence(stopping.heard(), "before it was done; the next run goes on from there"))
        code = 128 + stopping.heard()
    except Exception as error:  # noqa: BLE001 - a traceback may have values in it
        _say(str(unforeseen(error)))
        code = PROBLEM
    return code or 0


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
    """Print it; what an error says in several lines is set in, so that none can pass for another message."""
    for number, line in enumerate(message.split("\n")):
        err.print(f"  {line}" if number else f"kenjo-bridge: {line}", style="red", soft_wrap=True)
