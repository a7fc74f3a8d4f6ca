"""How a value is written into a cell of a CSV file, and what keeps it from being written. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from bridge.mapping.arguments import Unusable, normal
from bridge.mapping.dates import format_date
from bridge.mapping.latin import spelled_out
from workers.targets.file.layout import Layout

CODECS = {"utf-8": "utf-8", "utf-8-bom": "utf-8", "windows-1252": "cp1252"}
"""The codecs of the encodings, without a byte order mark."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_DELIMITERS = ",;|"
"""At these programs split lines that have another one; a tabulator is in no value."""

_BEFORE = re.compile(r'["\s]*')
"""What may stand between such a delimiter and a formula: a quote in the middle of a value opens none."""

_NUMBERS = re.compile(r"\s*[+\-][\d\s()/.,\-]*", re.ASCII)
"""What begins like a formula and can name neither a function nor a cell: numbers, telephone numbers."""

_LONGEST = 32_767
"""Characters that a cell of a spreadsheet holds."""


def day(value: Any) -> date | None:
    """The date that a value is; Kenjo's are text such as 2026-03-01."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def plain(value: Any) -> str:
    """A value as one line of text; a list with commas. Importers read line by line."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(plain, value)))
    if isinstance(value, bool | dict):
        return orjson.dumps(value).decode()
    return _CONTROLS.sub(" ", str(value)).strip()


def number(value: float, decimal: str) -> str:
    """A number without exponent: 38.5, 40, 1000000."""
    text = format(Decimal(repr(value)), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", decimal)


def cell(value: Any, settings: Layout) -> str:
    """What stands in a cell of a CSV file, with its quotes."""
    if isinstance(value, bool):
        return _quoted(settings.booleans[value], settings)
    if isinstance(value, int | float):
        return _quoted(number(value, settings.decimal), settings)
    if day(value):
        return _quoted(str(format_date(value, settings.dates)), settings)
    text = plain(value)
    if settings.formulas == "guard":
        text = guarded(text, settings.delimiter)
    return _quoted(mapped(text, settings.encoding), settings, is_text=bool(text))


def guarded(text: str, delimiter: str) -> str:
    """The text with an apostrophe before what a spreadsheet that opens a CSV file would calculate.

    https://owasp.org/www-community/attacks/CSV_Injection names what such a text begins with. One that splits
    at another delimiter than the file's, whatever quotes there are, sees a cell begin behind that, too.
    """
    whole = f"'{text}" if _is_formula(text) else text
    others = "".join(one for one in _DELIMITERS if one != delimiter)
    first, *more = re.split(f"([{others}])", whole)
    return first + "".join(map(_guarded_part, more))


def _guarded_part(part: str) -> str:
    before = _BEFORE.match(part)
    begin = before.end() if before else 0
    return f"{part[:begin]}'{part[begin:]}" if _is_formula(part[begin:].rstrip('" ')) else part


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _NUMBERS.fullmatch(text)


def mapped(text: str, encoding: str) -> str:
    """A text in characters that an encoding has: composed, else without accent, else as a question mark."""
    codec = CODECS[encoding]
    if _can(text, codec):
        return text
    return "".join(
        one if _can(one, codec) else _like(one, codec) for one in unicodedata.normalize("NFC", text)
    )


def problem(value: Any, settings: Layout) -> str:
    """In words without the value, why it cannot be written; "" when it can."""
    text = plain(value)
    if settings.written_as == "xlsx":
        return f"is longer than {_LONGEST} characters" if len(text) > _LONGEST else ""
    if settings.written_as != "csv":
        return ""
    if settings.formulas == "refuse" and isinstance(value, str) and guarded(text, settings.delimiter) != text:
        return "has what a spreadsheet would take for a formula"
    return "" if _can(text, CODECS[settings.encoding]) else _unmappable(text, settings)


def _unmappable(text: str, settings: Layout) -> str:
    """Why a text cannot be mapped to characters that the encoding has; "" when it can."""
    try:
        composed = normal(text)
    except Unusable as error:
        return str(error)
    if settings.unmappable == "refuse" and not _can(composed, CODECS[settings.encoding]):
        return f"has a character that {settings.encoding} does not have"
    return ""


def _quoted(text: str, settings: Layout, *, is_text: bool = False) -> str:
    """As RFC 4180 has it; a blank at an end is kept by quotes, too."""
    wanted = settings.quoting == "all" or (settings.quoting == "text" and is_text)
    if wanted or settings.delimiter in text or '"' in text or text != text.strip():
        return '"{}"'.format(text.replace('"', '""'))
    return text


def _can(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _like(letter: str, codec: str) -> str:
    """The letter without its accents if the encoding has that, else as it is spelled in ASCII."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one))
    if bare and _can(bare, codec):
        return bare
    spelled, whole = spelled_out(letter, "en")
    return spelled if spelled and whole else "?"
