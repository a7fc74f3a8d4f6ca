"""The settings of an API that a profile describes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from bridge.codec import canonical
from bridge.config.addresses import http_address
from bridge.config.section import beside_the_file
from bridge.config.settings import HttpTarget, TargetSettings
from bridge.config.sources import Source
from bridge.config.target_settings import Needed, Secret
from bridge.errors import ConfigurationError
from bridge.model import Kind
from bridge.printable import did_you_mean
from workers.targets.rest.compiled import Compiled, Objects
from workers.targets.rest.compiling import compiled
from workers.targets.rest.loading import built_in_name, is_file, load
from workers.targets.rest.profile import Profile

_FROM_PROFILE = {"rate": "rate", "create_shows_within": "shows_within"}
"""Settings whose default a profile knows better."""


class RestSettings(HttpTarget):
    """An HTTP API that a profile describes. `base_url` is needed only where it is not the profile's."""

    changes_nothing = TargetSettings.changes_nothing | {"secrets", "rates"}

    base_url: str = ""
    """The address of the API. Default: the profile's."""
    profile: str
    """`personio` or another built-in profile, or the path of a file: `./mytool.yaml`."""
    with_: dict[str, str] = Field(default_factory=dict, alias="with")
    """What the profile needs to know of your account, e.g. `{company: acme}`."""
    secrets: dict[str, Secret] = Field(default_factory=dict)
    """The credentials that the profile names, e.g. `{api_key: ...}`."""
    match: list[str] = Field(default_factory=list)
    """Attributes by which a person is looked up, one after the other. Default: the profile's."""
    match_groups: list[str] = Field(default_factory=list)
    """The same for groups."""
    rates: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Requests per second of those of which the tool takes fewer, by the profile's names: `{searches: 2}`.
    Default: the profile's."""
    timezone: str = "Europe/Berlin"
    """IANA time zone of the day that is sent, e.g. as the last one of somebody who left."""
    _compiled: Compiled = PrivateAttr()

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> Sequence[Needed]:
        """What its profile asks for."""
        try:
            profile, _ = load(str(given.get("profile", "")))
        except ConfigurationError:
            return ()
        asked = {("with", name): one.about for name, one in _needed(profile).items()}
        asked |= {("secrets", name): one.about for name, one in profile.secrets.items()}
        return [Needed(place, about) for place, about in asked.items() if not _is_given(given, *place)]

    @field_validator("profile")
    @classmethod
    def _starts_beside_the_file(cls, value: str, info: ValidationInfo) -> str:
        return str(beside_the_file(Path(value), info)) if is_file(value) else built_in_name(value)

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _as_the_profile_says(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """What the profile knows, laid under what is set. Raises ConfigurationError for a wrong profile."""
        settings = handler(value)
        profile, source = load(settings.profile)
        _check_given("with", settings.with_, _needed(profile), profile.settings)
        _check_given("secrets", settings.secrets, profile.secrets, profile.secrets)
        _check_given("rates", settings.rates, {}, profile.rates)
        made = compiled(profile, source, settings.with_, settings.map)
        update: dict[str, Any] = {
            name: getattr(profile, word)
            for name, word in _FROM_PROFILE.items()
            if name not in settings.model_fields_set
        }
        update["base_url"] = settings.base_url or _address(made, source)
        found = settings.model_copy(update=update)
        found._compiled = made  # noqa: SLF001 - no setting, but what they are about
        found.check_match()
        return found

    @model_serializer(mode="wrap")
    def _with_the_profile_itself(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Where it says what the target should hold, a changed profile is a changed setting."""
        dumped: dict[str, Any] = handler(self)
        if "profile" in dumped:
            dumped["profile"] = digest(self._compiled.profile)
        return dumped

    @property
    def compiled(self) -> Compiled:
        """The profile, ready to be used."""
        return self._compiled

    @property
    def all_rates(self) -> Mapping[str, float]:
        """Requests per second by the name of each of the profile's `rates`."""
        return {name: one.per_second for name, one in self._compiled.profile.rates.items()} | self.rates

    @property
    def credentials(self) -> tuple[object, ...]:
        """The values of the secrets."""
        return tuple(self.secrets.values())

    @property
    def looked_up_by(self) -> Sequence[str]:
        """What `match` names, or the profile."""
        return tuple(self.matched(self.compiled.people))

    def matched(self, objects: Objects) -> list[str]:
        """The attributes by which people or groups are looked up."""
        own = self.match if objects.kind is Kind.PERSON else self.match_groups
        return own or objects.spec.match

    def check_match(self) -> None:
        """See that what is looked up by is there. Raises ValueError."""
        for setting, objects in (("match", self.compiled.people), ("match_groups", self.compiled.groups)):
            for name in getattr(self, setting):
                if objects is None or name not in objects.fields:
                    raise ValueError(f"has in {setting} '{name}', which the profile does not know")


def digest(profile: Profile) -> str:
    """What of a profile says what the target should hold, in short."""
    content = profile.model_dump(mode="json", include={"settings", "lists", "people", "groups"})
    return hashlib.blake2b(canonical(content), digest_size=8).hexdigest()


def _is_given(given: Mapping[str, Any], setting: str, name: str) -> bool:
    group = given.get(setting)
    return isinstance(group, Mapping) and name in group


def _address(made: Compiled, source: Source) -> str:
    """The address that the profile gives. Raises ConfigurationError."""
    try:
        return http_address(made.base_url)
    except ValueError as error:
        filled = ", with what `with` gives," if "{" in made.profile.base_url else ""
        raise ConfigurationError(f"base_url ({source.origins['base_url',]}){filled} {error}") from None


def _needed(profile: Profile) -> dict[str, Any]:
    return {name: one for name, one in profile.settings.items() if one.default is None and not one.optional}


def _check_given(
    setting: str, given: Iterable[str], needed: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    """Raise ValueError for what the profile needs and is not given, or does not know."""
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there is: {', '.join(known) or 'nothing'}"
            raise ValueError(f"has {setting}.{name}, which its profile does not name{hint}")
    for name, one in needed.items():
        if name not in given:
            raise ValueError(f"needs {setting}.{name}: {one.about}")
