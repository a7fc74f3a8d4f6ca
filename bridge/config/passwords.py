"""Hashes of passwords, by scrypt (RFC 7914): what is stored tells nobody the password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
"""32 MiB and about a tenth of a second for each try."""

_FORM = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})")
_MOST = 2**17
"""The highest cost that is accepted: 128 MiB."""


def hashed(password: str) -> str:
    """A new hash: `scrypt$<log2 of the cost>$<block size>$<parallelism>$<salt>$<key>`."""
    salt = secrets.token_bytes(16)
    key = _key(password, salt, _COST, _BLOCK, _PARALLEL)
    return f"scrypt${_COST.bit_length() - 1}${_BLOCK}${_PARALLEL}${_text(salt)}${_text(key)}"


def is_hash(text: str) -> bool:
    """Whether this is one that `matches` can compare with."""
    found = _FORM.fullmatch(text)
    return found is not None and 2 ** int(found[1]) <= _MOST and 0 < int(found[2]) <= _BLOCK


def matches(password: str, hash_: str) -> bool:
    """Whether it is the password of a hash; False for what is no hash."""
    found = _FORM.fullmatch(hash_)
    if found is None or not is_hash(hash_):
        return False
    try:
        salt, key = _bytes(found[4]), _bytes(found[5])
        tried = _key(password, salt, 2 ** int(found[1]), int(found[2]), int(found[3]))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(tried, key)


def _key(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 128 * cost * block * 2
    secret = password.encode()
    return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=parallel, maxmem=memory, dklen=32)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
