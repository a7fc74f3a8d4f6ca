"""Values that must not be repeated, and the many spellings in which a server may repeat them. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bridge.mapping.latin import spelled_out as in_ascii
from bridge.spelling import composed
from bridge.wire.public_names import PUBLIC

WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
LONGEST_WORD = 64
"""Letters of a word; what is longer is a token or a dump, and is never shown."""

_PART = 4  # letters from which on a value is also found inside a longer word: `mueller` in `amueller2`
_MOST_NODES = 100_000
_MOST_LETTERS = 1_000_000
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_SMALL_CODE = re.compile(r"[a-z]{2}")
_ASCII = re.compile(r"[a-z0-9]+")
_SYNTAX = ("path", "filter", "attributes", "excludedAttributes", "sortBy", "schemas")
"""Where names of attributes stand as values; what is quoted there is a value all the same."""
_QUOTED = re.compile(r'"[^"]*"')
_NEXT = r"[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"  # an octet that goes on with a letter (RFC 3629 section 3)
_MISREAD = re.compile(f"[\xc2-\xdf]{_NEXT}|[\xe0-\xef]{_NEXT}{{2}}|[\xf0-\xf4]{_NEXT}{{3}}")


def spelled_out(text: str) -> str:
    """A text without the escapes of HTML, JSON and addresses, and without invisible characters."""
    for _ in range(2):
        text = html.unescape(text)
        text = unquote(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text), errors="replace")
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = "".join(_shown(letter) for letter in unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", shown)


def decoded_well(text: str) -> str:
    """`MÃ¼ller` is `Müller` whose UTF-8 was read as Latin-1 or as Windows-1252."""
    return composed(_MISREAD.sub(_letter, text))


def _letter(match: re.Match[str]) -> str:
    """The letter that was read as two to four characters, or an accent; what gives none is left as it is."""
    misread, before = match[0], match.string[max(match.start() - 1, 0) : match.start()]
    octets = b"".join(one.encode("latin-1" if one <= "\xff" else "cp1252") for one in misread)
    try:
        letter = octets.decode()
    except UnicodeError:
        return misread
    fits = letter.isalpha() or len(unicodedata.normalize("NFC", before + letter)) == len(before)
    return letter if fits else misread


def _shown(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf":
        return ""
    return " " if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Zs") else letter


def spellings(word: str) -> set[str]:
    """A word without case and accents, with umlauts spelled as one letter and as two."""
    folded = word.casefold()
    if folded.isascii():
        found = {folded}
    else:
        letters = unicodedata.normalize("NFKD", folded)
        found = {"".join(letter for letter in letters if not unicodedata.combining(letter))}
        whole = unicodedata.normalize("NFC", folded)
        nordic = whole.replace("å", "aa")
        found |= {in_ascii(each)[0].casefold() for each in (whole, nordic)}
    return {*found, *(_one_letter(each) for each in found)} - {""}


def _one_letter(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


class Private:
    """The values of a JSON value, to be found again in a text.

    `too_much`: there are more than can be looked at, so that nothing can be called free of them.
    """

    def __init__(self, sent: Any) -> None:
        self.names: set[str] = set()
        self.too_much = False
        self._words: set[str] = set()
        self._whole: set[str] = set()  # not looked for inside of longer words: `work` is in every network
        self._numbers: set[str] = set()
        for text in self._texts(sent):
            for form in {text, decoded_well(text)}:
                self._add(form)

    def hides(self, word: str) -> bool:
        """Whether a word of a text is, or has in it, one of the values."""
        if word in PUBLIC or word in self.names:
            return False
        if len(word) > LONGEST_WORD:
            return True
        forms = spellings(word)
        return any(form in self._words or form in self._whole or self._within(form) for form in forms)

    def hides_number(self, digits: str) -> bool:
        """Whether digits are those of one of the values, without what stands between them."""
        return digits.lstrip("0") in self._numbers

    def _within(self, form: str) -> bool:
        shortest = _PART if form.isascii() else 2  # other scripts write no blanks, or short names
        ends = range(shortest, len(form) + 1)
        return any(form[start:end] in self._words for end in ends for start in range(end - shortest + 1))

    def _texts(self, sent: Any) -> Iterator[str]:
        """All values as text, and those names of fields that may be values; at most so many."""
        waiting: list[tuple[str, Any]] = [("", sent)]
        nodes = letters = 0
        while waiting:
            name, value = waiting.pop()
            nodes += 1
            if isinstance(value, Mapping):
                waiting += [(str(key), inner) for key, inner in value.items()]
                yield from self._values_among(map(str, value))
            elif isinstance(value, list | tuple | set | frozenset):
                waiting += [(name, inner) for inner in value]
            elif isinstance(value, str | int | float) and not isinstance(value, bool):
                letters += len(text := str(value))
                yield from self._of_syntax(text) if name in _SYNTAX else (text,)
            if nodes > _MOST_NODES or letters > _MOST_LETTERS or len(waiting) > _MOST_NODES:
                self.too_much = True
                return

    def _values_among(self, names: Iterator[str]) -> Iterator[str]:
        """A field has a name in small letters with a capital inside, a known one, or one of a schema."""
        for name in names:
            if name.isidentifier() and name[:1].islower() and (not name.islower() or name.startswith("c_")):
                self.names.add(name)
            elif name.startswith("urn:"):
                self.names.update(WORD.findall(name))
            elif name not in PUBLIC:
                yield name

    def _of_syntax(self, text: str) -> Iterator[str]:
        self.names.update(WORD.findall(_QUOTED.sub(" ", text)))
        yield from _QUOTED.findall(text)

    def _add(self, text: str) -> None:
        if _SMALL_CODE.fullmatch(text):
            return  # a language or a country
        found = [word for word in WORD.findall(text) if len(word) <= LONGEST_WORD]
        if len(found) > 1 and len(joined := "".join(found)) <= LONGEST_WORD:
            found.append(joined)
        for word in found:
            if word.isdigit():
                self._numbers.add(word.lstrip("0"))
            if word in PUBLIC:
                self._whole |= spellings(word)
            elif len(word) > 1 or not word.isascii():
                self._words |= spellings(word)
                self._words.update(part for part in _ASCII.findall(word.casefold()) if len(part) > 2)
        digits = "".join(letter for letter in text if letter.isdigit())
        if digits and len(digits) * 2 >= len(text.replace(" ", "")):
            self._numbers.add(digits.lstrip("0"))
        if text.lstrip().startswith(("+", "00")):  # a phone's: also without its country
            self._numbers |= {digits.lstrip("0")[length:].lstrip("0") for length in (1, 2, 3)}
        self._numbers.discard("")
