"""Traces: one per poll of Kenjo, through Redis, to each call of a target. Off unless configured.

A poll has an id with or without traces; it is stored with each record that the poll has changed, as the
`traceparent` of W3C Trace Context, so that a delivery anywhere goes on with the same trace. Spans carry ids,
names of targets, statuses and outcomes: no values, no addresses with ids, no error texts. Nothing of it is
sent to Kenjo or a target.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import structlog

from bridge.errors import ConfigurationError

TIMEOUT = 5.0
"""Seconds that sending spans may take; also at the end of a process."""

_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_MISSING = (
    "traces are configured, but OpenTelemetry is not installed: pip install 'kenjo-bridge[tracing]', or take"
    " tracing.endpoint and OTEL_EXPORTER_OTLP_ENDPOINT away"
)
_OFF: AbstractContextManager[None] = nullcontext()

_tracer: Any = None
_POLL: ContextVar[str] = ContextVar("poll", default="")


@contextmanager
def exporting(endpoint: str | None, exporter: Any = None) -> Iterator[Callable[[], object]]:
    """Send spans while the context lasts, by OTLP over HTTP to `endpoint`, or where OTEL_* variables say.

    Yields what sends at once those that have ended.
    Nothing happens where neither names a place. `exporter` takes the spans instead. Raises ConfigurationError
    when there is an `endpoint` and OpenTelemetry is not installed.
    """
    global _tracer  # one per process, as OpenTelemetry has it
    provider = _provider(endpoint, exporter) if exporter or endpoint or _is_in_environment() else None
    if provider is None:
        yield lambda: None
        return
    _tracer = provider.get_tracer("kenjo-bridge")
    try:
        yield provider.force_flush
    finally:
        _tracer = None
        provider.shutdown()


def _is_in_environment() -> bool:
    """Whether OTEL_* variables name a place for traces, and do not forbid them."""
    chosen = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    return chosen == "otlp" and any(os.environ.get(name) for name in _VARIABLES)


def _provider(endpoint: str | None, exporter: Any) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        if endpoint:
            raise ConfigurationError(_MISSING) from None
        # A platform may set the variables for all that it runs: no reason to leave accounts open.
        structlog.get_logger(part="tracing").warning("no traces are sent", reason=_MISSING)
        return None
    name = os.environ.get("OTEL_SERVICE_NAME", "kenjo-bridge")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    sends = exporter or OTLPSpanExporter(endpoint=endpoint, timeout=TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(sends))
    return provider


@contextmanager
def polling() -> Iterator[None]:
    """One poll: what is done in here, and what comes of it, has its id. One in another is the same one."""
    if _POLL.get():
        yield
        return
    with span("poll"):
        origin = _here() or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
        token = _POLL.set(origin)
        try:
            with structlog.contextvars.bound_contextvars(poll=poll_id(origin)):
                yield
        finally:
            _POLL.reset(token)


def origin() -> str:
    """The `traceparent` of the poll that is under way here; empty outside of any."""
    return _POLL.get()


def poll_id(traceparent: str) -> str:
    """The id of the poll, which is that of its trace."""
    return traceparent[3:35]


def span(name: str, parent: str = "", **attributes: str | int) -> AbstractContextManager[None]:
    """A span in here. `parent`: the `traceparent` that it goes on with, else the span that is under way."""
    return _span(name, parent, attributes) if _tracer else _OFF


def call(name: str, **attributes: str) -> AbstractContextManager[None]:
    """A request, as a span of whatever it is made for; none where that is not traced."""
    if not (_tracer and _here()):
        return _OFF
    return _span(name, "", _dotted(attributes), client=True)


@contextmanager
def _span(name: str, parent: str, attributes: dict[str, Any], *, client: bool = False) -> Iterator[None]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    kind = trace.SpanKind.CLIENT if client else trace.SpanKind.INTERNAL
    # The library would note an exception with its text, which may have anybody's values.
    quiet = {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, context, kind, attributes, **quiet) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR)
            raise


def note(**attributes: str | int) -> None:
    """Attributes of the span that is under way here; `__` in a name stands for a dot."""
    if _tracer:
        from opentelemetry import trace

        trace.get_current_span().set_attributes(_dotted(attributes))


def _dotted(attributes: Mapping[str, str | int]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in attributes.items()}


def is_on() -> bool:
    """Whether spans are made."""
    return _tracer is not None


def _here() -> str:
    """The `traceparent` of the span that is under way; empty without one."""
    if not _tracer:
        return ""
    from opentelemetry import trace

    here = trace.get_current_span().get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}" if here.is_valid else ""
