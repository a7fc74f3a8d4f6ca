"""The page docs/metrics.md, from the table of families (`make docs`)."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.families import COMPANIES, PROCESS, STATE, Family

_HEAD = """\
# Metrics

*Generated from the code by `make docs`.* `/metrics` of `run`, `serve` and `work` (port 8080) tells this to
Prometheus. No label names a person. Times are in seconds, moments in seconds since the epoch: the age of the
snapshot is `time() - kenjo_bridge_snapshot_timestamp_seconds`. Alert rules and a dashboard stand in
[deploy/monitoring](../deploy/monitoring/), what to do at each alert in [operations.md](operations.md#alerts).
"""

_STATE = """
## The state

Read from Redis for each scrape, and the same in every process: use `max`, not `sum`. Where Redis cannot be
read, `kenjo_bridge_redis_up` is 0 and the others are absent. A family without a value is absent, too.
"""

_PROCESS = """
## The process

Counted by each process since its start: use `sum` over `rate` or `increase`.
"""

_STATUS = """
What `kenjo_bridge_request_seconds` counts as one request, and its `status`:

- **By HTTP:** a request, those that fetch a token included; the number, such as `201`. Of requests that
  travel in one, as in `$batch` of Microsoft Graph, each counts: with its own status, or that of the one that
  carries them if it is refused, and with the seconds of them all.
- **`ldap`:** an operation, and each new connection with its bind; the result's name (RFC 4511, section
  4.1.9), such as `success` or `noSuchObject`.
- **`file`:** a step, which is list, read, write (upload), rename or delete, by SFTP also sign in and look;
  `ok`, or the name of the error: `permission_denied` by SFTP, the system's (`ENOSPC`) in a folder.
"""

_COMPANIES = """
## Several companies

Where one deployment serves [several companies](companies.md), everything above has the label `company`, and
there is besides:
"""

_FOOT = """
Beside these there are the usual metrics of a process, on Linux: `process_cpu_seconds_total`,
`process_resident_memory_bytes`, `process_open_fds`, `process_start_time_seconds` and others.
"""


def metrics_doc() -> str:
    """The page."""
    return "".join(
        [
            _HEAD,
            _STATE,
            _table(STATE),
            _PROCESS,
            _table(PROCESS),
            _STATUS,
            _COMPANIES,
            _table(COMPANIES),
            _FOOT,
        ]
    )


def _table(families: Iterable[Family]) -> str:
    rows = [
        f"| `{one.full_name}` | {one.kind} | {' '.join(f'`{label}`' for label in one.labels)} | {one.text} |"
        for one in families
    ]
    return "\n".join(["\n| metric | kind | labels | tells |", "| --- | --- | --- | --- |", *rows, ""])


def main() -> None:
    """Print the page."""
    print(metrics_doc(), end="")


if __name__ == "__main__":
    main()
