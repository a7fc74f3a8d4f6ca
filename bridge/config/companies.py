"""The settings of several companies: each one's own, with what all of them share laid over it.

Why, and what follows from it: docs/decisions/0033-a-process-for-each-company.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge.config import exposure, sources
from bridge.config.accounts import ACCOUNTS, Account, Accounts, settings_of
from bridge.config.configuration import find_file, placed, secrets_folder, validated
from bridge.config.settings import BridgeSettings, RedisSettings, WebSettings
from bridge.config.sources import Place
from bridge.errors import ConfigurationError

PATH = "/c"
"""Below it stands each company's part of the pages and the API: `/c/acme/`."""

_ADDRESS = ("host", "port", "hosts", "base_path", "secure", "trusted_proxies")
"""The settings of `web` that say where the one server is."""

_COMMON = ("redis", "web", "log", "data_dir", "shutdown_grace")


@dataclass(frozen=True, slots=True)
class Company:
    """One company's settings, or a sentence for each thing that is wrong with them."""

    name: str
    values: BridgeSettings | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Companies:
    """All companies of a configuration. `common`: what they share; `remarks`: what is nobody's."""

    common: BridgeSettings
    by_name: Mapping[str, Company]
    remarks: tuple[str, ...] = field(default=())


def are_several(path: Path | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a configuration is one of several companies. Raises ConfigurationError if it is unreadable."""
    return isinstance(settings_of(*find_file(path, environ)), Accounts)


def load_companies(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, running: Iterable[str] = ()
) -> Companies:
    """All companies. What is wrong with one of them is its own problem.

    `running`: those to whom a Kenjo account, a place in Redis or a folder belongs that another one names,
    too. Raises ConfigurationError for what is common, and where there is one bridge only.
    """
    found = _accounts(path, environ)
    common = _common(found, environ)
    companies = {name: _company(found, common, name, environ) for name in found.by_name}
    first = [name for name in running if name in companies]
    return Companies(
        common,
        _apart({name: companies[name] for name in [*first, *sorted(companies.keys() - set(first))]}),
        (*found.problems, *_nobodys(found, environ)),
    )


def load_company(
    name: str, path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> BridgeSettings:
    """The settings of one company, as its process needs them. Raises ConfigurationError."""
    found = _accounts(path, environ)
    if name not in found.by_name:
        there = ", ".join(sorted(found.by_name)) or "none yet"
        raise ConfigurationError(
            f"there is no company '{name[:40]}' in the configuration (there is: {there})"
        )
    company = _company(found, _common(found, environ), name, environ)
    if company.values is None:
        raise ConfigurationError(company.problem)
    return company.values


def stamp(path: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[object, ...]:
    """Another value as soon as a file of the configuration has changed, has come or is gone."""
    file, _ = find_file(path, environ)
    places = [file, *sorted(file.glob("*.yaml"))] if file and file.is_dir() else [file]
    if folder := secrets_folder(environ):
        places += [folder, *sorted(folder.glob("*")), *sorted(folder.glob("*/*"))]
    return tuple(_state(place) for place in places if place)


def _state(path: Path) -> tuple[object, ...]:
    try:
        stat = path.stat()
    except OSError:
        return (str(path),)
    return str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns


def _accounts(path: Path | None, environ: Mapping[str, str]) -> Accounts:
    file, named_by = find_file(path, environ)
    found = settings_of(file, named_by)
    if not isinstance(found, Accounts):
        raise ConfigurationError(
            f"--company is for several companies, and {file or 'the configuration'} has the settings of one"
        )
    return found


def _common(found: Accounts, environ: Mapping[str, str]) -> BridgeSettings:
    source = found.common
    to_hide = exposure.files_to_hide(found.file, source.values, None)
    values = validated(source, environ, "")
    for place in _given(values):
        if place[0] not in _COMMON or (place[0] == "web" and place[-1] not in _ADDRESS):
            raise ConfigurationError(
                f"{'.'.join(place)} stands beside the companies, and each has its own: put it under"
                f" {ACCOUNTS}.NAME, or into the company's file"
            )
    values = values.model_copy(update={"data_dir": found.folder / values.data_dir})
    return placed(values, found.folder, to_hide)


def _company(found: Accounts, common: BridgeSettings, name: str, environ: Mapping[str, str]) -> Company:
    account = found.by_name[name]
    if account.problem:
        return Company(name, problem=account.problem)
    try:
        return Company(name, _settled(found, common, name, account, environ))
    except ConfigurationError as error:
        return Company(name, problem=_as_named_here(name, str(error)))


def _settled(
    found: Accounts, common: BridgeSettings, name: str, account: Account, environ: Mapping[str, str]
) -> BridgeSettings:
    secrets = secrets_folder(environ)
    to_hide = exposure.files_to_hide(account.file, account.source.values, secrets / name if secrets else None)
    own = validated(account.source, environ, name)
    for place in _given(own):
        if _is_common(place):
            raise ConfigurationError(
                f"{'.'.join(place)} is one for all companies: set it beside '{ACCOUNTS}', or in the folder's"
                " bridge.yaml"
            )
    whole = own.model_copy(
        update={
            "redis": _redis(common.redis, own.redis, name),
            "web": _web(common.web, own.web, name),
            "log": common.log,
            "shutdown_grace": common.shutdown_grace,
            "data_dir": found.folder / own.data_dir
            if "data_dir" in own.model_fields_set
            else common.data_dir / name,
        }
    )
    whole._company = name  # noqa: SLF001 - no setting, but whose they are
    return placed(whole, found.folder, to_hide)


def _redis(common: RedisSettings, own: RedisSettings, name: str) -> RedisSettings:
    """What all share, with a prefix of its own: the company's name, after a common prefix if there is one."""
    if "prefix" in own.model_fields_set:
        return common.model_copy(update={"prefix": own.prefix})
    begins = f"{common.prefix}-" if "prefix" in common.model_fields_set else ""
    return common.model_copy(update={"prefix": f"{begins}{name}"})


def _web(common: WebSettings, own: WebSettings, name: str) -> WebSettings:
    where = {part: getattr(common, part) for part in _ADDRESS}
    return own.model_copy(update={**where, "base_path": f"{common.base_path}{PATH}/{name}"})


def _given(values: BridgeSettings) -> list[Place]:
    """The settings that were set, as far down as it matters who may set them."""
    places: list[Place] = []
    for section in sorted(values.model_fields_set):
        group = getattr(values, section)
        if section in ("redis", "web"):
            places += [(section, part) for part in sorted(group.model_fields_set)]
        else:
            places.append((section,))
    return places


def _is_common(place: Place) -> bool:
    match place:
        case ("redis", part):
            return part != "prefix"
        case ("web", part):
            return part in _ADDRESS
    return place[0] in ("log", "shutdown_grace")


def _apart(companies: Mapping[str, Company]) -> dict[str, Company]:
    """The companies, each with nothing that is another one's; the first that names it has it."""
    taken: dict[tuple[str, str], str] = {}
    found = {}
    for name, company in companies.items():
        clash = ""
        for what, where in _own_things(company.values) if company.values else ():
            if (owner := taken.setdefault((what, where), name)) != name:
                clash = (
                    f"{what} is that of company {owner}: what is {owner}'s would be taken for {name}'s. Give"
                    f" {name} its own"
                )
        found[name] = Company(name, problem=clash) if clash else company
    return found


def _own_things(values: BridgeSettings) -> Iterable[tuple[str, str]]:
    if values.kenjo.api_key and (key := values.kenjo.api_key.get_secret_value().strip()):
        yield "kenjo.api_key", f"{values.kenjo.url} {key}"
    if values.redis.is_private:
        yield "data_dir", str(values.data_dir)
    else:
        yield "redis.prefix", values.redis.prefix


def _nobodys(found: Accounts, environ: Mapping[str, str]) -> Iterable[str]:
    """A sentence for each variable and secret file of a company that is not there."""
    begins = tuple(f"{ACCOUNTS}__{name.replace('-', '_')}__" for name in found.by_name)
    folder = secrets_folder(environ)
    names = {
        **{f"environment variable {name}": name[len(sources.PREFIX) :] for name in environ
           if name.upper().startswith(sources.PREFIX)},
        **{f"secret file {path}": path.name for path in (sorted(folder.glob("*")) if folder else ())},
    }  # fmt: skip
    for where, name in names.items():
        if name.lower().startswith(f"{ACCOUNTS}__") and not name.lower().startswith(begins):
            yield f"{where} is of no company that there is"


def _as_named_here(name: str, sentence: str) -> str:
    """A sentence about settings, whose variables and secret files have the company's name in front."""
    ours = f"{ACCOUNTS}__{name.replace('-', '_')}__"
    sentence = sentence.replace(f"as {sources.PREFIX}", f"as {sources.PREFIX}{ours.upper()}")
    return sentence.replace("as secret file ", f"as secret file {ours}")
