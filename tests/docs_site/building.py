"""What turns the staged pages into HTML, in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs_site.staging import stage


def build(folder: Path) -> Path:
    """Stage and build the site, where a warning is an error.

    :returns: the folder with the HTML.
    :raises ValueError: what the generator, or `stage`, has to say.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stage(folder)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "warning" in done.stderr.lower():
        raise ValueError(done.stdout + done.stderr)
    return folder / "html"
