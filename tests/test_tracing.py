"""One trace from a poll of Kenjo, through Redis, to the calls of a target; and the same ids in the log."""

from __future__ import annotations

import asyncio
import builtins
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge import tracing
from bridge.errors import ConfigurationError
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person
from tests.polling import Watch
from tests.running import has_name, own_redis, running, until
from tests.world import World, expected, world

SDK = "opentelemetry.sdk.trace.export.in_memory_span_exporter"
OTLP = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend, rate=1000) as ready:
        yield ready


@pytest.fixture
def watch(run: Delivery) -> Watch:
    return Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)


@pytest.fixture
def spans() -> Iterator[Any]:
    """Takes the spans while a test lasts; `spans()` gives those that have ended."""
    exporter = pytest.importorskip(SDK, reason="OpenTelemetry is not installed").InMemorySpanExporter()
    with tracing.exporting(None, exporter) as flush:

        def ended() -> list[Any]:
            flush()
            return list(exporter.get_finished_spans())

        yield ended


async def test_a_delivery_goes_on_with_the_trace_of_its_poll(watch: Watch, spans: Any) -> None:
    """Polled and delivered == one trace: the poll, below it the delivery, below that what wrote."""
    await watch.poll(person("ana"))
    await watch.work()
    by_name = {span.name: span for span in spans()}
    poll, deliver, post = by_name["poll"], by_name["deliver"], by_name["POST"]
    assert deliver.parent.span_id == poll.context.span_id
    assert post.parent.span_id == deliver.context.span_id
    assert len({span.context.trace_id for span in (poll, deliver, post)}) == 1
    assert deliver.attributes["target"] == "directory"
    assert deliver.attributes["record"] == "person:ana"
    assert deliver.attributes["outcome"] == "created"
    assert post.attributes["http.response.status_code"] == 201


async def test_what_is_only_read_back_is_no_part_of_the_old_trace(watch: Watch, spans: Any) -> None:
    """Delivered, and looked at again == another trace."""
    await watch.poll(person("ana"))
    await watch.work()
    await watch.deliverer.deliver(person("ana").key)  # type: ignore[union-attr]
    first, second = (span for span in spans() if span.name == "deliver")
    assert first.context.trace_id != second.context.trace_id


async def test_no_span_shows_a_value(watch: Watch, spans: Any) -> None:
    """Created, found, and refused with the values in the answer == no name or address in any span."""
    await watch.poll(person("ana", name="Jürgen", email="jürgen@example.com"))
    await watch.work()
    await watch.poll(person("ana", name="Jürgen", email="jürgen@example.com", title="Lead"))
    await watch.work()
    said = "".join(span.to_json() for span in spans())
    assert "deliver" in said
    for value in ("Jürgen", "J\\u00fcrgen", "rgen@example", "Muster", "Lead"):
        assert value not in said


async def test_an_error_is_named_by_its_class(spans: Any) -> None:
    """An exception whose text has a value == its class in the span, not its text."""
    with pytest.raises(ValueError, match="Ana"), tracing.span("deliver"):
        raise ValueError("Ana")
    (span,) = spans()
    assert span.attributes["error.type"] == "ValueError"
    assert "Ana" not in span.to_json()


async def test_the_log_has_the_same_ids(watch: Watch) -> None:
    """Without traces, too, a poll and what it set going have an id in common, and each attempt its own."""
    with capture_logs() as events:
        await watch.poll(person("ana"))
        await watch.work()
        await watch.poll(person("ana", title="Lead"))
        await watch.work()
    created, updated = (event for event in events if event["event"] in ("created", "updated"))
    for event in (created, updated):
        assert (event["target"], event["record"]) == ("directory", "person:ana")
    stored = await watch.backend.records.get(person("ana").key)
    assert stored
    assert updated["poll"] == tracing.poll_id(stored.poll) != created["poll"]
    assert len(updated["poll"]) == 32
    assert created["attempt"] != updated["attempt"]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Configured, and the library is missing == one sentence; by the environment alone == a warning."""
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with (
        pytest.raises(ConfigurationError, match=r"pip install 'kenjo-bridge\[tracing\]'"),
        tracing.exporting("http://collector:4318/v1/traces"),
    ):
        pass
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    with capture_logs() as events, tracing.exporting(None):
        assert not tracing.is_on()
    assert "pip install" in events[0]["reason"]


async def test_two_processes_and_a_collector(tmp_path: Path) -> None:
    """`serve` and `work`, and a collector named by OTEL_* == it gets one trace of both, and no name."""
    wanted = pytest.importorskip(OTLP, reason="OpenTelemetry is not installed").ExportTraceServiceRequest
    async with (
        collector(wanted) as (address, received),
        own_redis() as redis,
        world(tmp_path, people=3) as here,
    ):
        here.config["redis"] = {"url": redis}
        here.environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        async with running(here, "serve"), running(here, "work"):
            who = next(iter(expected(here.sandbox)))
            await until(lambda: is_there(here, who), 20)
            here.sandbox.actions.rename(employee=who, last_name="Zaubermann")
            await until(lambda: has_name(here, who, "Zaubermann"), 20)
            record = f"person:{who}"
            await until(lambda: asyncio.sleep(0, bool(_whole(received, record))), 20)
    assert "Zaubermann" not in "".join(map(str, received))


async def is_there(here: World, who: str) -> bool:
    return who in [user["externalId"] for user in await here.users()]


def _whole(received: list[Any], record: str) -> list[bytes]:
    """The traces that have a poll, a delivery of a record below it, and a request that wrote."""
    traces: dict[bytes, dict[str, Any]] = {}
    for span in received:
        values = {one.key: one.value.string_value for one in span.attributes}
        if span.name != "deliver" or values.get("record") == record:
            traces.setdefault(span.trace_id, {})[span.name] = span
    return [
        id_
        for id_, one in traces.items()
        if {"poll", "deliver"} <= one.keys() and one.keys() & {"PUT", "PATCH"}
        if one["deliver"].parent_span_id == one["poll"].span_id
    ]


@asynccontextmanager
async def collector(wanted: Any) -> AsyncIterator[tuple[str, list[Any]]]:
    """What takes spans by OTLP over HTTP; yields its address, and the spans that have come."""
    received: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        said = wanted.FromString(await request.read())
        for resource in said.resource_spans:
            for scope in resource.scope_spans:
                received.extend(scope.spans)
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", received
    finally:
        await runner.cleanup()


def test_a_wrong_endpoint_is_a_wrong_setting() -> None:
    """An address without http == the setting is refused before anything starts."""
    from bridge.config.settings import TracingSettings

    with pytest.raises(ValueError, match="http"):
        TracingSettings.model_validate(json.loads('{"endpoint": "collector:4318"}'))
