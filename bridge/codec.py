"""How values stand in Redis: JSON, sealed with AES-256-GCM when a key is set, and keyed fingerprints.

Never pickle: whoever can write to Redis must not be able to run code here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bridge.commands import command
from bridge.errors import ConfigurationError, Damaged, Unreadable

_PLAIN = b"j"
_SEALED = b"s"
_ID_BYTES = 4
_NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: sorted names, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def make_key() -> str:
    """A new random key as it stands in a setting or key file: 32 bytes, base64."""
    return base64.b64encode(os.urandom(32)).decode()


def read_key(text: str) -> bytes:
    """The 32 bytes of a base64 key. Raises ConfigurationError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigurationError("encryption.key must be 32 random bytes in base64 (openssl rand -base64 32)")
    return key


class Codec:
    """Seals and opens values, and takes fingerprints of them.

    `keys`: the first seals, all open (so that a key can be changed while old values are still there); none
    at all leaves values readable. Each sealed value names its key and is bound to its place, so that a value
    moved to another place does not open; with a key, values that are not sealed do not open either: anybody
    could have written them. `pepper` (32 bytes) keys the fingerprints, so that nobody can compare one with
    guesses of the value; it is no encryption key, so that it can outlive those.
    """

    def __init__(self, keys: Sequence[str] = (), pepper: bytes = b"") -> None:
        self.pepper = pepper
        self.use(keys)

    def use(self, keys: Sequence[str]) -> None:
        """Seal and open with these keys from now on. Raises ConfigurationError."""
        raw = [read_key(key) for key in keys]
        self._ciphers = {_key_id(key): AESGCM(key) for key in raw}
        self._current = _key_id(raw[0]) if raw else None

    @property
    def seals(self) -> bool:
        """Whether values are encrypted."""
        return self._current is not None

    def seal(self, value: Any, place: str) -> bytes:
        """Write a JSON value for the place where it will stand (part of what is authenticated)."""
        text = canonical(value)
        if self._current is None:
            return _PLAIN + text
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, text, place.encode())
        return _SEALED + self._current + nonce + sealed

    def open(self, blob: bytes, place: str, *, plain: bool = False) -> Any:
        """Read what `seal` wrote. Raises Unreadable when its key is not ours, Damaged when it was changed.

        `plain`: believe a value that is not sealed although there is a key. For `rekey` only.
        """
        is_plain = self.is_plain(blob)
        if is_plain and self.seals and not plain:
            raise Damaged(
                f"the value at {place} is not encrypted, although encryption.key is set: if that is new here,"
                f" run {command('rekey')}; if not, somebody else has written it"
            )
        with reading(place):
            return orjson.loads(blob[1:] if is_plain else self._decrypt(blob, place))

    def _decrypt(self, blob: bytes, place: str) -> bytes:
        key_id, rest = blob[1 : 1 + _ID_BYTES], blob[1 + _ID_BYTES :]
        cipher = self._ciphers.get(key_id)
        if blob[:1] != _SEALED or len(rest) <= _NONCE_BYTES:
            raise InvalidTag
        if cipher is None:
            raise Unreadable(
                f"a value in Redis is encrypted with key {key_id.hex()}, which is not configured;"
                " add it to encryption.old_keys"
            )
        return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], place.encode())

    def is_plain(self, blob: bytes) -> bool:
        """Whether a value stands there for everybody to read."""
        return blob[:1] == _PLAIN

    def is_current(self, blob: bytes) -> bool:
        """Whether a value stands as `seal` would write it now."""
        if self._current is None:
            return blob[:1] == _PLAIN
        return blob[:1] == _SEALED and blob[1 : 1 + _ID_BYTES] == self._current

    def digest(self, value: Any) -> str:
        """A keyed fingerprint of a JSON value: equal values, equal fingerprints; 32 hexadecimal digits."""
        return hashlib.blake2b(canonical(value), digest_size=16, key=self.pepper).hexdigest()

    def sign(self, value: Any) -> str:
        """An HMAC-SHA256 of a JSON value, with a key of its own that is derived from the pepper."""
        key = hmac.digest(self.pepper, b"signature", "sha256")
        return hmac.new(key, canonical(value), hashlib.sha256).hexdigest()


class reading:  # noqa: N801 - it reads like a function; made of a generator it would take half of the time
    """What is read here stands at a place in Redis, as the bridge writes it. Raises Damaged if not."""

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, _NOT_OURS):
            raise Damaged(
                f"the value at {self._place} was changed outside the bridge: restore Redis from a back-up, or"
                " delete that value and let it be found anew (see docs/operations.md)"
            ) from None


_NOT_OURS = (InvalidTag, ValueError, KeyError, TypeError, AttributeError)
"""What comes of a value that was cut off, or that is of another shape."""


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(b"id", digest_size=_ID_BYTES, key=key).digest()
