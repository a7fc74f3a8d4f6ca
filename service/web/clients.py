"""From which address a request comes: of proxies that are trusted, the one that they name (RFC 7239, 7.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

from bridge.config.settings import WebSettings

HANDED_ON = "X-Forwarded-For"
"""By which the process that listens for several companies tells a company's where a request comes from."""

_Address = IPv4Address | IPv6Address

_NODE = re.compile(
    r"\[(?P<in_brackets>[^\]]*)\](?::\w+)?|(?P<ipv4>[\d.]+)(?::\d+)?|(?P<ipv6>[\da-fA-F:.]+)", re.ASCII
)
"""An address, which may have a port (RFC 7239, 6; that X-Forwarded-For has one, too, is a habit of some)."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a term of RFC 9110, 5.6.2
_PAIR = re.compile(rf'({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*")')
_NEXT = re.compile(r"\s*([;,]|$)\s*")


class Clients:
    """Tells visitors apart, also those who come through proxies."""

    def __init__(self, settings: WebSettings) -> None:
        self._trusted = [ip_network(one) for one in settings.trusted_proxies]
        self._is_behind = settings.socket is not None

    def address(self, request: web.Request) -> str:
        """The last address on the way here that is no proxy of ours; "" where the connection has none.

        What a trusted proxy does not make out, or two headers tell differently, since one of them was sent by
        the visitor and only the other one is the proxy's, is the proxy's own address.
        """
        if self._is_behind:  # the process that listens has made it out
            return request.headers.get(HANDED_ON, "")
        peer = _address(request.remote or "")
        if peer is None or not self._trusts(peer):
            return str(peer) if peer else request.remote or ""
        said = {
            self._last(peer, way(",".join(request.headers.getall(name))))
            for name, way in _WAYS.items()
            if name in request.headers
        }
        return str(said.pop() if len(said) == 1 else peer)

    def _last(self, peer: _Address, way: _Way) -> _Address:
        """The last of those on the way that is not trusted; the first of all where everybody is."""
        found = peer
        for one in reversed(way):
            if one is None:
                return peer
            found = one
            if not self._trusts(one):
                break
        return found

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


_Way = Sequence[_Address | None]
"""The addresses from the visitor on, as proxies have added them; None for what is no address."""


def _listed(text: str) -> _Way:
    """The way of X-Forwarded-For."""
    return [_address(part.strip()) for part in text.split(",")]


def _forwarded(text: str) -> _Way:
    """The way of Forwarded (RFC 7239, 4). Where any of it cannot be read, nothing of it is.

    A visitor may begin a quoted string that ends within what the proxy adds, so that half of it is not read.
    """
    text, at = text.strip(), 0
    way: list[_Address | None] = [None]
    while at < len(text):
        pair = _PAIR.match(text, at)
        after = _NEXT.match(text, pair.end()) if pair else None
        if pair is None or after is None:
            return [None]
        if pair[1].lower() == "for":
            way[-1] = _address(pair[2].strip('"'))
        if after[1] == ",":
            way.append(None)
        at = after.end()
    return way


_WAYS = {"X-Forwarded-For": _listed, "Forwarded": _forwarded}


def _address(text: str) -> _Address | None:
    """An address without its port; one of IPv4 that came by IPv6 is one of IPv4 (RFC 4291, 2.5.5.2)."""
    node = _NODE.fullmatch(text)
    try:
        found = ip_address(node["in_brackets"] or node["ipv4"] or node["ipv6"]) if node else None
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
