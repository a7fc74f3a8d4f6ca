"""Distributions that are installed in a folder of packages, as an installer would do it."""

from __future__ import annotations

import sys
from pathlib import Path


def install(site: Path, kind: str, code: str) -> None:
    """Put a distribution there that announces a kind of target, with this code as its module."""
    module = f"kenjo_{kind}"
    (site / f"{module}.py").write_text(code)
    announce(site, kind, module)
    sys.modules.pop(module, None)


def announce(site: Path, kind: str, module: str) -> None:
    """Let a distribution say that a module, wherever it is, has a kind of target."""
    info = site / f"kenjo_{kind}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kenjo-{kind}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[kenjo_bridge.targets]\n{kind} = {module}\n")
