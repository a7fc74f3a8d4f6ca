"""Every family of metrics: name, kind, labels and what it tells. docs/metrics.md is made from this table.

Names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for counters, and moments as
epoch seconds in `_timestamp_seconds`, from which whoever asks takes the age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NAMESPACE = "kenjo_bridge"

_LATENCY = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_POLL = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
_REQUEST = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Family:
    """One family. `name` is without namespace, and a counter's without `_total`. `buckets` are in seconds."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    text: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as it is exposed."""
        return f"{NAMESPACE}_{self.name}{'_total' if self.kind == 'counter' else ''}"


_OF_A_TARGET = ("target",)

STATE = (
    Family(
        "gauge", "redis_up", "1 while the state in Redis can be read, else 0, and nothing else of it is told"
    ),
    Family(
        "gauge",
        "snapshot_timestamp_seconds",
        "When the last snapshot of Kenjo was accepted; absent until there is one",
    ),
    Family("gauge", "records", "Records in the last snapshot", ("kind",)),
    Family("gauge", "row_problems", "Rows of the last snapshot that could not be used"),
    Family("gauge", "target_up", "1, or 0 while a target is halted or unreachable", _OF_A_TARGET),
    Family(
        "gauge", "target_gate", "1 for the state that a target is in, 0 for the others", ("target", "state")
    ),
    Family(
        "gauge", "pending", "Records that a target is behind with, those that are held included", _OF_A_TARGET
    ),
    Family(
        "gauge",
        "oldest_pending_timestamp_seconds",
        "Which poll first found pending what has waited longest and is not held; absent when nothing waits",
        _OF_A_TARGET,
    ),
    Family(
        "gauge",
        "oldest_leaver_timestamp_seconds",
        "Which poll first found somebody whose access is still to be taken, held or failing ones included;"
        " absent when there is nobody",
        _OF_A_TARGET,
    ),
    Family("gauge", "held", "Records that wait for somebody's approval", _OF_A_TARGET),
    Family(
        "gauge",
        "oldest_hold_timestamp_seconds",
        "Since when the oldest open hold waits; target is empty for one of Kenjo's data; absent without one",
        _OF_A_TARGET,
    ),
    Family("gauge", "failed", "Records that a target will not take, at the last poll", _OF_A_TARGET),
    Family(
        "gauge",
        "queue_depth",
        "Records that workers are to look at: `due` now, or `later` at a time of their own",
        ("target", "when"),
    ),
)
"""Read from Redis for each scrape: the same in every process."""

PROCESS = (
    Family("gauge", "build_info", "1; the labels tell what runs", ("version", "python")),
    Family(
        "gauge",
        "kenjo_up",
        "1 when Kenjo gave a whole answer at this process's last poll, else 0; absent where it does not poll",
    ),
    Family(
        "gauge",
        "redis_warnings",
        "Ways in which Redis is configured so that it may lose data; absent until it was looked at",
    ),
    Family("counter", "polls", "Polls of Kenjo by result: `ok`, or the error's class", ("result",)),
    Family("histogram", "poll_seconds", "Time of one poll of Kenjo, successful or not", (), _POLL),
    Family("counter", "changes", "Changes seen in Kenjo", ("kind", "change")),
    Family("counter", "delivery_attempts", "Attempts at a record, whatever came of them", _OF_A_TARGET),
    Family(
        "counter", "delivery_retries", "Attempts after which a record is tried again by itself", _OF_A_TARGET
    ),
    Family("counter", "delivery_failures", "Attempts after which a record waits for a person", _OF_A_TARGET),
    Family(
        "counter",
        "deliveries",
        "Finished deliveries by outcome; what is tried again counts as a retry instead",
        ("target", "outcome"),
    ),
    Family(
        "histogram",
        "latency_seconds",
        "From a change seen in Kenjo to the target having it",
        _OF_A_TARGET,
        _LATENCY,
    ),
    Family(
        "histogram",
        "request_seconds",
        "Requests to a target by the answer's status (`none`: no answer), as told below",
        ("target", "status"),
        _REQUEST,
    ),
    Family("histogram", "kenjo_request_seconds", "The same of requests to Kenjo", ("status",), _REQUEST),
)
"""What one process counts; `sum` them over processes."""

COMPANIES = (
    Family("gauge", "company_up", "1 while the process of a company answers, else 0", ("company",)),
    Family(
        "gauge",
        "company_settings_wrong",
        "1 while the newest settings of a company cannot be used",
        ("company",),
    ),
    Family(
        "counter", "company_restarts", "How often the process of a company was started again", ("company",)
    ),
)
"""What only the process tells that keeps one for each of several companies."""

FAMILIES = {family.name: family for family in (*STATE, *PROCESS, *COMPANIES)}
