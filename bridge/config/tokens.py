"""Tokens by which programs sign in, and the hashes that stand in the settings in their place.

A token is made here, of 256 random bits: nobody guesses it, so that its hash need not be slow as that of a
password has to be.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

PREFIX = "kenjo-bridge-"
"""What every token begins with, so that people and scanners of secrets know one where it should not be."""

_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_HASH = re.compile(r"sha256\$[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A new token: `kenjo-bridge-<43 letters, digits and signs>`."""
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What stands for a token in the settings: `sha256$<43 letters, digits and signs>`."""
    digest = hashlib.sha256(token.encode()).digest()
    return f"sha256${base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def is_token(text: str) -> bool:
    """Whether this has the form of a token of ours."""
    return _TOKEN.fullmatch(text) is not None


def is_token_hash(text: str) -> bool:
    """Whether this has the form of a hash of ours."""
    return _HASH.fullmatch(text) is not None


def is_of(token: str, hash_: str) -> bool:
    """Whether a hash is of this token, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(token_hash(token).encode(), hash_.encode())
