"""The documentation is built strictly, leads nowhere wrong, and asks nothing of another host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs_site import staging
from tests.docs_site.reading import as_a_code_host_reads, built, dead
from tests.docs_site.staging import ROOT, navigation, sources, staged_as

ELSEWHERE = re.compile(rb"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


def page(site: Path, source: str) -> Path:
    return (site / staged_as(source)).with_suffix(".html")


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    """The links of each built page to others, to anchors and to files of the repository == all there."""
    pages = {path: built(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert {path.name: dead(path, one) for path, one in pages.items() if dead(path, one)} == {}
    assert len(pages) >= len(sources())


@pytest.mark.parametrize("source", sources())
def test_a_page_has_what_a_code_host_shows(site: Path, source: str) -> None:
    """Headings, items, tables, cells and code of a built page == those that CommonMark reads in the file."""
    read = as_a_code_host_reads((ROOT / source).read_text(encoding="utf-8")).blocks
    beside = {} if "docs/examples/" not in source else {"h2 in 0 lists", "pre in 0 lists"}
    shown = built(page(site, source)).blocks
    assert {kind: shown[kind] for kind in read if kind not in beside} == {
        kind: count for kind, count in read.items() if kind not in beside
    }


def test_nothing_is_asked_of_another_host(site: Path) -> None:
    """Scripts, styles, fonts and pictures of all pages and style sheets == all of the site itself."""
    loaded = {address for path in site.rglob("*.html") for address in built(path).loaded}
    assert [address for address in loaded if re.match(r"(?:https?:)?//", address)] == []
    assert [path for path in site.rglob("*.css") if ELSEWHERE.search(path.read_bytes())] == []


def test_a_page_without_a_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of docs/ that the navigation does not name == a sentence that says where to add it."""
    monkeypatch.setattr(staging, "sources", lambda: ["docs/new.md"])
    with pytest.raises(ValueError, match=r"new\.md: in no place of the navigation\. Add it under `nav`"):
        navigation(["index.md"])


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    """A link of a page to a file that there is not == a sentence with both."""
    with pytest.raises(ValueError, match=r"README\.md leads to docs/none\.md, which is not there"):
        staging._linked("[a](docs/none.md)", "README.md", tmp_path)
