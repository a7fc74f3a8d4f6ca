"""Greek in Latin letters, as in passports (ELOT 743, ISO 843 type 2). Pure."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = "\u0370-\u03ff\u1f00-\u1fff"
_MARKS = "\u0300\u0301\u0308\u0313\u0314\u0342\u0345"
_RUN = re.compile(f"[{_LETTERS}][{_LETTERS}{_MARKS}]*")
_SINGLE = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s",
    "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o", "ϊ": "i", "ϋ": "y",
}  # fmt: skip
_TWO = {"ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch"}
_FALLING = {"αυ": "a", "ευ": "e", "ηυ": "i"}
_SOFT = frozenset("αβγδεζηλιμνορυωϊϋ")  # before them, the second letter of a falling pair is a v


def latin_for_greek(text: str) -> str:
    """The text, with its Greek words in Latin letters; the rest as it is."""
    return _RUN.sub(lambda match: _word(match[0]), text)


def _word(word: str) -> str:
    plain = _without_accents(word)
    small = plain.lower()
    found = []
    place = 0
    while place < len(plain):
        spelled, length = _spelled(small, place)
        letters = plain[place : place + length]
        if letters != small[place : place + length]:
            goes_on = (plain[place + length : place + length + 1] or plain[place - 1 : place]).isupper()
            spelled = spelled.upper() if goes_on else spelled.capitalize()
        found.append(spelled)
        place += length
    return "".join(found)


def _spelled(small: str, place: int) -> tuple[str, int]:
    """How the letters at a place are spelled, and how many they are."""
    two, after = small[place : place + 2], small[place + 2 : place + 3]
    if two in _FALLING:
        return _FALLING[two] + ("v" if after in _SOFT and after else "f"), 2
    if two == "μπ":
        return ("mp" if place and after else "b"), 2
    if two in _TWO:
        return _TWO[two], 2
    letter = small[place]
    return _SINGLE.get(letter, letter), 1


def _without_accents(word: str) -> str:
    """Without accents and breathings; the two dots stay, as they part two vowels."""
    apart = unicodedata.normalize("NFD", word)
    kept = "".join(one for one in apart if one == "\u0308" or not unicodedata.combining(one))
    return unicodedata.normalize("NFC", kept)
