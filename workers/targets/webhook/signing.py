"""Signatures as the Standard Webhooks specification has them: `webhook-signature: v1,BASE64 v1,BASE64`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping, Sequence

from bridge.wire.http import Stamp

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
_SIZES = range(24, 65)
_REMEDY = "make one with: echo whsec_$(openssl rand -base64 32)"


def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError, with a sentence that shows nothing of it."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"must start with {PREFIX}; {_REMEDY}")
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"must be base64 behind {PREFIX}; {_REMEDY}") from None
    if len(key) not in _SIZES:
        raise ValueError(f"must be 24 to 64 bytes in base64 behind {PREFIX}; {_REMEDY}")
    return key


def stamp(keys: Sequence[bytes], clock: Callable[[], float] = time.time) -> Stamp:
    """Gives each attempt its time, and a signature by each of the keys; without keys the time alone."""

    def headers(sent: Mapping[str, str], body: bytes) -> dict[str, str]:
        timestamp = str(int(clock()))
        signed = b".".join((sent[ID].encode(), timestamp.encode(), body))
        signatures = " ".join(_signature(key, signed) for key in keys)
        return {TIMESTAMP: timestamp, **({SIGNATURE: signatures} if keys else {})}

    return headers


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
