"""What a provider signs with, and what attackers do: by `cryptography` alone (RFC 7515, 7517 and 7518)."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

Claims = dict[str, Any]


@dataclass
class Signer:
    """A key under an id. `algorithm`: RS256, PS256 or ES256."""

    kid: str
    algorithm: str = "RS256"
    key: Any = None

    def __post_init__(self) -> None:
        if self.key is None and self.algorithm == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
        elif self.key is None:
            self.key = rsa.generate_private_key(65537, 2048)

    def signature(self, data: bytes) -> bytes:
        """RFC 7518, sections 3.3 to 3.5."""
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return bytes(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        pad = pss if self.algorithm == "PS256" else padding.PKCS1v15()
        return bytes(self.key.sign(data, pad, hashes.SHA256()))

    def jwk(self) -> Claims:
        """RFC 7518, section 6; without `alg`, as Entra ID has it."""
        common = {"kid": self.kid, "use": "sig"}
        numbers = self.key.public_key().public_numbers()
        if self.algorithm == "ES256":
            x, y = (base64url(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
            return {**common, "kty": "EC", "crv": "P-256", "x": x, "y": y}
        n, e = (base64url(one.to_bytes((one.bit_length() + 7) // 8, "big")) for one in (numbers.n, numbers.e))
        return {**common, "kty": "RSA", "n": n, "e": e}

    def pem(self) -> bytes:
        """The public key as text: what an attacker takes for the secret of HS256."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return bytes(self.key.public_key().public_bytes(serialization.Encoding.PEM, form))

    def token(self, claims: Claims, **header: Any) -> str:
        """A signed token (RFC 7515, section 3.1)."""
        head = {"alg": self.algorithm, "kid": self.kid, **header}
        head = {name: value for name, value in head.items() if value is not None}
        data = f"{_packed(head)}.{_packed(claims)}"
        return f"{data}.{base64url(self.signature(data.encode()))}"


def unsigned(claims: Claims) -> str:
    """RFC 7515, appendix A.5."""
    return f"{_packed({'alg': 'none'})}.{_packed(claims)}."


def hashed_with(secret: bytes, claims: Claims, kid: str) -> str:
    """HS256 with whatever secret."""
    data = f"{_packed({'alg': 'HS256', 'kid': kid})}.{_packed(claims)}"
    return f"{data}.{base64url(hmac.digest(secret, data.encode(), 'sha256'))}"


def _packed(value: Any) -> str:
    return base64url(json.dumps(value).encode())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


FIRST = Signer("first")
"""Made once: a key of 2048 bits takes a while."""
