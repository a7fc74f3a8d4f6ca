"""Just enough of BER (X.690) to speak LDAP (RFC 4511 section 5.1) from the server's side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = 0x02, 0x04, 0x0A, 0x30, 0x31
_CONSTRUCTED = 0x20


@dataclass(frozen=True, slots=True)
class Node:
    """One value: its tag, and the octets in it."""

    tag: int
    octets: bytes

    @property
    def parts(self) -> list[Node]:
        """The values within."""
        found, rest = [], self.octets
        while rest:
            node, rest = _first(rest)
            found.append(node)
        return found

    @property
    def text(self) -> str:
        return self.octets.decode()

    @property
    def number(self) -> int:
        return int.from_bytes(self.octets, "big", signed=True)


def parsed(message: bytes) -> Node:
    """A whole value. Raises ValueError for anything behind it."""
    node, rest = _first(message)
    if rest:
        raise ValueError("more than one value")
    return node


def _first(octets: bytes) -> tuple[Node, bytes]:
    size, start = octets[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(octets[2:start], "big")
    if len(octets) < start + size:
        raise ValueError("cut off")
    return Node(octets[0], octets[start : start + size]), octets[start + size :]


def value(tag: int, *parts: bytes) -> bytes:
    """A value of a tag with these octets in it."""
    octets = b"".join(parts)
    size = len(octets)
    if size < 0x80:
        return bytes([tag, size]) + octets
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + octets


def octets(text: str | bytes, tag: int = OCTETS) -> bytes:
    """A string."""
    return value(tag, text.encode() if isinstance(text, str) else text)


def integer(number: int, tag: int = INTEGER) -> bytes:
    """A number."""
    return value(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def message(id_: int, operation: bytes, controls: Sequence[bytes] = ()) -> bytes:
    """An LDAPMessage."""
    return value(SEQUENCE, integer(id_), operation, *([value(0xA0, *controls)] if controls else []))


def result(tag: int, code: int, text: str = "", *more: bytes) -> bytes:
    """An LDAPResult (RFC 4511 section 4.1.9)."""
    return value(tag, integer(code, ENUMERATED), octets(""), octets(text), *more)


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One message, empty at the end."""
    tag = await reader.read(1)
    if not tag:
        return b""
    size = await reader.readexactly(1)
    more = await reader.readexactly(size[0] & 0x7F) if size[0] & 0x80 else b""
    length = int.from_bytes(more or size, "big")
    return tag + size + more + await reader.readexactly(length)
