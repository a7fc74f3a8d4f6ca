"""`make simulate`: play many seeds of the simulation, or one of them with its last events."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.noting import note
from tests.simulation.bugs import BUGS
from tests.simulation.odds import TEMPERS
from tests.simulation.playing import caught, play, play_all, report
from tests.simulation.simulate import Result

_CHUNK = 25  # seeds that a process plays on one Redis
_ENOUGH = 5  # failures after which the rest need not be played


def main() -> int:
    """Exit code 0: no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to play (%(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (%(default)s)")
    parser.add_argument("--seed", type=int, help="play this one only, and show its last events")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant a bug first")
    parser.add_argument("--temper", choices=TEMPERS, help="the kind of all directories (as a seed has it)")
    parser.add_argument("--hashes", action="store_true", help="print the hash of each seed's trace")
    parser.add_argument("--until-caught", action="store_true", help="end when the planted bug is found")
    parser.add_argument("--note", action="store_true", help="write the figures into docs/reliability.md")
    options = parser.parse_args()
    if options.seed is not None:
        (result,) = play([options.seed], options.bug, options.temper)
        _say(report(result, options.bug, options.temper))
        return 1 if result.violations else 0
    return _catch(options) if options.until_caught else _many(options)


def _catch(options: argparse.Namespace) -> int:
    first = max(options.first, BUGS[options.bug].since)
    result = caught(options.bug, range(first, first + options.seeds))
    if result is None:
        _say(f"{options.bug} was not caught by {options.seeds} seeds")
        return 0
    _say(report(result, options.bug, options.temper))
    _say(f"caught {options.bug} by seed {result.seed}")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _many(options: argparse.Namespace) -> int:
    started, played, failed = time.perf_counter(), 0, 0
    for result in _results(options):
        played += 1
        if options.hashes:
            _say(f"{result.seed} {result.trace_hash}")
        if result.violations:
            failed += 1
            _say(report(result, options.bug, options.temper))
        if failed >= _ENOUGH:
            break
        if played % 500 == 0:
            _say(f"{played} seeds played, {time.perf_counter() - started:.0f} s")
    seconds = time.perf_counter() - started
    _say(f"{played} seeds played, {failed} failed, {seconds:.1f} s")
    if options.note:
        note(
            "simulation",
            f"{played:,} seeds from {options.first:,} on, {failed} failed, in {seconds / 60:.0f} minutes",
        )
    return 1 if failed else 0


def _results(options: argparse.Namespace) -> Iterator[Result]:
    end = options.first + options.seeds
    if options.jobs == 1:
        yield from play(range(options.first, end), options.bug, options.temper)
        return
    chunks = [range(n, min(n + _CHUNK, end)) for n in range(options.first, end, _CHUNK)]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        tasks = [pool.submit(play_all, chunk, options.bug, options.temper) for chunk in chunks]
        try:
            for task in as_completed(tasks):
                yield from task.result()
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set of texts is part of a run: it has to be the same in every process.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    sys.exit(main())
