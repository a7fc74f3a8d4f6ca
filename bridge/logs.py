"""Logging: one line per event, ids and numbers only. Text for a terminal, JSON for a collector.

Events of ours and warnings of the libraries pass the same steps, the last of which makes everything visible
that would act on a terminal or begin a new line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping, Sequence
from functools import partial
from typing import Any

import structlog

from bridge.config.settings import LogSettings
from bridge.printable import visible_values

_LONGEST = 2000
"""Characters of what a library says."""

Event = MutableMapping[str, Any]


def configure(settings: LogSettings, company: str = "") -> None:
    """Write our events, and warnings of the libraries, to standard error.

    `company`: whose they are, where there are several: a field of each.
    """
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        *([partial(_of, company)] if company else ()),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_errors,
        _printable,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if text
        else structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        # Looked up each time: what stands in its place while something is shown there writes around that.
        # One write for a line and its end: processes that share standard error do not break into it.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, _OfLibraries)]:
        root.removeHandler(former)
    root.addHandler(_OfLibraries(steps))
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # arq logs the arguments of each job at INFO, and at ERROR what a job raised.
    logging.getLogger("arq").setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A logger whose events carry the name of their part."""
    return structlog.get_logger(part=name)  # lazy: it is configured later


class _OfLibraries(logging.Handler):
    """Writes what libraries log, by the same steps as our own events."""

    def __init__(self, steps: Sequence[Any]) -> None:
        super().__init__()
        self._steps = steps

    def emit(self, record: logging.LogRecord) -> None:
        """Write its first line, cut: what follows may show values, such as a task with all that it holds."""
        said = record.getMessage()[:_LONGEST].partition("\n")[0]
        event: Any = {"event": said, "part": record.name, "exc_info": record.exc_info}
        for step in self._steps:
            event = step(None, record.levelname.lower(), event)
        sys.stderr.write(f"{event}\n")


def _of(company: str, _logger: Any, _method: str, event: Event) -> Event:
    """Not by a context, which threads of a library would not have."""
    event["company"] = company
    return event


def _name_errors(_logger: Any, _method: str, event: Event) -> Event:
    """An exception is named by its class and place: its text may carry what a vendor said."""
    error = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if error is True:
        error = sys.exc_info()
    error = error[1] if isinstance(error, tuple) else error
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        if trace:
            event["place"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return event


def _printable(_logger: Any, _method: str, event: Event) -> Event:
    """The last step before an event is written: nobody has to think of it."""
    found: Event = visible_values(dict(event))
    return found
