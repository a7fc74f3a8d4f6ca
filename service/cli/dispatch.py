"""The command line: each command reads its options, calls one function and shows the result."""

from __future__ import annotations

import os
import sys

import typer

from bridge.errors import BridgeError, SnapshotHeld, WhoIsMeant, unforeseen
from service.cli import listing, stopping
from service.cli.app import app, err

_HELD, _PROBLEM = 2, 3


def dispatch() -> int:
    """Run the command that was asked for. Returns the exit code; what went wrong was said in a sentence."""
    if listing.is_enough(sys.argv[1:], os.environ):
        listing.register()
    else:
        from service.cli import registered  # noqa: F401 - importing the commands registers them
    try:
        with stopping.first(stopping.give_up):
            code = _run()
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        message = error.format_message()
        if message:  # none when nothing was asked for, and the help was shown
            _say(f"{message} (kenjo-bridge --help tells more)")
        code = _PROBLEM if message else 0
    except SnapshotHeld as error:
        _say(f"held: {error}; nothing was changed anywhere")
        code = _HELD
    except WhoIsMeant as error:
        _say(error.named if err.is_terminal else str(error))
        code = _PROBLEM
    except BridgeError as error:
        _say(str(error))
        code = _PROBLEM
    except stopping.Ended:
        _say(stopping.sentence(stopping.heard(), "before it was done; the next run goes on from there"))
        code = 128 + stopping.heard()
    except Exception as error:  # noqa: BLE001 - a traceback may have values in it
        _say(_sentence(error))
        code = _PROBLEM
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


def _sentence(error: Exception) -> str:
    """What an error is that no command has turned into a sentence of its own: Redis's, or one of a bug."""
    from redis.exceptions import RedisError

    from bridge.store.trouble import trouble

    return trouble(error) if isinstance(error, RedisError) else str(unforeseen(error))


def _say(message: str) -> None:
    """Print it; what an error says in several lines is set in, so that none can pass for another message."""
    for number, line in enumerate(message.split("\n")):
        err.print(f"  {line}" if number else f"kenjo-bridge: {line}", style="red", soft_wrap=True)
