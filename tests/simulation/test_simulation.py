"""The simulation: no seed breaks a promise, a seed repeats itself, and each planted bug is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.tempers.bugs import BUGS_OF_TEMPERS

ROOT = Path(__file__).parents[2]

SEEDS, CHUNK = 24, 12
PATIENCE = 300
"""Seeds within which a planted bug has to be found."""


def run(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Play in a process of its own, whose clocks and chance belong to the simulation."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-W", "error", "-m", "tests.simulation", "--jobs", "1", *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=300
    )


@pytest.mark.parametrize("first", range(1, SEEDS, CHUNK))
def test_no_seed_breaks_a_promise(first: int) -> None:
    """Faults of all kinds, then none == every directory is as Kenjo says, and no promise was broken."""
    played = run("--first", str(first), "--seeds", str(CHUNK))
    assert played.returncode == 0, played.stdout[-20_000:] + played.stderr[-5_000:]
    assert f"{CHUNK} seeds played, 0 failed" in played.stdout
    assert played.stderr == ""


def test_no_seed_breaks_what_is_promised_of_files() -> None:
    """The same, of files that are published whole == each was right when it appeared, and is in the end."""
    played = run("--temper", "file", "--seeds", str(CHUNK))
    assert played.returncode == 0, played.stdout[-20_000:] + played.stderr[-5_000:]
    assert f"{CHUNK} seeds played, 0 failed" in played.stdout


def test_a_seed_repeats_itself() -> None:
    """The same seeds in processes that hash differently == the same traces, each another one."""
    first, second = (run("--seeds", "2", "--hashes", hash_seed=seed) for seed in ("1", "2"))
    hashes = [line.split()[1] for line in first.stdout.splitlines()[:2]]
    assert first.stdout.splitlines()[:2] == second.stdout.splitlines()[:2]
    assert len(set(hashes)) == 2


def test_a_seed_is_replayed_with_its_trace() -> None:
    """One seed that fails == its last events, the promise it broke, and the command that replays it."""
    found = run("--seeds", str(PATIENCE), "--bug", "first-match", "--until-caught")
    seed = found.stdout.splitlines()[-1].split()[-1]
    replayed = run("--seed", seed, "--bug", "first-match")
    assert replayed.returncode == 1
    assert f"make simulate ARGS='--seed {seed}'" in replayed.stdout
    assert "reading" in replayed.stdout
    assert "OWNERSHIP: " in replayed.stdout


LATE = {
    *BUGS_OF_TEMPERS,
    *("any-match", "first-match", "forgotten-retry", "no-guard", "no-window", "old-list", "one-gate"),
    *("unmissed", "unseen", "unwatched"),
}
"""Bugs for which many seeds have to be played."""


@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, marks=pytest.mark.long if bug in LATE else ()) for bug in sorted(BUGS)],
)
def test_a_planted_bug_is_caught(bug: str) -> None:
    """A product with a bug == some seed names the promise that it breaks."""
    played = run("--seeds", str(PATIENCE), "--bug", bug, "--until-caught")
    assert played.returncode == 1, played.stdout + played.stderr[-5_000:]
    assert f"  {BUGS[bug].breaks}: " in played.stdout
    assert f"caught {bug} by seed" in played.stdout


def test_every_promise_has_a_planted_bug() -> None:
    """The promises that the simulation watches == those that some planted bug breaks."""
    watched = (
        "WHOLE, CONVERGES, NO DUPLICATES, NEVER BACKWARDS, OWNERSHIP, HELD, SEEN, ISOLATED, BOUNDED, ORDER"
    )
    assert {bug.breaks for bug in BUGS.values()} == set(watched.split(", "))
