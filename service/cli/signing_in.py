"""The commands that make what people and programs sign in with; the settings get hashes of it."""

from __future__ import annotations

import sys
from typing import BinaryIO

import typer

from bridge.config.passwords import hashed
from bridge.config.tokens import new_token, token_hash
from bridge.errors import ConfigurationError
from service.cli.app import JsonOption, app, err, print_json, print_lines

web_app = typer.Typer(
    help="What people and programs sign in with at the pages and the API: password, token.",
    no_args_is_help=True,
)
app.add_typer(web_app, name="web")

_SHORTEST, _LONGEST = 12, 1000


@web_app.command("password")
def web_password() -> int:
    """Print the hash of a password, for `web.users`.

    It is asked for twice, or read from standard input: kenjo-bridge web password < FILE
    """
    print_lines(f"{hashed(_password())}\n")
    if sys.stdout.isatty():
        err.print(
            "Put it into bridge.yaml: web: {users: {NAME: {password: ..., role: operator}}}", soft_wrap=True
        )
    return 0


@web_app.command("token")
def web_token(json: JsonOption = False) -> int:
    """Make a token for a program, and its hash for `web.tokens`.

    The token is shown this once and kept nowhere: the program sends it as `Authorization: Bearer TOKEN`.
    """
    token = new_token()
    if json:
        print_json({"token": token, "hash": token_hash(token)})
        return 0
    print_lines(f"token: {token}\nhash: {token_hash(token)}\n")
    if sys.stdout.isatty():
        err.print(
            "The token is for the program, and is not shown again; the hash is for bridge.yaml:"
            " web: {tokens: {NAME: {token: HASH, role: operator}}}",
            soft_wrap=True,
        )
    return 0


def _password() -> str:
    """What somebody types, or what comes in a pipe. Raises ConfigurationError for what is no good one."""
    if sys.stdin.isatty():
        text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        text = _piped(sys.stdin.buffer)
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise ConfigurationError(
            f"the password has {len(text)} characters: take one of {_SHORTEST} to {_LONGEST}"
        )
    return text


def _piped(stream: BinaryIO) -> str:
    """One line. A line break at its end is no part of the password."""
    lines = stream.read(10 * _LONGEST).splitlines()
    if len(lines) != 1:
        raise ConfigurationError(
            "standard input has to be the password, one line and nothing else; on a terminal it is asked for"
        )
    try:
        return lines[0].decode()
    except UnicodeDecodeError:
        raise ConfigurationError("the password on standard input is not text in UTF-8") from None
