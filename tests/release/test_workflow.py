"""The workflow that checks and publishes holds what its readers rely on."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from release.version import ROOT

FILE = ROOT / ".github" / "workflows" / "ci.yml"
WORKFLOW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_it_is_a_workflow_of_github() -> None:
    """The file is valid by GitHub's schema of workflows, which check-jsonschema carries."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        str(FILE),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert said.returncode == 0, said.stdout


def test_actions_are_pinned_by_commit_with_the_version_beside() -> None:
    """Each `uses` names 40 hexadecimal digits, and the tag in a comment."""
    uses = re.findall(r"uses: (.+)", FILE.read_text(encoding="utf-8"))
    assert uses
    assert [one for one in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_a_job_may_only_read_unless_it_publishes() -> None:
    """Nothing is allowed by default; `publish`, which runs for tags only, is the one job that may write."""
    assert WORKFLOW["permissions"] == {}
    writing = {name for name, job in WORKFLOW["jobs"].items() if "write" in job["permissions"].values()}
    assert writing == {"publish"}
    assert WORKFLOW["jobs"]["publish"]["if"] == "startsWith(github.ref, 'refs/tags/v')"


def test_commands_take_nothing_from_outside_into_the_shell() -> None:
    """No `run` has an expression in it: what others may choose comes by environment variables, quoted."""
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_its_make_targets_exist() -> None:
    """Every target that a step makes is one of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = re.findall(r"\bmake ((?:--silent )?[a-z -]+)", "\n".join(step.get("run", "") for step in STEPS))
    named = {word for line in lines for word in line.split() if not word.startswith("-")}
    assert {"build", "sbom", "image", "audit", "release-notes"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
