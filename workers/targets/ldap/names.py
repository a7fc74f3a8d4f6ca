"""Distinguished names (RFC 4514) and values in filters (RFC 4515): read, compared, written. Pure."""

from __future__ import annotations

import re

from bridge.spelling import folded

Rdn = frozenset[tuple[str, str]]
"""One step of a name, in the form in which it is compared: attributes and values."""

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*")
_PLAIN = re.compile(rb"[A-Za-z0-9]")


def steps(name: str) -> tuple[Rdn, ...]:
    """The steps of a name from the entry to the root, so that equal names are equal.

    Values are compared without regard to letter case, as directories compare those that names are made of.
    Raises ValueError for what is no name.
    """
    return tuple(
        frozenset(_pair(pair) for pair in _split(step, "+")) for step in _split(name, ",") if name.strip()
    )


def same(one: str, other: str) -> bool:
    """Whether two texts are the same name."""
    return steps(one) == steps(other)


def is_under(name: str, base: str) -> bool:
    """Whether a name is `base` or below it."""
    ours, above = steps(name), steps(base)
    return len(ours) >= len(above) and ours[len(ours) - len(above) :] == above


def first(name: str) -> str:
    """The first step of a name, as it is written."""
    return _split(name, ",")[0]


def parent(name: str) -> str:
    """The name of the entry above, as it is written."""
    return name[len(first(name)) + 1 :]


def value_of(name: str, attribute: str) -> str | None:
    """The value of an attribute in the first step of a name; None where it is none of it."""
    pairs = (pair.partition("=") for pair in _split(first(name), "+"))
    return next(
        (_value(value) for type_, _, value in pairs if type_.strip().lower() == attribute.lower()), None
    )


def rdn(attribute: str, value: str) -> str:
    r"""A first step. All but plain letters and digits is written as `\HH`, which every server reads."""
    return f"{attribute}={escaped(value.encode())}"


def escaped(value: bytes) -> str:
    """A value as it may stand in a name (RFC 4514 section 2.4) or a filter (RFC 4515 section 3)."""
    return "".join(chr(byte) if _PLAIN.match(bytes([byte])) else f"\\{byte:02x}" for byte in value)


def equal(attribute: str, *values: bytes | str) -> str:
    """A filter for entries in which an attribute has one of these values."""
    raw = (value.encode() if isinstance(value, str) else value for value in values)
    terms = [f"({attribute}={escaped(value)})" for value in raw]
    return terms[0] if len(terms) == 1 else f"(|{''.join(terms)})"


def _split(text: str, at: str) -> list[str]:
    """The parts between separators that are not escaped."""
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == at:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def _pair(text: str) -> tuple[str, str]:
    attribute, sign, value = text.partition("=")
    if not sign or not _ATTRIBUTE.fullmatch(attribute.strip()):
        raise ValueError("is no distinguished name such as ou=People,dc=example,dc=org")
    return attribute.strip().lower(), folded(_value(value))


def _value(text: str) -> str:
    """A value without its escapes; blanks around it are none of it unless they are escaped."""
    found, position = bytearray(), 0
    text = text.lstrip(" ")
    stripped = text.rstrip(" ")
    if stripped.endswith("\\") and len(stripped) < len(text):
        stripped += " "
    while position < len(stripped):
        if stripped[position] != "\\":
            found += stripped[position].encode()
            position += 1
        elif re.fullmatch(r"[0-9A-Fa-f]{2}", pair := stripped[position + 1 : position + 3]):
            found.append(int(pair, 16))
            position += 3
        else:
            found += stripped[position + 1 : position + 2].encode()
            position += 2
    return found.decode("utf-8", "replace")
