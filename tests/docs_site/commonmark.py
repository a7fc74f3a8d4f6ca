"""Pages are written as code hosts read them (CommonMark); the generator's Markdown wants more blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKER = re.compile(r" *(?:[-*+]|\d+[.)]) +")
BEGINS = {"bullet_list_open", "ordered_list_open", "table_open"}
DEEP = 4  # columns of each level of a list: https://python-markdown.github.io/#differences


def parsed(text: str) -> list[Token]:
    """The tokens of a page, with its tables."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def for_the_generator(text: str) -> str:
    """The same page, with lists indented by four columns and lists and tables after an empty line."""
    lines = text.splitlines()
    tokens = parsed(text)
    for first, end, shift in sorted(_items(tokens, lines)):
        for number in range(first, end):
            lines[number] = " " * shift + lines[number] if lines[number].strip() else ""
    for number in sorted(_begins(tokens, text.splitlines()), reverse=True):
        if number and lines[number - 1].strip():
            lines.insert(number, "")
    return "\n".join(lines) + "\n"


def _items(tokens: list[Token], lines: list[str]) -> Iterator[tuple[int, int, int]]:
    """Of each list item: its second line, the line after its last, and by how much they have to move."""
    for token in tokens:
        if token.type == "list_item_open" and token.map:
            first, end = token.map
            marker = MARKER.match(lines[first])
            assert marker, lines[first]
            yield first + 1, end, DEEP - len(marker[0].lstrip())


def _begins(tokens: list[Token], text: list[str]) -> set[int]:
    """The lines before which an empty one has to stand.

    They are those of each list and table that is inside no list, and of items after one of several parts.
    """
    lists = {token.map[0] for token in tokens if token.type in BEGINS and token.map and not token.level}
    items = [token.map for token in tokens if token.type == "list_item_open" and token.map]
    after_parts = {end for first, end in items if "" in text[first:end]}
    return lists | (after_parts & {first for first, _ in items})
