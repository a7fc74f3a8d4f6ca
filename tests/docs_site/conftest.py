"""The site, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_site.building import build


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the HTML."""
    return build(tmp_path_factory.mktemp("site") / "built")
