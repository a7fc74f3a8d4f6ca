"""Reads the settings (environment over secret files over bridge.yaml) and says in words what is wrong."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bridge.config import exposure, sources
from bridge.config.section import FOLDER
from bridge.config.settings import AnyTarget, BridgeSettings, TargetSettings
from bridge.config.sources import Place, Source
from bridge.errors import ConfigurationError

DEFAULT_FILE = Path("bridge.yaml")

ANY_NAME, ANY_NUMBER = "<name>", "<number>"
"""Stand in the path of a setting for whatever a user names, and for the place in a list."""

_Model = TypeVar("_Model", bound=BaseModel)
_Target = TypeVar("_Target", bound=TargetSettings)


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> BridgeSettings:
    """All settings. Raises ConfigurationError with one line per problem, none of which shows a value.

    The file is `path`, else KENJO_BRIDGE_CONFIG, else ./bridge.yaml if it is there, else none. A relative
    `data_dir` starts at the file's folder, or without a file at the current one.
    """
    file, named_by = find_file(path, environ)
    source = sources.from_yaml(file, named_by) if file else Source()
    secret_folder = environ.get(sources.SECRETS_DIR)
    folder = Path(secret_folder) if secret_folder else None
    to_hide = exposure.files_to_hide(file, source.values, folder)
    under_targets = source.values.get("targets")
    targets = [str(name) for name in under_targets] if isinstance(under_targets, dict) else []
    if folder:
        source.add(sources.from_secret_files(folder, targets))
    source.add(sources.from_environment(environ, targets))
    values = BridgeSettings(**dict(_validate(_settings_from(source), source)))
    base = file.absolute().parent if file else Path.cwd()
    values = values.model_copy(update={"data_dir": base / values.data_dir})
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
    return _validate(model, source, remedies=False), source


def every_setting(
    model: type[BaseModel], prefix: Place = (), *, deep: bool = False
) -> Iterator[tuple[Place, FieldInfo]]:
    """The path and definition of each setting and group below a model, in order; a target is ANY_NAME.

    `deep`: also what is inside of lists, and of groups that may be left out.
    """
    for name, field in model.model_fields.items():
        place = (*prefix, field.alias or name)
        yield place, field
        kind: Any = field.annotation
        if get_origin(kind) is dict:
            kind, place = get_args(kind)[1], (*place, ANY_NAME)
        elif deep and get_origin(kind) is list:
            kind, place = get_args(kind)[0], (*place, ANY_NUMBER)
        elif deep and isinstance(kind, UnionType):
            kind = next((one for one in get_args(kind) if one is not type(None)), kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from every_setting(kind, place, deep=deep)


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting belongs into a secret file."""
    kinds = (field.annotation, *get_args(field.annotation))
    return any(SecretStr in (kind, *get_args(kind)) for kind in kinds)


def variable(place: Place) -> str:
    """The environment variable of a setting."""
    return sources.PREFIX + "__".join(place).upper().replace("-", "_")


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
        words = _Words(model, source, prefix, remedies=remedies)
        lines += [words.line(detail) for detail in error.errors(include_url=False, include_input=False)]
    if lines:
        raise ConfigurationError("\n".join(dict.fromkeys(lines)))
    return values


class _Words:
    """Says what pydantic found so that a person can act on it.

    `remedies`: what is missing can also be set elsewhere than in the file.
    """

    def __init__(self, model: type[BaseModel], source: Source, prefix: Place, *, remedies: bool) -> None:
        self._source = source
        self._prefix = prefix
        self._remedies = remedies
        self._fields = dict(every_setting(model, prefix, deep=True))

    def line(self, error: ErrorDetails) -> str:
        """One problem with the path of its setting and, if known, where it stands."""
        place = tuple(str(part) for part in error["loc"] if part != "[key]")
        origin = self._origin(place)
        sentence = self._sentence(error, (*self._prefix, *place))
        told = origin and not (error["type"] == "missing" and self._remedies)
        return f"{sentence} ({origin})" if told else sentence

    def _sentence(self, error: ErrorDetails, place: Place) -> str:
        dotted = ".".join(_printable(part) for part in place)
        match error["type"]:
            case "missing":
                return f"{dotted} is missing{self._remedy(place)}"
            case "extra_forbidden":
                return f"{dotted} is not a {self._word}{self._nearest(place)}"
            case "value_error":
                return f"{dotted} {error['ctx']['error']}"
            case "string_type":
                return f"{dotted} must be text"
            case "invalid_key":
                return f"a name in the group around '{dotted}' is not text"
            case "model_type" | "dict_type":
                return f"{dotted} must be a group of settings by name"
            case "list_type":
                return f"{dotted} must be a list"
        rule = re.sub(r"^(Input|String|Value) should", "must", error["msg"])
        return f"{dotted} {rule.partition(', unable to parse')[0]}"

    @property
    def _word(self) -> str:
        return "setting" if self._remedies else "word that can stand here"

    def _remedy(self, place: Place) -> str:
        if not self._remedies:
            return ""
        others = self._source.values.get("targets")
        if place[-1] == "kind" and isinstance(others, dict):
            names = [str(other) for other in others if other != place[1]]
            if near := difflib.get_close_matches(place[1], names, n=1, cutoff=0.75):
                return f"; did you mean the target {near[0]}?"
        field = self._fields.get(place)
        file = f" or as secret file {'__'.join(place)}" if field and is_secret(field) else ""
        return f": set it in bridge.yaml{',' if file else ' or'} as {variable(place)}{file}"

    def _nearest(self, place: Place) -> str:
        fields = {_named(other, place) for other in self._fields}
        known = sorted(".".join(other) for other in fields if other != place[: len(other)])
        if near := difflib.get_close_matches(".".join(place).lower(), known, n=1):
            return f"; did you mean {near[0]}?"
        if any(place[-1].startswith(f"{other[0]}_") for other in self._fields):
            return "; the parts of a variable's or file's name are joined by two underscores"
        beside = sorted(".".join(other) for other in fields if other[:-1] == place[:-1])
        return f"; there is: {', '.join(beside)}" if beside else ""

    def _origin(self, place: Place) -> str:
        """Where a setting stands; else one below it, else the group around it."""

        def fit(other: Place) -> tuple[bool, int]:
            return other[: len(place)] == place, -len(other) if len(other) > len(place) else len(other)

        origins = self._source.origins
        related = [other for other in origins if all(a == b for a, b in zip(other, place, strict=False))]
        return origins[max(related, key=fit)] if related else ""


def _named(known: Place, place: Place) -> Place:
    """The path of a setting with the user's own names, as far as they are in `place` too."""
    pairs = zip(known, place, strict=False)
    given = tuple(part if one in (ANY_NAME, ANY_NUMBER) else one for one, part in pairs)
    return (*given, *known[len(given) :])


def _printable(part: str) -> str:
    """A name as far as it looks like one: what follows may be a value that was written in its place."""
    name = re.match(r"[\w.-]{0,60}", part)
    return part if name and name.group() == part else f"{name.group() if name else ''}…"
