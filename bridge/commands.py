"""How a command is spelled that somebody is told to run: it can be pasted into a shell as it stands.

Where one deployment serves several companies, a command needs `--company`. A process, or a part of one, is
about one company at a time: whoever begins to work for it says so once, and no sentence has to be told.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_COMPANY: ContextVar[str] = ContextVar("company", default="")


@contextmanager
def of_company(name: str) -> Iterator[None]:
    """Within this, commands are about one of several companies; "": there is only one."""
    token = _COMPANY.set(name)
    try:
        yield
    finally:
        _COMPANY.reset(token)


def command(words: str, *values: object, company: str = "") -> str:
    """`kenjo-bridge holds show directory-remove --company acme`.

    `words` stand as they are, `values` are quoted where a shell needs that. `company`: which one, where it is
    not the one that all of this is about.
    """
    name = company or _COMPANY.get()
    option = ["--company", name] if name else []
    return f"kenjo-bridge {words} {shlex.join([*map(str, values), *option])}".rstrip()
