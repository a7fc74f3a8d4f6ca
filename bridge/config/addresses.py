"""Addresses of HTTP APIs in the configuration: which are taken, and which can be listened to on their way.

One rule for Kenjo and all targets. No sentence repeats an address: it may carry a password.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from urllib.parse import SplitResult, unquote, urlsplit

from yarl import URL

LONGEST = 2000
"""Characters. Servers should take 8000 (RFC 9110, 4.1); paths and filters that are appended need the rest."""


def http_address(text: str) -> str:
    """The address of an API, without a slash at its end; paths are appended to it.

    Raises ValueError with what is wrong: another scheme, a user or password, a query, a fragment, no host, a
    port that cannot be, or whatever else the HTTP client would refuse.
    """
    address = _checked(text)
    if "?" in address or "#" in address:
        raise ValueError("must end with its path: no ? or # and nothing behind them, as paths are appended")
    return address.rstrip("/")


def called_address(text: str) -> str:
    """An address that is called just as it stands, with its query. Raises ValueError as `http_address`."""
    address = _checked(text)
    if "#" in address:
        raise ValueError("must not have a # in it: what stands behind one is not sent")
    return address


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"must not be longer than {LONGEST} characters")
    address = text.strip()
    if not re.match(r"https?://[^/\s]", address, re.IGNORECASE):
        raise ValueError("must start with https:// (or http://)")
    see_printable(address)
    parts = _split(address)
    if "@" in parts.netloc:
        raise ValueError("must not have a user or password in it: keys and tokens have settings of their own")
    return address


def see_printable(address: str) -> None:
    """Raise ValueError for an address of whatever scheme with characters that none can have, or that act."""
    if not address.isprintable() or " " in address or "\\" in address:
        raise ValueError("must not have blanks, line breaks or backslashes in it")


def is_open_to_listeners(address: str) -> bool:
    """Whether what is sent there passes a network as it is: plain http or ldap to another machine."""
    parts = urlsplit(address)
    return parts.scheme.lower() in ("http", "ldap") and not _is_this_machine(parts.hostname or "")


def same_place(address: str) -> str:
    """What two addresses have in common that reach one API, however host, port and path are written.

    http and https at their usual ports count as one, because they are one server as a rule.
    """
    parts = urlsplit(address.strip())
    try:
        host, port = _one_spelling(parts.hostname or ""), parts.port
    except ValueError:
        return address.strip().casefold()
    path = posixpath.normpath(f"/{unquote(parts.path)}").strip("/")
    usual = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    return f"{host}{'' if usual else f':{port}'}/{path}".casefold()


def _one_spelling(host: str) -> str:
    """A host's name in ASCII, or its number in the short form."""
    name = host.rstrip(".")
    try:
        return ipaddress.ip_address(name).compressed
    except ValueError:
        return name.encode("idna").decode()


def host_of(address: str) -> str:
    """The host's name, in lower case and without its port."""
    return (urlsplit(address).hostname or "").lower()


def _split(address: str) -> SplitResult:
    """The parts. Raises ValueError for what the standard library or the HTTP client cannot read."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
        URL(address)
        (host or "").encode("idna")  # a part of a name has 1 to 63 characters (RFC 1035, 2.3.4)
    except ValueError:
        raise ValueError("is not an address such as https://example.com/scim/v2") from None
    if not host or port == 0 or parts.netloc.endswith(":"):
        raise ValueError("is not an address such as https://example.com/scim/v2")
    return parts


def _is_this_machine(host: str) -> bool:
    """By name or number, as RFC 6761, 6.3 and RFC 4291, 2.5.3 have it. No name is looked up."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
