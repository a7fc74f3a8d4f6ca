"""`python -m tests.docs_site` builds the documentation into build/site/html."""

from __future__ import annotations

import sys

from tests.docs_site.building import build
from tests.docs_site.staging import ROOT

if __name__ == "__main__":
    try:
        print(f"Open {build(ROOT / 'build/site')}/index.html")  # noqa: T201
    except ValueError as problem:
        sys.exit(str(problem))
