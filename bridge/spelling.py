"""One normal form of texts: what looks the same to a person is the same, whoever wrote it. Pure.

Kenjo and targets spell one name in several ways: composed or decomposed letters (Unicode NFC and NFD,
Unicode Standard Annex 15), no-break spaces, invisible characters from copied text, other letter case.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

LONGEST = 1000
"""Characters. A longer text is nobody's name: it is only trimmed, as composing letters is quadratic."""

_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""What takes no room and can be read by nobody: zero-width and soft characters, marks of direction."""

_SEEN = re.compile(rf"[^\s{_INVISIBLE}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")


def tidy(text: str) -> str:
    """A text as it is kept: composed letters (NFC), no blanks and nothing invisible at its ends."""
    if text.isascii() and text.isprintable():  # nearly every text: nothing to compose, nothing invisible
        return text.strip(" ")
    first = _SEEN.search(text)
    if first is None:
        return ""
    end = len(text)
    while not _SEEN.match(text[end - 1]):
        end -= 1
    return _form("NFC", text[first.start() : end])


def visible(text: str) -> str:
    """A text without what is invisible, also within it: for addresses. In a name it can matter."""
    return _HIDDEN.sub("", text)


def folded(text: str) -> str:
    """A text as it is compared where letter case does not matter: also blanks within are all alike."""
    return _form("NFC", _form("NFC", " ".join(visible(text).split())).casefold())


def composed(text: str) -> str:
    """The text with composed letters, and otherwise as it is."""
    return _form("NFC", text)


def spellings(text: str) -> list[str]:
    """The text, and how a server that compares bytes may hold it.

    Decomposed, with plain blanks and nothing invisible, an address in lower case.
    """
    plain = " ".join(visible(text).split())
    address = [text.lower()] if "@" in text else []
    return list(dict.fromkeys((text, _form("NFC", text), _form("NFD", text), plain, *address)))


def _form(form: Literal["NFC", "NFD"], text: str) -> str:
    if text.isascii() or len(text) > LONGEST:
        return text
    return unicodedata.normalize(form, text)
