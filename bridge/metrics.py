"""What is counted, for Prometheus. Labels are targets' names and kinds, never a person's."""

from __future__ import annotations

from collections.abc import Sized

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bridge.logs import get_logger
from bridge.model import Entry, Kind, Outcome, State
from bridge.redaction import redact
from bridge.store import Claim
from bridge.store.gate import HALTED

log = get_logger("deliver")

NAMESPACE = "kenjo_bridge"

_LATENCY = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_POLL = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
_QUIET = (Outcome.UNCHANGED, Outcome.SKIPPED)


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry, namespace=NAMESPACE)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry, namespace=NAMESPACE)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, text, labels, registry=registry, namespace=NAMESPACE, buckets=buckets)

        self.poll_seconds = histogram("poll_seconds", "Time of one poll of Kenjo, successful or not", _POLL)
        self.polls = counter("polls", "Polls of Kenjo by result", "result")
        self.snapshot_time = gauge("snapshot_timestamp_seconds", "When the last snapshot was accepted")
        self.records = gauge("records", "Records in the last snapshot", "kind")
        self.problems = gauge("row_problems", "Rows of the last snapshot that could not be used")
        self.changes = counter("changes", "Changes seen in Kenjo", "kind", "change")
        self.pending = gauge("pending", "Records that a target is behind with", "target")
        self.held = gauge("held", "Records that wait for somebody's approval", "target")
        self.failed = gauge("failed", "Records that a target will not take", "target")
        self.target_paused = gauge("target_paused", "1 while deliveries to a target are paused", "target")
        self.deliveries = counter("deliveries", "Finished deliveries", "target", "outcome")
        self.latency = histogram(
            "latency_seconds", "From a change seen in Kenjo to the target having it", _LATENCY, "target"
        )

    def settled(self, target: str, claim: Claim, entry: Entry) -> None:
        """Count a delivery, and log it unless nothing happened."""
        self.deliveries.labels(target, entry.outcome).inc()
        if entry.outcome in _QUIET:
            return
        key = claim.stored.record.key
        if entry.state in (State.FAILED, State.RETRYING):
            # The reason stays in the ledger: even redacted, a target's words do not belong in a log.
            log.warning(entry.state, target=target, record=str(key), attempts=entry.attempts)
            return
        seconds = max(0.0, entry.at - claim.stored.at)
        self.latency.labels(target).observe(seconds)
        log.info(entry.outcome, target=target, record=str(key), seconds=round(seconds, 3))

    def paused(self, target: str, state: str, reason: str) -> None:
        """Say once that a target is paused."""
        self.target_paused.labels(target).set(1)
        write = log.error if state == HALTED else log.warning
        write("target paused", target=target, state=state, reason=redact(reason))

    def resumed(self, target: str) -> None:
        """Say once that it goes on."""
        self.target_paused.labels(target).set(0)
        log.info("target goes on", target=target)

    def standing(self, target: str, pending: Sized, held: Sized, failed: int) -> None:
        """Note where a target stands."""
        self.pending.labels(target).set(len(pending))
        self.held.labels(target).set(len(held))
        self.failed.labels(target).set(failed)

    def snapshot(self, at: float, people: int, teams: int, problems: int) -> None:
        """Note an accepted snapshot."""
        self.snapshot_time.set(at)
        self.records.labels(Kind.PERSON).set(people)
        self.records.labels(Kind.TEAM).set(teams)
        self.problems.set(problems)
