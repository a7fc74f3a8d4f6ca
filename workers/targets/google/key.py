"""Signing in with a service account's key and domain-wide delegation (RFC 7523); google-auth signs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from bridge.errors import BridgeError, ConfigurationError, TargetHalted
from bridge.wire.answer import Answer
from bridge.wire.http import Http
from bridge.wire.parsing import parse
from bridge.wire.tokens import classify_sign_in, exchange
from workers.targets.google.settings import GoogleSettings

if TYPE_CHECKING:
    from google.auth.crypt import Signer

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens come from
LIFETIME = 3600
"""Seconds for which an assertion is valid: the longest that Google takes."""

MENU = "Security > Access and data control > API controls > Manage Domain Wide Delegation"


@dataclass(frozen=True, slots=True)
class Key:
    """A service account's key. `url` is where it signs in."""

    email: str
    client_id: str
    id: str
    url: str
    signer: Signer = field(repr=False)


def read_key(settings: GoogleSettings) -> Key:
    """The key of the settings. Raises ConfigurationError that says what is wrong, and shows nothing of it."""
    try:
        from google.auth.crypt import RSASigner  # an extra that other targets do not need
    except ImportError:
        raise ConfigurationError(
            'a target of the kind google needs google-auth: pip install "kenjo-bridge[google]"'
        ) from None
    where, text = _text(settings)
    try:
        info = json.loads(text)
        if info["type"] != "service_account":
            raise KeyError
        signer = RSASigner.from_service_account_info(info)  # type: ignore[no-untyped-call]
        email, client = str(info["client_email"]), str(info.get("client_id") or "")
    except (ValueError, TypeError, LookupError):
        raise ConfigurationError(
            f"{where} is not a service account's key: create one in the Google Cloud console (IAM & Admin >"
            " Service Accounts > Keys > Add key > JSON) and give it as it is"
        ) from None
    url = settings.token_url or str(info.get("token_uri") or TOKEN_URL)
    return Key(email, client, str(info.get("private_key_id") or ""), url, signer)


def _text(settings: GoogleSettings) -> tuple[str, str]:
    """Where the key stands, and its JSON text."""
    if settings.credentials_json is not None:
        return "credentials_json", settings.credentials_json.get_secret_value()
    path = settings.credentials_file
    try:
        return str(path), path.read_text("utf-8") if path else ""
    except OSError as error:
        raise ConfigurationError(f"the key file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        return str(path), ""


class Undelegated(TargetHalted):
    """The key may not act in the administrator's name, or not with all the scopes."""


class SignIn:
    """Fetches tokens for one administrator and these scopes. `http` is to post to the key's address."""

    def __init__(self, http: Http, key: Key, admin: str, scopes: Sequence[str]) -> None:
        self._http = http
        self._key = key
        self._admin = admin
        self._scopes = scopes

    @property
    def name(self) -> str:
        """Tells its tokens apart from those of another key, administrator or set of scopes."""
        parts = "\n".join((self._key.url, self._key.email, self._key.id, self._admin, *self._scopes))
        return blake2b(parts.encode(), digest_size=16).hexdigest()

    async def fetch(self) -> tuple[str, float | None]:
        """A token, and the seconds that it lives. Raises Undelegated, TargetHalted and TryLater."""
        return await self._ask(self._scopes)

    async def missing(self) -> list[str]:
        """Those scopes for which alone no token is given. Raises TryLater."""
        refused = []
        for scope in self._scopes:
            try:
                await self._ask([scope])
            except Undelegated:
                refused.append(scope)
        return refused

    async def _ask(self, scopes: Sequence[str]) -> tuple[str, float | None]:
        try:
            return await exchange(self._http, "", {"grant_type": GRANT, "assertion": self._assertion(scopes)})
        except Undelegated as error:
            raise Undelegated(self._how_to_delegate(str(error))) from None

    def _assertion(self, scopes: Sequence[str]) -> str:
        from google.auth import jwt  # see read_key

        now = int(time.time())
        claims = {
            "iss": self._key.email,
            "sub": self._admin,
            "scope": " ".join(scopes),
            "aud": self._key.url,
            "iat": now,
            "exp": now + LIFETIME,
        }
        signed: bytes = jwt.encode(self._key.signer, claims)  # type: ignore[no-untyped-call]
        return signed.decode()

    def _how_to_delegate(self, what: str) -> str:
        return (
            f"{what}: in the Admin console, {MENU}, add the client id {self._key.client_id} with the scopes"
            f" {', '.join(self._scopes)}; it can take some hours until that counts"
        )


def classify_token(answer: Answer, said: str) -> BridgeError | None:
    """What an answer of the token endpoint means (RFC 6749, section 5.2, and what Google means by it)."""
    error = classify_sign_in(answer, said)
    if not isinstance(error, TargetHalted):
        return error
    match _code(answer):
        case "unauthorized_client":
            return Undelegated(
                "Google does not let this key act in the name of `admin` (unauthorized_client)"
            )
        case "invalid_grant":
            words = f" ({said})" if said else ""
            return TargetHalted(
                f"Google refused the sign-in{words}: see that `admin` is a user who is not suspended, that"
                " the key has not been deleted, and that this machine's clock is right"
            )
    return error


def _code(answer: Answer) -> Any:
    try:
        body = parse(answer.body)
    except ValueError:
        return None
    return body.get("error") if isinstance(body, dict) else None
