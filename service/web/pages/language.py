"""The pages' words in English, German and Spanish. English is what stands in templates and code.

`words/<language>.yaml` has two parts. `texts`: what templates and pages say, by the English text.
`sentences`: what the rest of the bridge says, with its values filled in already; a part in braces stands for
any of them, `{n}` for a number, and is said in the language too, where that is a sentence or word of its own.
A part whose name begins with _ need not be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import re2
import yaml
from aiohttp import web

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
COOKIE = "kenjo-bridge-language"
PART = re.compile(r"\{(\w+)\}")
"""A part of a text that stands for something else."""

_LONGEST = 1000
"""Characters of a sentence that is looked for: what is longer was not said by the bridge."""


@dataclass(frozen=True, slots=True)
class Words:
    """Translations of one language: of whole texts, and of sentences with parts, the most telling first."""

    texts: Mapping[str, str]
    sentences: Sequence[tuple[Any, str]]


@cache
def words(language: str) -> Words:
    """All that there is in a language; nothing in English."""
    if language == "en":
        return Words({}, ())
    text = (resources.files(__package__) / "words" / f"{language}.yaml").read_text(encoding="utf-8")
    found = yaml.load(text, Loader=yaml.CSafeLoader)
    sentences: dict[str, str] = found["sentences"]
    counts = {text: said for text, said in found["texts"].items() if set(PART.findall(text)) == {"n"}}
    both = {**sentences, **counts}
    with_parts = sorted((one for one in both if PART.search(one)), key=_telling, reverse=True)
    return Words({**sentences, **found["texts"]}, [(_pattern(one), both[one]) for one in with_parts])


def _telling(sentence: str) -> int:
    """How much of a sentence is fixed: what has more of that is tried first."""
    return len(PART.sub("", sentence))


def _pattern(sentence: str) -> Any:
    """What matches a sentence with its values; in linear time, whatever a target has put there."""
    fixed = PART.split(sentence)
    text = "".join(_part(part) if odd % 2 else re2.escape(part) for odd, part in enumerate(fixed))
    return re2.compile(f"(?s){text}")


def _part(name: str) -> str:
    return f"(?P<{name}>{r'[0-9.,]+' if name == 'n' else '.+?'})"


@lru_cache(maxsize=4096)
def translated(language: str, text: str) -> str:
    """A text in a language. What has no translation stays as it is: a reason may come from a target."""
    there = words(language)
    if text in there.texts or len(text) > _LONGEST:
        return there.texts.get(text, text)
    for pattern, said in there.sentences:
        if match := pattern.fullmatch(text):
            return said.format(
                **{name: translated(language, part) for name, part in match.groupdict().items()}
            )
    return text


class Speaker:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **named: Any) -> str:
        """A text, with the parts in braces filled in."""
        said = translated(self.language, text)
        return said.format(**named) if named else said

    def many(self, one: str, several: str, number: int, **named: Any) -> str:
        """The text for one, or for several with `{n}`."""
        return self(one if number == 1 else several, n=self.number(number), **named)

    def number(self, value: float) -> str:
        """A whole number with the language's thousands separator; German and Spanish write 10.000."""
        text = f"{round(value):,}"
        return text if self.language == "en" else text.replace(",", ".")


def of(request: web.Request) -> str:
    """The language that was chosen, or the first one of the browser's that there is."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("Accept-Language", "")[:200].split(","):
        if (wished := part.split(";")[0].strip()[:2].lower()) in LANGUAGES:
            return wished
    return "en"
