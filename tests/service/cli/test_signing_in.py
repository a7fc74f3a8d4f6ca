"""What `kenjo-bridge web` makes is what the settings take."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.config.configuration import load_settings
from bridge.config.passwords import matches
from bridge.config.tokens import is_of, is_token
from bridge.errors import ConfigurationError
from service.cli.signing_in import web_app
from tests.world import ROOT

_PASSWORD = "correct horse, battery"
_COMMAND = [sys.executable, "-m", "service.cli.main", "web", "password"]


def _ran(*arguments: str, piped: bytes = b"") -> tuple[str, str]:
    """What the command wrote, and the sentence with which it refused."""
    done = CliRunner().invoke(web_app, list(arguments), input=piped)
    assert not done.exception or isinstance(done.exception, ConfigurationError), done.exception
    return done.stdout, str(done.exception or "")


def test_a_password_in_a_pipe() -> None:
    """`web password < FILE` == nothing but a hash of the line, that users take."""
    out, refused = _ran("password", piped=f"{_PASSWORD}\n".encode())
    assert (refused, len(out.splitlines())) == ("", 1)
    assert matches(_PASSWORD, out.strip())
    assert _PASSWORD not in out


@pytest.mark.parametrize(
    ("piped", "says"),
    [
        (b"too short", "the password has 9 characters: take one of 12 to 1000"),
        (b"a" * 1001, "the password has 1001 characters"),
        (b"", "one line and nothing else"),
        (b"first of two lines\nsecond", "one line and nothing else"),
        (b"\xff" * 20, "is not text in UTF-8"),
    ],
)
def test_no_good_password(piped: bytes, says: str) -> None:
    """Too short, too long, none, several, no text == a sentence, no hash, and nothing of it shown."""
    out, refused = _ran("password", piped=piped)
    assert (out, says in refused) == ("", True), refused
    assert "second" not in refused


def test_a_password_is_asked_for_twice() -> None:
    """On a terminal == two questions, again after a slip, what was typed is not shown, then the hash."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603
        _COMMAND, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = _type_at(ours, _PASSWORD, "a slip of the hand", _PASSWORD, _PASSWORD)
    os.close(ours)
    assert (process.returncode, shown.count("Password: ")) == (0, 2), shown
    assert _PASSWORD not in shown
    assert any(matches(_PASSWORD, line.strip()) for line in shown.splitlines()), shown
    assert "web: {users:" in shown


def _type_at(terminal: int, *lines: str) -> str:
    """Answer each question when it is asked. Returns all that the terminal showed."""
    shown, left = "", iter(lines)
    with contextlib.suppress(OSError):  # whoever asked has ended
        while part := os.read(terminal, 10_000):
            shown += part.decode()
            if shown.endswith(": "):
                os.write(terminal, f"{next(left)}\n".encode())
    return shown


def test_a_token_and_its_hash(tmp_path: Path) -> None:
    """`web token` == another token each time, and the hash of it, that `web.tokens` takes."""
    out, _ = _ran("token")
    token, hash_ = (line.partition(": ")[2] for line in out.splitlines())
    assert (is_token(token), is_of(token, hash_)) == (True, True)
    again = json.loads(_ran("token", "--json")[0])
    assert is_of(again["token"], again["hash"])
    assert again["token"] != token
    settings = load_settings(None, {"KENJO_BRIDGE_WEB__TOKENS__PAYROLL__TOKEN": hash_})
    assert settings.web.tokens["payroll"].token.get_secret_value() == hash_
    (tmp_path / "web__tokens__payroll__token").write_text(f"{hash_}\n")
    settings = load_settings(None, {"KENJO_BRIDGE_SECRETS_DIR": str(tmp_path)})
    assert settings.web.tokens["payroll"].token.get_secret_value() == hash_


def test_a_token_in_the_place_of_its_hash() -> None:
    """`web.tokens` with the token itself == a sentence that says what belongs there, without the token."""
    token = _ran("token")[0].splitlines()[0].partition(": ")[2]
    with pytest.raises(ConfigurationError, match="kenjo-bridge web token") as caught:
        load_settings(None, {"KENJO_BRIDGE_WEB__TOKENS__PAYROLL__TOKEN": token})
    assert token not in str(caught.value)
