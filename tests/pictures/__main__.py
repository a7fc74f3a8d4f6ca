"""`python -m tests.pictures` takes the pictures of the README anew."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.pictures.taking import take
from tests.service.web.looking import CHROMIUM
from tests.world import ROOT

PICTURES = ROOT / "docs/pictures"

if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit("There is no Chromium here: install Debian's chromium.")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        asyncio.run(take(PICTURES, Path(folder), people=120))
