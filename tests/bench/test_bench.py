"""The whole bench still runs: each row is measured with a few people."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.parts import ROOT

ROWS = (
    "first sync",
    "1 % changed",
    "whole, unchanged",
    "default SCIM mapping",
    "the pages' overview",
    "2 worker process(es)",
    "changes while nothing else is to do",
    "of a core between polls",
    "leavers during the first load",
)


@pytest.mark.long
def test_every_row_is_measured() -> None:
    """`make bench ARGS=--short` prints every row, and none of its processes fails."""
    command = [sys.executable, "-m", "tests.bench", "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row for row in ROWS if row not in done.stdout] == [], done.stdout


def test_requests_are_counted_by_kind_of_target() -> None:
    """`python -m tests.bench.kinds` counts the requests of a first sync, and none of a second one."""
    command = [sys.executable, "-m", "tests.bench.kinds", "--people", "20", "scim", "own-profile"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith((" scim", " own-profile"))]
    assert [row[0] for row in rows] == ["scim", "own-profile"]
    for _, people, _, _, written, _, second in rows:
        assert int(written) >= int(people) > 0
        assert second == "0"
