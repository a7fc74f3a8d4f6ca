"""What is counted, for Prometheus. Labels are targets' names and kinds, never a person's."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bridge.families import FAMILIES, NAMESPACE
from bridge.logs import get_logger
from bridge.model import Entry, State
from bridge.standing import Standing
from bridge.store import Claim
from bridge.store.audit import UNREMARKABLE
from bridge.store.gate import HALTED
from bridge.tracing import poll_id
from bridge.version import installed
from bridge.wire.redaction import redact

log = get_logger("deliver")

_AGAIN = (State.FAILED, State.RETRYING)


class Metrics:
    """All metrics of one process, in a registry of their own, as `bridge.families` lists them.

    Attempts at `targets` begin at 0, so that the first one is seen as an increase.
    """

    def __init__(self, targets: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self.standing = Standing()
        self.registry.register(self.standing)
        ProcessCollector(registry=self.registry)
        build = self._gauge("build_info")
        build.labels(installed() or "unknown", platform.python_version()).set(1)
        self.poll_seconds = self._histogram("poll_seconds")
        self.polls = self._counter("polls")
        self.changes = self._counter("changes")
        self.attempts = self._counter("delivery_attempts")
        self.retries = self._counter("delivery_retries")
        self.failures = self._counter("delivery_failures")
        for target, counter in product(targets, (self.attempts, self.retries, self.failures)):
            counter.labels(target)
        self.deliveries = self._counter("deliveries")
        self.latency = self._histogram("latency_seconds")
        self.requests = self._histogram("request_seconds")
        self.kenjo_requests = self._histogram("kenjo_request_seconds")

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format: the one place where it is written."""
        return generate_latest(self.registry)

    def settled(self, target: str, claim: Claim, entry: Entry, answered: float) -> None:
        """Count a delivery, and log it unless nothing happened."""
        self.attempts.labels(target).inc()
        if entry.state is State.RETRYING:
            self.retries.labels(target).inc()
        else:
            self.deliveries.labels(target, entry.outcome).inc()
        if entry.state is State.FAILED:
            self.failures.labels(target).inc()
        if entry.outcome in UNREMARKABLE:
            return
        ids = {"target": target, "record": str(claim.key), "attempt": claim.token}
        if claim.stored.poll:
            ids["poll"] = poll_id(claim.stored.poll)
        if entry.state in _AGAIN:
            # The reason stays in the ledger: even redacted, a target's words do not belong in a log.
            log.warning(entry.state, attempts=entry.attempts, **ids)
            return
        seconds = max(0.0, answered - claim.stored.at)
        self.latency.labels(target).observe(seconds)
        log.info(entry.outcome, seconds=round(seconds, 3), **ids)

    def paused(self, target: str, state: str, reason: str) -> None:
        """Say once that a target is paused."""
        write = log.error if state == HALTED else log.warning
        write("target paused", target=target, state=state, reason=redact(reason))

    def resumed(self, target: str) -> None:
        """Say once that it goes on."""
        log.info("target goes on", target=target)

    def requested(self, target: str, status: str, seconds: float) -> None:
        """A request to a target has ended, with a status, or `none` without an answer."""
        self.requests.labels(target, status).observe(seconds)

    def requested_kenjo(self, status: str, seconds: float) -> None:
        """The same of a request to Kenjo."""
        self.kenjo_requests.labels(status).observe(seconds)

    def _counter(self, name: str) -> Counter:
        family = FAMILIES[name]
        return Counter(name, family.text, family.labels, registry=self.registry, namespace=NAMESPACE)

    def _gauge(self, name: str) -> Gauge:
        family = FAMILIES[name]
        return Gauge(name, family.text, family.labels, registry=self.registry, namespace=NAMESPACE)

    def _histogram(self, name: str) -> Histogram:
        family = FAMILIES[name]
        return Histogram(
            name,
            family.text,
            family.labels,
            registry=self.registry,
            namespace=NAMESPACE,
            buckets=family.buckets,
        )
