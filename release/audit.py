"""Known vulnerabilities of what the image and the build install: `make audit`.

pip-audit asks PyPI's database, or OSV's with `--vulnerability-service osv`. Ends with 0 where nothing is
known, 1 where something is, and 3 where not everything could be asked about: silence is not safety.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from release.locked import ROOT

LOCKS = ("requirements.lock", "requirements-build.lock")
_ASKING = (
    "--disable-pip",
    "--require-hashes",
    "--format",
    "json",
    "--progress-spinner",
    "off",
    "--timeout",
    "15",
)


def audit(arguments: list[str]) -> tuple[int, list[str]]:
    """Ask about every line of the lock files; return the exit code and what to tell, a sentence a line."""
    files = [word for lock in LOCKS for word in ("--requirement", str(ROOT / lock))]
    command = [sys.executable, "-m", "pip_audit", *_ASKING, *files, *arguments]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        found: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        why = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return 3, [f"No database of vulnerabilities could be asked: {why[:300]}"]
    known = [
        f"{one['name']} {one['version']}: {bug['id']}, fixed in {', '.join(bug['fix_versions']) or 'none'}"
        for one in found
        for bug in one.get("vulns", [])
    ]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if unknown:
        known.append(
            f"The database does not know {len(unknown)} of {len(found)} packages: ask another,"
            " as make audit ARGS='--vulnerability-service osv'."
        )
    if not known:
        return 0, [f"Nothing is known against any of the {len(found)} packages."]
    return (1 if len(known) > bool(unknown) else 3), known


if __name__ == "__main__":
    code, told = audit(sys.argv[1:])
    sys.stdout.write("".join(f"{line}\n" for line in told))
    sys.exit(code)
