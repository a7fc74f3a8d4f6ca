"""Why no answer came, in words that say what to do. Pure.

No sentence has an address or a text of the error: either may carry a name, a key or a query.
"""

from __future__ import annotations

import errno
import socket
import ssl

import aiohttp

_TRUST = (
    ": have one made by a known authority, or name in the variable SSL_CERT_FILE a file with this machine's"
    " authorities and the one that made it"
)
_CERTIFICATE = {
    9: "is not valid yet: set the clocks of both machines right",
    10: "has expired: have it renewed there",
    18: f"is signed by itself{_TRUST}",
    19: f"is of an authority that this machine does not know{_TRUST}",
    20: f"is of an authority that this machine does not know{_TRUST}",
    21: f"is of an authority that this machine does not know{_TRUST}",
    62: "is for another name: write in the address the name that it is for",
    64: "is for another name: write in the address the name that it is for",
}
"""By OpenSSL's X509_V_ERR numbers (x509_vfy.h)."""
_NETWORK = (errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN)


def why(error: BaseException) -> str:
    """What follows "no answer", with the class of the error where nothing better is known."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f": its TLS certificate {_CERTIFICATE.get(cause.verify_code, 'is not valid' + _TRUST)}"
    if isinstance(cause, ssl.SSLError):
        return ": it does not speak TLS there: look whether the address wants http:// or another port"
    if isinstance(cause, socket.gaierror):
        return _unknown_name(cause)
    if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
        return ": nothing listens at this host and port: look whether address and port are right"
    if isinstance(cause, OSError) and cause.errno in _NETWORK:
        return ": there is no network to it: look at this machine's network, VPN and firewall"
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return f" ({type(error).__name__}): it hung up; if it speaks TLS there, the address wants https://"
    return f" ({type(error).__name__})"


def _cause(error: BaseException) -> BaseException:
    """What aiohttp has wrapped."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error


def _unknown_name(error: socket.gaierror) -> str:
    if error.errno == socket.EAI_AGAIN:
        return ": no name can be looked up now: look at this machine's network and DNS"
    return ": its name is not known: look for a misspelling in the address, or at this machine's DNS"
