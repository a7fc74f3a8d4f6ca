"""What is counted, for Prometheus. Labels are targets' names and kinds, never a person's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from bridge.logs import get_logger
from bridge.model import Entry, State
from bridge.standing import NAMESPACE, Standing
from bridge.store import Claim
from bridge.store.audit import UNREMARKABLE
from bridge.store.gate import HALTED
from bridge.wire.redaction import redact

log = get_logger("deliver")

_LATENCY = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_POLL = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.standing = Standing()
        registry.register(self.standing)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry, namespace=NAMESPACE)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, text, labels, registry=registry, namespace=NAMESPACE, buckets=buckets)

        self.poll_seconds = histogram("poll_seconds", "Time of one poll of Kenjo, successful or not", _POLL)
        self.polls = counter("polls", "Polls of Kenjo by result", "result")
        self.changes = counter("changes", "Changes seen in Kenjo", "kind", "change")
        self.deliveries = counter("deliveries", "Finished deliveries", "target", "outcome")
        self.latency = histogram(
            "latency_seconds", "From a change seen in Kenjo to the target having it", _LATENCY, "target"
        )

    def settled(self, target: str, claim: Claim, entry: Entry, answered: float) -> None:
        """Count a delivery, and log it unless nothing happened."""
        self.deliveries.labels(target, entry.outcome).inc()
        if entry.outcome in UNREMARKABLE:
            return
        key = claim.stored.record.key
        if entry.state in (State.FAILED, State.RETRYING):
            # The reason stays in the ledger: even redacted, a target's words do not belong in a log.
            log.warning(entry.state, target=target, record=str(key), attempts=entry.attempts)
            return
        seconds = max(0.0, answered - claim.stored.at)
        self.latency.labels(target).observe(seconds)
        log.info(entry.outcome, target=target, record=str(key), seconds=round(seconds, 3))

    def paused(self, target: str, state: str, reason: str) -> None:
        """Say once that a target is paused."""
        write = log.error if state == HALTED else log.warning
        write("target paused", target=target, state=state, reason=redact(reason))

    def resumed(self, target: str) -> None:
        """Say once that it goes on."""
        log.info("target goes on", target=target)
