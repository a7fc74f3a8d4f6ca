"""What a built page is made of, as a browser or a reader finds it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href")}
LISTS = ("ol", "ul")
BLOCKS = ("h1", "h2", "h3", "h4", "li", "pre", "table", "tr", "td", "blockquote")


@dataclass
class Page(HTMLParser):
    """Links, what is loaded without asking, anchors; the blocks of the article by kind and depth of lists."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    blocks: Counter[str] = field(default_factory=Counter)
    whole: bool = True  # count blocks everywhere, not only in the article
    inside: bool = False
    deep: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.inside = self.whole

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down a tag's addresses and its name."""
        self.inside = self.inside or tag == "article"
        if self.inside and tag in BLOCKS:
            self.blocks[f"{tag} in {self.deep} lists"] += 1
        self.deep += tag in LISTS
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.anchors.add(value)
            if name in {"href", "src"} and value:
                self.links.append(value)
                if (tag, name) in LOADED:
                    self.loaded.append(value)

    def handle_endtag(self, tag: str) -> None:
        """End the article, or a list."""
        self.deep -= tag in LISTS
        self.inside = self.inside and (self.whole or tag != "article")


@cache
def built(path: Path) -> Page:
    """A page of the site."""
    page = Page(whole=False)
    page.feed(path.read_text(encoding="utf-8"))
    return page


def as_a_code_host_reads(text: str) -> Page:
    """The same of a Markdown text, by CommonMark with tables."""
    page = Page()
    page.feed(MarkdownIt("commonmark").enable("table").render(text))
    return page


def dead(path: Path, page: Page) -> list[str]:
    """The links of a page within the site that lead nowhere."""
    return [link for link in page.links if not _alive(path, link)]


def _alive(path: Path, link: str) -> bool:
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return True
    there = (path.parent / unquote(address.path)).resolve() if address.path else path
    if there.is_dir():
        return False  # a page that is opened from a folder shows a list of files there
    anchor = unquote(address.fragment)
    return there.is_file() and (not anchor or there.suffix != ".html" or anchor in built(there).anchors)
