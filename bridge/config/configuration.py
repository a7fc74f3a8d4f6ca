"""Reads the settings (environment over secret files over bridge.yaml) and says in words what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bridge.config import exposure, sources
from bridge.config.accounts import Accounts, settings_of
from bridge.config.section import FOLDER
from bridge.config.settings import AnyTarget, BridgeSettings, TargetSettings
from bridge.config.sources import Place, Source
from bridge.config.words import Words
from bridge.errors import ConfigurationError

DEFAULT_FILE = Path("bridge.yaml")

_Model = TypeVar("_Model", bound=BaseModel)
_Target = TypeVar("_Target", bound=TargetSettings)


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> BridgeSettings:
    """All settings. Raises ConfigurationError with one line per problem, none of which shows a value.

    The file is `path`, else KENJO_BRIDGE_CONFIG, else ./bridge.yaml if it is there, else none. A relative
    `data_dir` starts at the file's folder, or without a file at the current one. Those of several companies
    are read by `bridge.config.companies`.
    """
    file, named_by = find_file(path, environ)
    source = settings_of(file, named_by)
    if isinstance(source, Accounts):
        raise ConfigurationError(
            f"{file} has the settings of several companies: say which one is meant with --company (there is:"
            f" {', '.join(sorted(source.by_name)) or 'none yet'})"
        )
    to_hide = exposure.files_to_hide(file, source.values, secrets_folder(environ))
    values = validated(source, environ)
    base = file.absolute().parent if file else Path.cwd()
    return placed(values.model_copy(update={"data_dir": base / values.data_dir}), base, to_hide)


def secrets_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder of secret files, if one is named."""
    named = environ.get(sources.SECRETS_DIR)
    return Path(named) if named else None


def validated(source: Source, environ: Mapping[str, str], company: str | None = None) -> BridgeSettings:
    """The settings of a source with secret files and the environment laid over it. Raises ConfigurationError.

    `company`: which one's these are among several; "" for what is common to them. One of them may have a
    folder of its name among the secret files.
    """
    under_targets = source.values.get("targets")
    targets = [str(name) for name in under_targets] if isinstance(under_targets, dict) else []
    if folder := secrets_folder(environ):
        source.add(sources.from_secret_files(folder, targets, company))
        if company and (folder / company).is_dir():
            source.add(sources.from_secret_files(folder / company, targets))
    source.add(sources.from_environment(environ, targets, company))
    found = _validate(_settings_from(source), source)
    return BridgeSettings(**{name: value for name, value in found if name in found.model_fields_set})


def placed(values: BridgeSettings, base: Path, to_hide: list[Path]) -> BridgeSettings:
    """The settings, which know that relative paths start at `base`. Raises ConfigurationError.

    `to_hide`: the files that hold their secrets.
    """
    if (redis := values.redis.beside(base)) != values.redis:
        values = values.model_copy(update={"redis": redis})
    values._folder = base  # noqa: SLF001 - no setting, but where they stand
    _see_who_can_read(values, to_hide)
    return values


def _see_who_can_read(values: BridgeSettings, files: list[Path]) -> None:
    """Note which secrets others can read. Raises ConfigurationError in production."""
    found = [sentence for path in files if (sentence := exposure.readable(path))]
    if not values.allow.readable_secrets:
        exposure.refuse_in_production(values, found, "allow.readable_secrets lets it pass")
        values._exposed = tuple(found)  # noqa: SLF001 - no setting, but a finding about them
    at_kenjo = exposure.plain_http("kenjo.base_url", values.kenjo.url, values)
    exposure.refuse_in_production(values, [at_kenjo], "or name its host in allow.plain_http")


def _settings_from(source: Source) -> type[BridgeSettings]:
    """The settings as pydantic-settings reads them, from our source alone.

    Its own sources decode a token of digits as a number, pass over variables that nobody knows and links in a
    secrets folder, and cannot tell where a value stands; docs/decisions/0005-sources-of-settings.md.
    """

    class Merged(PydanticBaseSettingsSource):
        def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
            return source.values.get(field_name), field_name, False

        def __call__(self) -> dict[str, Any]:
            return {str(name): value for name, value in source.values.items()}

    class Settings(BridgeSettings, BaseSettings):  # type: ignore[misc]  # a Section's config is a BaseSettings' too
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_own: PydanticBaseSettingsSource, **_more: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (Merged(settings_cls),)

    return Settings


def target_settings(
    name: str, any_target: AnyTarget, model: type[_Target], folder: Path | None = None
) -> _Target:
    """A target's settings, read by its kind's own model. Raises ConfigurationError like `load_settings`.

    Relative paths among them start at `folder`.
    """
    own = any_target.model_extra or {}  # first: one may be called like a property, such as `url`
    common = type(any_target).model_fields.items()
    given = any_target.model_fields_set
    raw = {
        **own,
        **{field.alias or name: getattr(any_target, name) for name, field in common if name in given},
    }
    return _validate(model, Source(raw), ("targets", name), {FOLDER: folder})


def read_file(path: Path, model: type[_Model]) -> tuple[_Model, Source]:
    """What stands in a YAML file of its own, and where. Raises ConfigurationError like `load_settings`."""
    source = sources.from_yaml(path)
    source.origins.setdefault((), str(path))  # where what is missing at the top would stand
    return _validate(model, source, remedies=False), source


def find_file(path: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[Path | None, str]:
    """The YAML file of the settings, None for none, and the variable that names it, "" for none."""
    if path is not None:
        return path, ""
    if named := environ.get(sources.CONFIG):
        return Path(named), sources.CONFIG
    return (DEFAULT_FILE if DEFAULT_FILE.exists() else None), ""


def _validate(
    model: type[_Model],
    source: Source,
    prefix: Place = (),
    context: Mapping[str, Any] | None = None,
    *,
    remedies: bool = True,
) -> _Model:
    lines = list(source.problems)
    try:
        is_whole = issubclass(model, BaseSettings)
        values = model() if is_whole else model.model_validate(source.values, context=context)
    except ValidationError as error:
        words = Words(model, source, prefix, remedies=remedies)
        lines += [words.line(detail) for detail in error.errors(include_url=False, include_input=False)]
    if lines:
        raise ConfigurationError("\n".join(dict.fromkeys(lines)))
    return values
