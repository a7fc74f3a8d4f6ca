"""Every setting, with its unit and default. `bridge.config.configuration` reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PrivateAttr, SecretStr, field_validator

from bridge.config.addresses import http_address
from bridge.config.credentials import credential
from bridge.config.notice_settings import NoticeSettings
from bridge.config.redis_settings import RedisSettings
from bridge.config.section import Section
from bridge.config.target_settings import AnyTarget, BearerTarget, HttpTarget, Secret, TargetSettings
from bridge.config.web_settings import WebSettings

__all__ = [
    "AnyTarget",
    "BearerTarget",
    "BridgeSettings",
    "HttpTarget",
    "RedisSettings",
    "Secret",
    "TargetSettings",
    "WebSettings",
]

KENJO_URLS = {
    "sandbox": "https://sandbox-api.kenjo.io/api/v1",
    "production": "https://api.kenjo.io/api/v1",
}


class KenjoSettings(Section):
    """The Kenjo account that is watched."""

    environment: Literal["sandbox", "production"] = "sandbox"
    """Which Kenjo to ask; each has keys of its own."""
    base_url: str | None = None
    """Address to use instead of the environment's, up to and including `/api/v1`."""
    api_key: SecretStr | None = None
    """The API key, made in Kenjo under Settings > Integrations > API keys."""
    poll_interval: float = Field(60.0, ge=1.0)
    """Seconds from one poll to the next."""
    concurrency: int = Field(2, ge=1, le=10)
    """Requests to Kenjo at the same time."""
    timeout: float = Field(30.0, gt=0)
    """Seconds for one request to Kenjo, reading the whole answer included."""
    team_field: str | None = None
    """The field of the work section that names a person's teams; default: the first present of `teamIds`,
    `teamId` and `teams`."""

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        return None if value is None else http_address(value)

    @field_validator("api_key")
    @classmethod
    def _is_usable(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else credential(value)

    @property
    def url(self) -> str:
        """The address in use."""
        return self.base_url or KENJO_URLS[self.environment]


class RetrySettings(Section):
    """How long a record is tried again after passing faults of a target."""

    first: float = Field(1.0, gt=0)
    """Seconds before the second attempt; each further wait is twice as long, with jitter."""
    longest: float = Field(3600.0, gt=0)
    """Seconds that a wait never exceeds, unless the target asks for more (see `longest_pause`)."""
    attempts: int = Field(20, ge=1)
    """Attempts after which the record is failing and waits for a person."""
    longest_pause: float = Field(3600.0, ge=1.0, le=86400.0)
    """Seconds for which Kenjo or a target is left alone at most, however many it asks for."""


class EncryptionSettings(Section):
    """Keys that seal records in Redis (AES-256-GCM)."""

    key: SecretStr | None = None
    """32 random bytes in base64. Without one, a private Redis gets a key of its own in `data_dir`."""
    old_keys: list[SecretStr] = Field(default_factory=list)
    """Earlier keys, which still open what they sealed."""

    def texts(self) -> list[str]:
        """All keys, the one that seals first."""
        return [key.get_secret_value() for key in (self.key, *self.old_keys) if key]


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious level that is written."""
    format: Literal["auto", "json", "text"] = "auto"
    """`auto` writes text to a terminal and JSON elsewhere."""


class TracingSettings(Section):
    """Traces by OpenTelemetry, off unless set here or by OTEL_EXPORTER_OTLP_ENDPOINT."""

    endpoint: str | None = None
    """Where spans are sent by OTLP over HTTP, the whole address: `http://collector:4318/v1/traces`."""

    @field_validator("endpoint")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        return None if value is None else http_address(value)


class AllowSettings(Section):
    """What is refused where `kenjo.environment` is production, and else warned of, unless allowed here."""

    plain_http: list[str] = Field(default_factory=list)
    """Hosts that may be reached by plain http: `[scim.internal]`. This machine always may."""
    readable_secrets: bool = False
    """Whether secrets may stand in files that every user of the machine can read."""


_TARGET_NAME = re.compile(r"[a-z](?:[a-z0-9-]|_(?!_)){0,39}")


class BridgeSettings(Section):
    """All settings of one bridge."""

    kenjo: KenjoSettings = KenjoSettings()
    redis: RedisSettings = RedisSettings()
    timezone: str = "Europe/Berlin"
    """IANA time zone in which a person's first and last day begin and end, and in which times are told."""
    timezones: dict[str, str] = Field(default_factory=dict)
    """IANA time zones by office (its name or Kenjo id), for offices whose days begin at another time."""
    lead_days: int = Field(0, ge=0, le=365)
    """Days before their first day from which people are active, so that accounts are ready in time."""
    lookups: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Tables by name for `lookup("name", key)` in expressions: `{locations: {Berlin: BER}}`."""
    targets: dict[str, AnyTarget] = Field(default_factory=dict)
    """The targets by name. The name is used in the ledger, in metrics and in environment variables."""
    protected: list[str] = Field(default_factory=list)
    """Who is never deactivated or deleted: ids (Kenjo's, external ids, employee numbers), e-mail addresses,
    CEL expressions over `person`. `check` names entries that are nobody's."""
    retry: RetrySettings = RetrySettings()
    encryption: EncryptionSettings = EncryptionSettings()
    allow: AllowSettings = AllowSettings()
    web: WebSettings = WebSettings()
    notices: NoticeSettings = NoticeSettings()
    log: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()
    data_dir: Path = Path(".kenjo-bridge")
    """Folder of the private Redis; a relative path starts at the configuration file."""
    plan_lifetime: float = Field(86400.0, gt=0)
    """Seconds for which `sync --plan` carries out a signed plan (`plan --out`) after it was made."""
    shutdown_grace: float = Field(25.0, gt=0)
    """Seconds that running deliveries have to finish after SIGTERM."""
    _exposed: tuple[str, ...] = PrivateAttr(())
    _folder: Path | None = PrivateAttr(None)
    _company: str = PrivateAttr("")

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        if not _is_known(value):
            raise ValueError("is not an IANA time zone such as Europe/Berlin")
        return value

    @field_validator("timezones")
    @classmethod
    def _are_zones(cls, value: dict[str, str]) -> dict[str, str]:
        if wrong := [office for office, zone in value.items() if not _is_known(zone)]:
            raise ValueError(f"names for '{wrong[0]}' no IANA time zone such as Europe/Berlin")
        return value

    @field_validator("targets")
    @classmethod
    def _names_are_usable(cls, value: dict[str, AnyTarget]) -> dict[str, AnyTarget]:
        if wrong := [name for name in value if not _TARGET_NAME.fullmatch(name)]:
            raise ValueError(
                f"has the name '{wrong[0]}', but a name must be 1 to 40 lower-case letters, digits, '-' or"
                " single '_', and start with a letter"
            )
        return value

    @field_validator("data_dir")
    @classmethod
    def _is_whole(cls, value: Path) -> Path:
        if str(value).startswith("~"):
            raise ValueError("must not start with ~, which only a shell replaces: write the whole path")
        return value

    @property
    def exposed(self) -> tuple[str, ...]:
        """A sentence for each file with secrets that every user of the machine can read."""
        return self._exposed

    @property
    def folder(self) -> Path | None:
        """Where relative paths among the targets' settings start: the folder of the configuration file."""
        return self._folder

    @property
    def company(self) -> str:
        """Whose these settings are among several companies; "" where there is one."""
        return self._company

    @property
    def zone(self) -> ZoneInfo:
        """The default time zone."""
        return ZoneInfo(self.timezone)

    @property
    def office_zones(self) -> dict[str, ZoneInfo]:
        """The time zones of offices that have one of their own."""
        return {office: ZoneInfo(zone) for office, zone in self.timezones.items()}

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        yield "targets", sorted(self.targets)  # addresses may carry passwords


def _is_known(zone: str) -> bool:
    """Whether there is a time zone of this name; a list of all names takes 15 ms."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
