"""Where the state lives: one Redis, or the one that Sentinels name."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.config.section import Section

PREFIX = r"[a-z0-9][a-z0-9-]{0,39}"
"""How a prefix is spelled, and so a company's name, which is one."""

_FILES = ("ca_file", "cert_file", "key_file")


class RedisSettings(Section):
    """Where records, ledger and queues live."""

    url: SecretStr | None = None
    """`redis://`, `rediss://` or `unix://` address. Without one the bridge starts a private redis-server in
    `data_dir`. With `sentinels` it says how to speak to the primary (`rediss://USER:PASSWORD@any/0`), and its
    host is not used."""
    sentinels: list[str] = Field(default_factory=list)
    """Sentinels (`host:port`) that say which Redis is the primary now. Name all of them: the bridge believes
    what more than half of them say."""
    service: str = Field("mymaster", min_length=1)
    """What the Sentinels call the primary."""
    sentinel_user: str = ""
    """User of the Sentinels, where they want one."""
    sentinel_password: SecretStr | None = None
    """Password of the Sentinels, where they want one: it is another than that of Redis."""
    ca_file: Path | None = None
    """Certificates of the authority that signed Redis's (PEM), where the system does not know it."""
    cert_file: Path | None = None
    """The bridge's own certificate (PEM), where Redis asks its clients for one."""
    key_file: Path | None = None
    """The key of `cert_file` (PEM, without a password)."""
    prefix: str = Field("default", pattern=f"^{PREFIX}$")
    """Under which name this bridge keeps everything: its keys begin with `kenjo-bridge:2:` and this name.
    Several bridges on one Redis need one each."""

    @property
    def is_private(self) -> bool:
        """Whether none is configured, so that the bridge starts its own."""
        return self.url is None and not self.sentinels

    @property
    def address(self) -> str:
        """How Redis is spoken to; with Sentinels the host in it is nobody's."""
        return self.url.get_secret_value() if self.url else "redis://"

    def beside(self, folder: Path) -> Self:
        """The same, with relative paths that start at a folder."""
        files = {name: folder / path for name in _FILES if (path := getattr(self, name))}
        return self.model_copy(update=files)

    @field_validator("sentinels")
    @classmethod
    def _hosts_with_ports(cls, value: list[str]) -> list[str]:
        for one in value:
            host, colon, port = one.rpartition(":")
            if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
                raise ValueError("must be host:port, such as sentinel-1.example.com:26379")
        return value

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        scheme = self.address.partition(":")[0]
        if self.sentinels and scheme == "unix":
            raise ValueError(
                "url is a socket of this machine: with sentinels it has to be redis:// or rediss://"
            )
        if self.cert_file and not self.key_file:
            raise ValueError("cert_file needs its key: set key_file")
        if self.key_file and not self.cert_file:
            raise ValueError("key_file is the key of a certificate: set cert_file")
        files = [name for name in _FILES if getattr(self, name)]
        if files and scheme != "rediss":
            raise ValueError(f"{files[0]} is for TLS: write rediss:// in url")
        return self
