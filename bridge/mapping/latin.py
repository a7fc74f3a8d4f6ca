"""Names of many scripts in ASCII, by the rules of a language. Null in, null out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from anyascii import anyascii

from bridge.mapping.arguments import Unusable, normal, text
from bridge.mapping.greek import latin_for_greek

_LETTERS: Mapping[str, str] = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    "ъ": "", "ь": "",  # they are not spoken, they only change the letter before
    "ا": "a",
    **dict.fromkeys("‘’´`", "'"), **dict.fromkeys("–—‐‑", "-"),
}  # fmt: skip
"""What holds in all languages. Small letters; a capital is spelled alike."""

_APOSTROPHES = ("'", "’", "ʼ")
_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue"}
_DANISH = {"å": "aa", "ø": "oe"}
_SERBIAN = {
    "ж": "z", "љ": "lj", "њ": "nj", "ћ": "c", "ц": "c", "ч": "c", "џ": "dz", "ш": "s", "х": "h", "ђ": "dj",
}  # fmt: skip
RULES: Mapping[str, Mapping[str, str]] = {
    "de": _GERMAN,
    "da": _DANISH,
    "nb": _DANISH,
    "nn": _DANISH,
    "no": _DANISH,
    "bg": {"ъ": "a", "ь": "y", "щ": "sht", "ц": "ts", "ю": "yu", "я": "ya", "й": "y", "х": "h"},
    "mk": {**_SERBIAN, "ѓ": "gj", "ќ": "kj", "ѕ": "dz"},
    "ru": {"ъ": "ie", "ё": "e", "й": "i", "ю": "iu", "я": "ia", "э": "e", "щ": "shch", "х": "kh", "ц": "ts"},
    "sr": _SERBIAN,
    "uk": {
        "г": "h", "ґ": "g", "и": "y", "і": "i", "ї": "i", "є": "ie", "й": "i", "ю": "iu", "я": "ia",
        "х": "kh", "щ": "shch", "ц": "ts", **dict.fromkeys(_APOSTROPHES, ""),
    },
}  # fmt: skip
"""Where a language spells letters in its own way: Bulgaria's law of 2009, Ukraine's decree 55 of 2010, ICAO
Doc 9303 for Russian, Serbian Latin without its accents."""

_FIRST: Mapping[str, Mapping[str, str]] = {
    "uk": {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"},
}
"""What differs where a word begins."""

_PLAIN = "az ca cs el es et fi fr ga hr hu is it lt lv mt nl pl pt ro sk sl sq sv tr"
LANGUAGES = frozenset({*RULES, *_PLAIN.split()})
"""Languages by their ISO 639-1 code. Those without rules of their own lose accents: ö is o."""

_NO_SLUG = re.compile(r"[^a-z0-9]+")


def transliterate(value: str | None, language: str = "de") -> str | None:
    """In ASCII: ä as ae in German, a in most other languages, and other scripts as they are spoken.

    What is no letter and has no likeness in ASCII is left out. Raises Unusable for a letter that nobody can
    spell, so that none gets lost unseen.
    """
    if value is None:
        return None
    if wrong := language_problem(text(language)):
        raise Unusable(wrong)
    spelled, whole = spelled_out(normal(value), language)
    if not whole:
        raise Unusable("was given a letter that has no spelling in ASCII")
    return spelled


def slug(value: str | None, language: str = "de") -> str | None:
    """As it may stand before the @ of an address: small letters and digits of ASCII, hyphens for the rest."""
    if value is None:
        return None
    return _NO_SLUG.sub("-", str(transliterate(value, language)).lower()).strip("-")


def language_problem(language: str) -> str:
    """What is wrong with a language of letters; "" when nothing is."""
    return (
        "" if language in LANGUAGES else f"knows no such language (there is: {', '.join(sorted(LANGUAGES))})"
    )


def spelled_out(composed: str, language: str = "de") -> tuple[str, bool]:
    """A text in ASCII, and whether each of its letters has a spelling. Raises nothing."""
    if composed.isascii() and language != "uk":
        return composed.replace("`", "'"), True
    given = latin_for_greek(composed)
    found = [_by_rule(given, place, language) for place in range(len(given))]
    lost = [sign for sign, spelled in zip(given, found, strict=True) if spelled is None and _is_letter(sign)]
    return "".join(filter(None, found)), not lost


def _by_rule(given: str, place: int, language: str) -> str | None:
    """How the letter at a place is spelled, None where it cannot be."""
    letter, small = given[place], given[place].lower()
    before = given[max(place - 1, 0) : place].lower()
    if language == "uk" and small == "г" and before == "з":
        spelled: str | None = "gh"  # zh is another letter
    elif small in _FIRST.get(language, {}) and not before.isalpha() and before not in _APOSTROPHES:
        spelled = _FIRST[language][small]
    else:
        spelled = RULES.get(language, {}).get(small, _LETTERS.get(letter, _LETTERS.get(small)))
    if spelled is None:
        return letter if letter.isascii() else _by_sound(given, place)
    return (
        spelled if letter == small or letter in _LETTERS else _as_around(spelled.capitalize(), given, place)
    )


def _by_sound(given: str, place: int) -> str | None:
    """A letter without its accents if that is ASCII, else as it is spoken; None for neither."""
    letter = given[place]
    apart = unicodedata.normalize("NFKD", letter)
    bare = "".join(one for one in apart if not unicodedata.combining(one))
    if bare.isascii() and bare:
        return bare
    if unicodedata.category(letter)[0] not in "LNM":
        return apart.encode("ascii", "ignore").decode() or None
    spelled = anyascii(letter).replace("`", "'")
    return (_as_around(spelled, given, place) if letter.isupper() else spelled) or None


def _as_around(spelled: str, given: str, place: int) -> str:
    """In capitals where the letters around are: ÄRZTE is AERZTE, Ärzte is Aerzte."""
    around = given[place + 1 : place + 2] or given[max(place - 1, 0) : place]
    return spelled.upper() if around.isupper() else spelled


def _is_letter(sign: str) -> bool:
    """Whether something is lost with it. Letters of the kind Lm only change the one before."""
    category = unicodedata.category(sign)
    return category[0] in "LN" and category != "Lm"
