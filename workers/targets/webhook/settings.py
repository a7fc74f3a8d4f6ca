"""The settings of a webhook: where its receiver is, and how it knows that an event is ours."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from bridge.config.addresses import called_address, same_place
from bridge.config.settings import Secret, TargetSettings
from workers.targets.webhook.signing import ID, SIGNATURE, TIMESTAMP, key_of

_ORIGIN = re.compile(r"https?://[^/?]+", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)  # RFC 9110, section 5.6.2
_OURS = {
    ID,
    TIMESTAMP,
    SIGNATURE,
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
}
_URI_REFERENCE = re.compile(r"[\w.~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)  # RFC 3986, section 4.1


def _address(value: SecretStr) -> SecretStr:
    return SecretStr(called_address(value.get_secret_value()))


def _signing(value: SecretStr) -> SecretStr:
    key_of(value.get_secret_value())
    return value


def _header_value(value: SecretStr) -> SecretStr:
    """Unlike a token, it may have blanks in it: `Bearer abc`."""
    text = value.get_secret_value().strip()
    if not re.fullmatch(r"[\x20-\x7e]+", text):
        raise ValueError("must be one line of ASCII letters, digits and signs")
    return SecretStr(text)


SigningSecret = Annotated[Secret, AfterValidator(_signing)]
HeaderValue = Annotated[SecretStr, AfterValidator(_header_value)]


class WebhookSettings(TargetSettings):
    """A receiver of HTTP calls: n8n, Make, Zapier, Power Automate, or a program of your own."""

    url_setting = "url"
    changes_nothing = TargetSettings.changes_nothing | {
        "address", "secret", "old_secrets", "headers", "source", "content_type", "batch", "largest_event",
    }  # fmt: skip

    address: Annotated[SecretStr, AfterValidator(_address)] = Field(alias="url")
    """The address that events are posted to. It is kept secret, as some receivers carry a key in it; only its
    host is shown."""
    secret: SigningSecret | None = None
    """What events are signed with: `whsec_` and 24 to 64 random bytes in base64
    (`echo whsec_$(openssl rand -base64 32)`). By the same one the receiver knows that an event is ours."""
    old_secrets: list[SigningSecret] = Field(default_factory=list)
    """Secrets that events are signed with as well, while the receiver is given the new one."""
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    """Headers that each request carries, by name, for receivers that check one:
    `{"Authorization": "Bearer ..."}`."""
    source: str = "/kenjo-bridge"
    """The `source` of the events, by which a receiver tells them from those of others."""
    content_type: Literal["application/cloudevents+json", "application/json"] = "application/cloudevents+json"
    """`application/json` for receivers that read nothing else: n8n, Make, Zapier, Power Automate."""
    batch: int = Field(1, ge=1, le=100)
    """Events in one request at most. More than one sends a list of what is due at the same time, where the
    receiver takes that (`application/cloudevents-batch+json`). `rate` goes on to count events."""
    largest_event: int = Field(65_536, ge=1024)
    """Bytes of an event, and of a list of several, at most. A record whose event is larger is failing; mostly
    that is a group of more than 2,000 members."""

    timeout: float = Field(30.0, gt=0)
    """Seconds in which the receiver has to answer; some work on an event first."""

    @field_validator("headers")
    @classmethod
    def _are_free(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name in value:
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError("has a name that no header can have")
            if name.lower() in _OURS:
                raise ValueError(f"has '{name.lower()}', which the bridge gives itself")
        return value

    @field_validator("source")
    @classmethod
    def _is_a_reference(cls, value: str) -> str:
        if not _URI_REFERENCE.fullmatch(value):
            raise ValueError(
                "must be an address or a part of one, such as https://hr.example.com or /kenjo-bridge"
            )
        return value

    @property
    def keys(self) -> list[bytes]:
        """What events are signed with, the newest first."""
        secrets = [*([self.secret] if self.secret else []), *self.old_secrets]
        return [key_of(secret.get_secret_value()) for secret in secrets]

    @property
    def place(self) -> tuple[str, str]:
        """The address in two parts: scheme and host, and all that follows."""
        address = self.address.get_secret_value()
        origin = _ORIGIN.match(address)
        end = origin.end() if origin else 0
        return address[:end], address[end:]

    @property
    def url(self) -> str:
        """Scheme and host: what follows may be a key."""
        return self.place[0]

    @property
    def server(self) -> str:
        """The kind, the host, and the path in a form that tells nothing; a key in the query may change."""
        path = urlsplit(self.address.get_secret_value()).path
        return f"{self.kind} {self.url}/{hashlib.blake2b(path.encode(), digest_size=8).hexdigest()}"

    def shares(self, other: TargetSettings) -> bool:
        """Whether both call one address, its query included."""
        if not isinstance(other, WebhookSettings):
            return False
        one, two = self.address.get_secret_value(), other.address.get_secret_value()
        return same_place(one) == same_place(two) and urlsplit(one).query == urlsplit(two).query
