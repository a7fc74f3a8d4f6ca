"""What processes take, as Linux tells it (proc_pid_stat(5), proc_pid_smaps(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one process. `own` is its memory with its share of what several have (PSS), `resident` all (RSS).

    Memory is in MB, `cpu` in seconds since it began; `files` are open ones, sockets included.
    """

    own: float
    resident: float
    cpu: float
    files: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Raises OSError where it is gone."""
        memory = dict(_fields((_PROC / str(pid) / "smaps_rollup").read_text()))
        times = _stat(pid)[11:13]
        return cls(
            memory["Pss"] / 1000,
            memory["Rss"] / 1000,
            sum(map(int, times)) / _TICKS,
            len(list((_PROC / str(pid) / "fd").iterdir())),
        )


def _fields(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines()[1:]:
        name, _, kilobytes = line.partition(":")
        yield name, int(kilobytes.split()[0])


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may have blanks: state, parent, ..."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def below(pid: int) -> set[int]:
    """The processes that one has started, and those that they have."""
    parents = {}
    for one in _PROC.iterdir():
        with suppress(OSError, ValueError):  # ended meanwhile, or no process
            parents[int(one.name)] = int(_stat(int(one.name))[1])
    found, last = set[int](), {pid}
    while last:
        last = {child for child, parent in parents.items() if parent in last} - found
        found |= last
    return found


def taken(pids: Iterable[int]) -> dict[int, Taken]:
    """What each takes that is still there."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            found[pid] = Taken.of(pid)
    return found
