"""Functions over people's names: how they are written, and of how many they are made. Null in, null out."""

from __future__ import annotations

import re

from bridge.mapping.arguments import Unusable, normal

_PARTICLES = "von vom zu zum zur van der den ter ten af av de del della di da das do dos du la las los y"
PARTICLES = frozenset(_PARTICLES.split())
"""Words within a name that are written small, and belong to the name that follows them."""

_JOINS = "y"  # Spanish: Ortega y Gasset are two names
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[\u0300-\u036f])*")
_BLANKS = re.compile(r"(\s+)")
_DOTTED = ("tr", "az")


def title_case(value: str | None, language: str = "") -> str | None:
    """A name as it is written: each part begins with a capital, but particles such as von and de la.

    What is in mixed case already (McDonald) stays. A particle at the end is a name. `language`: `tr` or `az`,
    where i and ı are two letters.
    """
    if value is None:
        return None
    if wrong := case_problem(language):
        raise Unusable(wrong)
    words = _BLANKS.split(normal(value))
    last = max((place for place, word in enumerate(words) if word.strip()), default=0)
    return "".join(
        word.lower() if place < last and word.lower() in PARTICLES else _capitalised(word, language)
        for place, word in enumerate(words)
    )


def case_problem(language: str) -> str:
    """What is wrong with a language of capitals; "" when nothing is."""
    return (
        ""
        if language in ("", *_DOTTED)
        else f"knows {', '.join(_DOTTED)} as languages with letters of their own"
    )


def family_names(value: str | None) -> list[str] | None:
    """The parts of a double name, each with its particles: de la Cruz Ruiz, Müller-Lüdenscheidt."""
    if value is None:
        return None
    found: list[str] = []
    before: list[str] = []
    for word in normal(value).replace("‐", "-").replace("-", " ").split():
        if word.lower() == _JOINS and found and not before:
            continue
        before.append(word)
        if word.lower() not in PARTICLES:
            found.append(" ".join(before))
            before = []
    return [*found, " ".join(before)] if before else found


def _capitalised(word: str, language: str) -> str:
    return _WORD.sub(lambda match: _capital(match[0], language), word)


def _capital(word: str, language: str) -> str:
    """With a capital, unless it is in mixed case already."""
    rest = word[1:]
    if not (word.isupper() or rest.islower() or not rest):
        return word
    if language in _DOTTED:
        first = "İ" if word[0] == "i" else word[0].upper()
        return first + rest.replace("I", "ı").replace("İ", "i").lower()
    # İ has no small letter of one character elsewhere; that of ß would be two capitals.
    return word[0].title() + rest.replace("İ", "i").lower()
