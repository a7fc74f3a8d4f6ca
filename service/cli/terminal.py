"""The only way to standard output and standard error: whatever is printed has lost its power on the way."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from bridge.printable import visible, visible_json


class Terminal(Console):
    """A console that shows texts as they are: no markup, no emoji codes, and nothing that acts.

    A text that is printed is one line, since a line break in it may be somebody's name: print twice for two.
    Colours and boxes are ours, and stay.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text that was passed as it is, or stands in a table."""
        return super().render_str(visible(text), **{**options, "markup": False, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The last step before everything is written, tables and their cells included."""
        if isinstance(renderable, Text):
            renderable = _visible_text(renderable)
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n":
                yield segment
            else:
                yield Segment(_shown(segment.text), segment.style)


def print_json(value: Any) -> None:
    """Machine-readable output: it stays JSON with the same values, and a terminal shows it unharmed."""
    import orjson  # here: `--help` and `--version` need none of it

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    _write(visible_json(text))


def print_json_lines(values: Iterable[Any]) -> None:
    """The same, a line for each value."""
    import orjson  # as above

    for value in values:
        _write(visible_json(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE).decode()))


def print_lines(text: str) -> None:
    """Lines that are meant for a file."""
    _write("".join(f"{visible(line)}\n" for line in text.split("\n")).removesuffix("\n"))


def _visible_text(text: Text) -> Text:
    """The same with its styles, or, where something had to be made visible, with its first style."""
    plain = text.plain
    if (shown := visible(plain)) == plain:
        return text
    return Text(shown, text.style, overflow=text.overflow, no_wrap=text.no_wrap, end=text.end)


def _shown(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
