"""What a text from outside may do to a terminal or a log line: nothing.

Names, groups, ids, answers, file contents and variables are written by others. A control sequence among them
could recolour, overwrite or rename what an administrator sees; a line break could make up a line of its own;
a bidirectional mark could let `approve` read as `reject`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

_SURROGATES = "\\ud800-\\udfff"
_ACTING = re.compile(
    "["
    "\\x00-\\x1f\\x7f-\\x9f"  # C0 with ESC, tab and line breaks, DEL, C1 with CSI (ECMA-48)
    "\\xad\\u034f\\u061c\\u180e\\u200b-\\u200f\\u2060-\\u2064\\ufeff"  # invisible, or of no width
    "\\u202a-\\u202e\\u2066-\\u2069\\u206a-\\u206f"  # bidirectional (Unicode UAX 9), and other format marks
    "\\u2028\\u2029"  # line and paragraph separators
    "\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\ufff9-\\ufffb"  # other format characters
    "\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0"  # letters that look like blanks
    "\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    f"\\U000e0000-\\U000e0fff{_SURROGATES}"  # tags; halves of characters, which no output can encode
    "]"
)


def visible(text: str) -> str:
    r"""The text with each acting or invisible character as its escape: `\x1b`, `\n`, `\u202e`, `\U000e0041`.

    It is then one line. A text that holds such an escape already looks the same as one that was escaped.
    """
    return _ACTING.sub(lambda match: ascii(match[0])[1:-1], text)


def did_you_mean(name: str, known: Iterable[str], before: str = "", after: str = "") -> str:
    """The nearest known name, as the end of a sentence; "" where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {before}{near[0]}{after}?" if near else ""


def some(names: Sequence[str], most: int = 5) -> str:
    """Names for a sentence, the first of many only: `a, b and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def counted(number: int, one: str, many: str = "") -> str:
    """How many there are, for a sentence: `1 record`, `2 records`; `many` where it is more than an -s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def visible_json(text: str) -> str:
    r"""JSON whose strings carry the same values, with each such character as a `\u` escape (RFC 8259, 7).

    Only line breaks and blanks between the values stay: inside of strings JSON has none.
    """
    return _ACTING.sub(lambda match: match[0] if match[0] in "\n\t\r" else _json_escape(match[0]), text)


def visible_values(value: Any) -> Any:
    """A value of a log event with all texts in it made visible; other objects become what they show."""
    if isinstance(value, str):
        return visible(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {visible(str(name)): visible_values(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [visible_values(inner) for inner in value]
    return visible(str(value))


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
