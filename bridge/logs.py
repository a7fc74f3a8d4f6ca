"""Logging: one line per event, ids and numbers only. Text for a terminal, JSON for a collector."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from bridge.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Write our events, and warnings of the libraries, to standard error."""
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # An exception is named by its class: its text may carry what a vendor said.
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if text
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # arq logs the arguments of each job at INFO, and at ERROR what a job raised.
    logging.getLogger("arq").setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A logger whose events carry the name of their part."""
    return structlog.get_logger(part=name)  # lazy: it is configured later
