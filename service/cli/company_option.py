"""`--company`: which of several companies a command is about. Every command with `--config` has it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Annotated, Any

import typer

from bridge.commands import of_company

_chosen: ContextVar[str | None] = ContextVar("company", default=None)

CompanyOption = Annotated[
    str | None, typer.Option("--company", help="Which company, where the configuration has several.")
]


def chosen() -> str | None:
    """The company that the command was given; None: none was."""
    return _chosen.get()


def asked(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that also takes `--company`; one that reads no settings as it is."""
    signature = inspect.signature(command, eval_str=True)
    config = signature.parameters.get("config")
    if config is None or config.default is not None:  # `init` writes the file that it names
        return command
    if "company" in signature.parameters:  # this was done before
        return command

    @functools.wraps(command)
    def with_company(*given: Any, company: str | None = None, **named: Any) -> Any:
        token = _chosen.set(company)
        try:
            with of_company(company or ""):
                return command(*given, **named)
        finally:
            _chosen.reset(token)

    option = inspect.Parameter(
        "company", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=CompanyOption
    )
    with_company.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), option]
    )
    with_company.__annotations__ = {
        name: one.annotation
        for name, one in with_company.__signature__.parameters.items()  # type: ignore[attr-defined]
    }
    return with_company
